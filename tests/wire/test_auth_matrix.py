"""Who may do what: transport x mode x role x operation, each combination with its one right answer."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import operations
import pytest
from asking import Asking
from asyncapi_document import FROM_CLIENTS
from grpc_reflect import methods_of
from joserfc import jwt
from joserfc.jwk import OctKey
from operations import OPEN, PLACE, READ, SERVER, WRITE, Kind
from services import TOKEN, Service, goboard_serve

SECRET, LAST_SECRET = "a key for the tests, long enough for HS256", "the key before it, long enough for HS256"
LAST_TOKEN = "the-token-before-it"


def token(secret: str = SECRET, **claims: Any) -> str:
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(secret))


ANN = {
    "none": "",
    "bad": token(LAST_TOKEN * 3, user_id="ann"),
    "expired": token(user_id="ann", exp=int(time.time()) - 1),
    "member": token(user_id="ann"),
    "member, last key": token(LAST_SECRET, user_id="ann"),
    "other": token(user_id="bob"),
    "server": token(user_id="ann", scope="goboard:server"),
}
JWT = {"AUTH_MODE": "jwt", "JWT_SECRET": SECRET, "JWT_SECRET_PREVIOUS": LAST_SECRET}
STATIC = {"AUTH_SECRET_PREVIOUS": LAST_TOKEN}
NOOP = {"none": "", "bad": "x" * 257, "member": "ann", "other": "bob"}


class Mode(NamedTuple):
    """A server's settings, and the tokens of the roles that there are."""

    settings: dict[str, str]
    tokens: dict[str, str]
    public: bool = False
    rejects: bool = False


MODES = {
    # The static token is admin_user's, and the operations name ann: its bearer is somebody else.
    "static member": Mode(STATIC, {"none": "", "bad": "x", "other": TOKEN, "other, last token": LAST_TOKEN}),
    "static server": Mode(
        {**STATIC, "AUTH_STATIC_ROLE": "server"}, {"none": "", "bad": "x", "server": TOKEN, "server, last": LAST_TOKEN}
    ),
    "jwt": Mode(JWT, ANN),
    "jwt, public and rejecting": Mode(
        {**JWT, "PUBLIC_READ": "true", "MEMBER_ID_MISMATCH": "reject"}, ANN, public=True, rejects=True
    ),
    "noop": Mode({"AUTH_MODE": "noop"}, NOOP),
}


def expected(mode: Mode, role: str, kind: Kind) -> str:
    """The whole of the rules."""
    who = role.partition(",")[0]
    if kind is OPEN:
        return "ok"
    if who == "none":
        return "ok" if mode.public and kind in {READ, PLACE} else "auth_missing_token"
    if who in {"bad", "expired"}:
        return "auth_invalid_token"
    if kind is SERVER:
        return "ok" if who == "server" else "role_required"
    if who == "other" and mode.rejects and kind in {WRITE, PLACE}:
        return "member_forbidden"
    return "ok"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Service]]:
    def started(name: str) -> Service:
        folder: Path = tmp_path_factory.mktemp("matrix")
        return running.enter_context(goboard_serve(folder, "--store", "memory", **MODES[name].settings))

    with ExitStack() as running, ThreadPoolExecutor(len(MODES)) as pool:
        yield dict(zip(MODES, pool.map(started, MODES), strict=True))


@pytest.mark.parametrize(("name", "role"), [(name, role) for name, mode in MODES.items() for role in mode.tokens])
async def test_every_operation_has_its_one_right_answer(servers: dict[str, Service], name: str, role: str) -> None:
    mode = MODES[name]
    asking = Asking(servers[name], mode.tokens[role])
    await asking.everything()
    assert len(asking.answers) > 50
    assert asking.answers == {asked: expected(mode, role, kind) for asked, kind in asking.kinds.items()}


def test_every_route_has_a_row(servers: dict[str, Service]) -> None:
    paths = httpx.get(f"{servers['noop'].base}/schema/openapi.json").json()["paths"]
    offered = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert offered == {*operations.REST, operations.STREAM}


def test_every_rpc_has_a_row(servers: dict[str, Service]) -> None:
    offered = methods_of(servers["noop"].grpc)
    assert {"dashboard.DashboardService": [*operations.GRPC], **operations.OPEN_SERVICES} == offered


def test_every_kind_of_message_has_a_row() -> None:
    assert {*operations.SOCKET, *operations.SILENT} == FROM_CLIENTS
