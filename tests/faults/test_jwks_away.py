"""The server of the keys is away at the start, comes, changes its keys, and is away again."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from drivers import DRIVERS, Place, Problem
from key_server import ec_key, key_server, signed
from servers import free_port
from services import Service, goboard_serve

pytestmark = pytest.mark.faults

AWAY = Problem(
    503, "auth_keys_unavailable", "the keys that tokens are checked with cannot be read at the moment; try again"
)
Answers = dict[str, Place | Problem]


async def answers(service: Service, token: str) -> Answers:
    """What each way in says to an update of ada's."""
    found: Answers = {}
    for way, driver in DRIVERS.items():
        async with driver(service, token) as client:
            found[way] = await client.increment(way, "ada", 0)
    return found


async def until_all(service: Service, token: str, right: Callable[[Place | Problem], bool], seconds: float) -> float:
    """Wait until every way in answers rightly, and tell how long that took."""
    begun = time.monotonic()
    while not all(map(right, (found := await answers(service, token)).values())):
        assert time.monotonic() - begun < seconds, found
        await asyncio.sleep(0.2)
    return time.monotonic() - begun


def ready(service: Service) -> tuple[int, str]:
    reply = httpx.get(f"{service.base}/ready")
    return reply.status_code, "" if reply.status_code == 200 else reply.json()["code"]


def is_place(answer: Place | Problem) -> bool:
    return isinstance(answer, Place)


async def test_a_server_of_keys_that_comes_and_goes(tmp_path: Path) -> None:
    port = free_port()
    environment = {"AUTH_MODE": "jwt", "JWT_ALGORITHM": "ES256", "JWT_JWKS": f"http://localhost:{port}/keys"}
    one, two = signed(ec_key("one"), "ES256"), signed(ec_key("two"), "ES256")
    with goboard_serve(tmp_path, "--store", "memory", **environment) as service:
        assert set((await answers(service, one)).values()) == {AWAY}
        assert ready(service) == (503, "auth_keys_unavailable")
        reply = httpx.get(f"{service.api}/dashboards/b/top", headers={"Authorization": one})
        assert (reply.status_code, reply.headers["retry-after"]) == (503, "1")
        with key_server(port) as keys:
            keys.publish(ec_key("one"))
            assert await until_all(service, one, is_place, 15) < 10
            assert ready(service) == (200, "")
            keys.publish(ec_key("two"))
            await until_all(service, two, is_place, 45)
            gone = await answers(service, one)
            assert {answer.code for answer in gone.values() if isinstance(answer, Problem)} == {"auth_invalid_token"}
            assert len(gone) == 4
            assert len(keys.asked) == 2  # a new key is asked for once, however many tokens name it
        assert all(map(is_place, (await answers(service, two)).values()))
        assert ready(service) == (200, "")
        assert sum("cannot be read" in line for line in service.log) <= 4
