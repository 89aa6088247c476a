"""Secrets that can be recognised go through everything, and come out nowhere: no log, metric, trace, reply or key."""

import asyncio
import base64
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from asking import Asking
from collector import Collector, collecting
from commands import goboard
from joserfc import jwt
from joserfc.jwk import OctKey
from raw_http import RawConnection, request
from servers import Server, start_server, valkey_binary
from services import Service, goboard_serve

from goboard.entrypoints.settings import VARIABLES

pytestmark = pytest.mark.faults

LOGGING = {"LOG_LEVEL": "debug", "ACCESS_LOG": "true"}
PIECE = 16
"""Characters of a secret that nobody writes by chance."""
Canaries = dict[str, str]


def canary(name: str) -> str:
    return f"canary-{name}-{secrets.token_hex(20)}"


def pieces(value: str) -> set[str]:
    """Give everything by which a secret, or a part of it, is recognised where somebody has written it down."""
    raw = value.encode()
    forms = {value, quote(value, safe=""), raw.hex(), base64.urlsafe_b64encode(raw).decode()}
    return {form[at : at + PIECE] for form in forms for at in range(len(form) - PIECE + 1)}


def assert_unseen(canaries: Canaries, where: str, texts: list[str]) -> None:
    whole = "\n".join(texts)
    assert whole, f"nothing was gathered of the {where}"
    for name, value in canaries.items():
        for piece in pieces(value):
            at = whole.find(piece)
            assert at < 0, f"{name} is in the {where}: {whole[max(0, at - 200) : at + 200]}"


BAD_REQUESTS = [
    ("GET", "/nowhere?"),
    ("GET", "/api/v1/nowhere?secret=1&"),
    ("PATCH", "/api/v1/dashboards/b/top?"),
    ("GET", "/api/v1/dashboards/b/top?limit=x&"),
    ("GET", "/api/v1/dashboards/%7B%7D/top?"),
    ("POST", "/api/v1/dashboards/b/increments?"),
    ("GET", "/ws?"),
]
"""No such path, no such route, another method, a bad query, a bad name, no body, no upgrade."""


class Watched:
    """A server, its secrets, and all that was heard from it."""

    def __init__(self, service: Service, canaries: Canaries) -> None:
        self.service = service
        self.canaries = canaries
        self.heard: list[str] = []

    async def ask_everything(self, token: str) -> set[str]:
        """Use every operation with a token, and give the codes of the answers."""
        asking = Asking(self.service, token)
        await asking.everything()
        self.heard += asking.heard
        del asking.answers["REST", "GET /metrics"]  # which has a token of its own
        return set(asking.answers.values())

    def ask_badly(self, token: str) -> None:
        """Send what is refused for its form, with a token at every place where one may stand."""
        with httpx.Client(
            base_url=self.service.base, headers={"Authorization": f"Bearer {token}"}, verify=False
        ) as http:
            for method, path in BAD_REQUESTS:
                reply = http.request(method, f"{path}token={token}")
                assert reply.status_code >= 400
                self.heard += [str(reply.headers), reply.text]
        host, auth = b"Host: localhost", f"Authorization: {token}".encode()
        for bad in (
            request("GET", f"/api/v1/dashboards/b/top?token={token}".encode(), host, auth, b"Content-Length: x"),
            request("G T", f"/?token={token}".encode(), host),
            request("GET", f"/ws?token={token}\x00".encode(), host),
        ):
            connection = RawConnection(self.service.base)
            connection.send(bad)
            answer = connection.answer("GET")
            self.heard += [str(answer.headers), answer.body.decode()]
            connection.close()

    async def metrics(self) -> None:
        async with httpx.AsyncClient(timeout=30, verify=False) as client:
            token = self.canaries["METRICS_TOKEN"]
            reply = await client.get(f"{self.service.base}/metrics", headers={"Authorization": f"Bearer {token}"})
        assert reply.status_code == 200
        self.heard += [str(reply.headers), reply.text]

    def assert_silent(self, traced: Collector) -> None:
        assert_unseen(self.canaries, "replies", self.heard)
        assert_unseen(self.canaries, "log", self.service.log)
        assert_unseen(self.canaries, "banner", [self.service.banner])
        assert {"GET /ws", "store"} <= {span.name for span in traced.spans}
        assert_unseen(self.canaries, "traces", [body.decode("latin-1") for body in traced.bodies])


def tokens_of(mode: str, canaries: Canaries) -> tuple[list[str], list[str]]:
    """Give tokens that are good and that are not; all of them are canaries, too."""
    wrong = [canary("wrong")]
    if mode == "static":
        good = [canaries["AUTH_SECRET"], canaries["AUTH_SECRET_PREVIOUS"]]
    else:
        keys = [OctKey.import_key(canaries[name]) for name in ("JWT_SECRET", "JWT_SECRET_PREVIOUS")]
        good = [jwt.encode({"alg": "HS256"}, {"user_id": "ann", "scope": "goboard:server"}, key) for key in keys]
        wrong += [jwt.encode({"alg": "HS256"}, {"user_id": "ann", "exp": 1, "x": canary("claim")}, keys[0])]
    for number, token in enumerate([*good, *wrong]):
        # The last part of a JWT is what nobody could make up; the others say who it is for.
        canaries[f"token {number}"] = token.rpartition(".")[2]
    return good, wrong


@pytest.mark.parametrize("mode", ["static", "jwt"])
@pytest.mark.parametrize("log_format", ["json", "text"])
async def test_no_secret_comes_out_anywhere(tmp_path: Path, mode: str, log_format: str) -> None:
    canaries = {each.name: canary(each.name.lower()) for each in VARIABLES if each.secret and each.name != "REDIS_URL"}
    password = canaries["REDIS_PASS"]
    with start_server(valkey_binary(), tmp_path, tcp=True) as valkey, collecting() as traced:
        with valkey.client() as client:
            client.config_set("requirepass", password)
        valkey.url = valkey.url.replace("redis://", f"redis://:{password}@")
        settings = {**LOGGING, **canaries, "AUTH_MODE": mode, "LOG_FORMAT": log_format}
        settings |= {"AUTH_STATIC_ROLE": "server", "REDIS_ADDR": valkey.url.rpartition("@")[2], "REQUEST_TIMEOUT": "2"}
        good, wrong = tokens_of(mode, canaries)
        assert_unseen(canaries, "list of settings", [goboard(tmp_path, "check-config", **settings).out])
        settings |= {"TRACES": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": traced.url}
        with goboard_serve(tmp_path, "--store", "redis", **settings) as service:
            watched = Watched(service, canaries)
            await exercise(watched, valkey, good, wrong)
        watched.assert_silent(traced)


async def exercise(watched: Watched, valkey: Server, good: list[str], wrong: list[str]) -> None:
    for token in good:
        assert await watched.ask_everything(token) <= {"ok"}
    for token in wrong:
        assert await watched.ask_everything(token) <= {"auth_invalid_token", "ok"}
    for token in (*good, *wrong):
        await asyncio.to_thread(watched.ask_badly, token)
    assert_unseen(watched.canaries, "store", stored(valkey))
    await watched.metrics()
    valkey.kill()
    assert "store_unavailable" in await watched.ask_everything(good[0])
    await watched.ask_everything(wrong[0])
    await watched.metrics()


def stored(valkey: Server) -> list[str]:
    """Everything that is in the store, as text."""
    with valkey.client() as client:
        keys: Any = client.keys("*")
        return [repr(key) + repr(client.dump(key)) for key in keys]
