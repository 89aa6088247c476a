"""Who is credited: every mode of authentication, role and mismatch, over every way in."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import pytest
from drivers import DRIVERS, Place, Problem
from joserfc import jwt
from joserfc.jwk import OctKey
from services import TOKEN, Service, goboard_serve

KEY = "a key for the tests, long enough for HS256"

SERVERS = {
    "static member": {},
    "static server": {"AUTH_STATIC_ROLE": "server"},
    "static reject": {"MEMBER_ID_MISMATCH": "reject"},
    "jwt": {"AUTH_MODE": "jwt", "JWT_SECRET": KEY},
    "jwt reject": {"AUTH_MODE": " JWT ", "JWT_SECRET": KEY, "MEMBER_ID_MISMATCH": "reject"},
    "noop": {"AUTH_MODE": "noop"},
}


def signed(**claims: Any) -> str:
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(KEY))


# server, token, the member named, who is credited or the problem's status and code
MATRIX = [
    ("static member", TOKEN, "admin_user", "admin_user"),
    ("static member", TOKEN, "p1", "admin_user"),
    ("static member", "wrong", "p1", (403, "auth_invalid_token")),
    ("static server", TOKEN, "p1", "p1"),
    ("static reject", TOKEN, "p1", (403, "member_forbidden")),
    ("static reject", TOKEN, "admin_user", "admin_user"),
    ("jwt", signed(user_id="p1"), "p1", "p1"),
    ("jwt", signed(user_id="p1"), "p2", "p1"),
    ("jwt", signed(user_id="p1", exp=time.time() + 3600), "p1", "p1"),
    ("jwt", signed(user_id="p1", scope="a goboard:server b"), "p2", "p2"),
    ("jwt", signed(user_id="p1", scope="goboard:servers"), "p2", "p1"),
    ("jwt", signed(user_id="p1", exp=time.time() - 1), "p1", (403, "auth_invalid_token")),
    ("jwt", signed(user_id="p1", nbf=time.time() + 3600), "p1", (403, "auth_invalid_token")),
    ("jwt", signed(user_id=""), "p1", (403, "auth_invalid_token")),
    ("jwt", signed(sub="p1"), "p1", (403, "auth_invalid_token")),
    ("jwt", "not.a.token", "p1", (403, "auth_invalid_token")),
    ("jwt reject", signed(user_id="p1"), "p2", (403, "member_forbidden")),
    ("jwt reject", signed(user_id="p1", scope="goboard:server"), "p2", "p2"),
    ("noop", "p1", "p1", "p1"),
    ("noop", "p1", "p2", "p1"),
]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Service]]:
    with contextlib.ExitStack() as running:
        yield {
            name: running.enter_context(
                goboard_serve(tmp_path_factory.mktemp("identity"), "--store", "memory", **environment)
            )
            for name, environment in SERVERS.items()
        }


@pytest.mark.parametrize("way", sorted(DRIVERS))
@pytest.mark.parametrize("case", range(len(MATRIX)))
async def test_who_is_credited(servers: dict[str, Service], board: str, way: str, case: int) -> None:
    server, token, named, expected = MATRIX[case]
    async with DRIVERS[way](servers[server], token) as driver:
        answer = await driver.increment(board, named, 1)

    if isinstance(expected, str):
        assert answer == Place(expected, 1, 1.0)
    else:
        assert isinstance(answer, Problem)
        assert (answer.status, answer.code) == expected


def test_noop_warns_at_every_start(servers: dict[str, Service]) -> None:
    assert any("noop" in line and '"level": "warning"' in line for line in servers["noop"].log)
    assert not any("noop" in line for line in servers["jwt"].log)
