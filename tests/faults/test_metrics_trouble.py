"""/metrics in trouble: a watcher that falls behind, and a store that is away."""

import asyncio
import random
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from scraped import Scraped, scrape
from servers import Server, start_server, valkey_binary
from services import TOKEN, Service, goboard_serve
from watch_socket import WatchSocket, opened

pytestmark = pytest.mark.faults

PATIENCE = 30.0
CONFLATIONS = "goboard_watch_conflations_total"
ERRORS = "goboard_store_errors_total"
KINDS = {"store_unavailable": "unavailable", "outcome_unknown": "outcome_unknown"}
"""What callers are told, and what is counted."""


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Server]:
    with start_server(valkey_binary(), tmp_path) as server:
        yield server


@pytest.fixture
def service(tmp_path: Path, valkey: Server) -> Iterator[Service]:
    with goboard_serve(tmp_path, REDIS_URL=valkey.url, AUTH_STATIC_ROLE="server", LIVE_TICK_MS="10") as running:
        yield running


def until(service: Service, condition: Callable[[Scraped], object]) -> Scraped:
    ends = time.monotonic() + PATIENCE
    while not condition(found := scrape(service)):
        assert time.monotonic() < ends, found
        time.sleep(0.1)
    return found


async def play(player: WatchSocket) -> None:
    """Change more of a board at once than a socket with a small buffer takes."""
    names = [f"{'a member with a long name ' * 4}{number}" for number in range(100)]
    await player.ask([{"dashboard": "b", "member_id": name, "increment": random.random()} for name in names])


async def catch_up(watcher: WatchSocket) -> None:
    while True:
        try:
            async with asyncio.timeout(0.1):
                await watcher.next()
        except TimeoutError:
            return


async def test_a_watcher_that_falls_behind_is_counted_when_it_is_given_the_latest_state(service: Service) -> None:
    with socket.socket() as narrow:
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        narrow.connect(("127.0.0.1", int(service.base.rpartition(":")[2])))
        async with opened(service) as player, opened(service, sock=narrow, max_queue=1) as watcher:
            await watcher.watch("b", top=100)
            assert scrape(service).value(CONFLATIONS) == 0
            ends = time.monotonic() + PATIENCE
            while not (await asyncio.to_thread(scrape, service)).value(CONFLATIONS):
                assert time.monotonic() < ends
                for _ in range(30):
                    await play(player)
                await catch_up(watcher)


def test_a_store_that_is_away_is_counted_by_what_callers_were_told(service: Service, valkey: Server) -> None:
    def ask() -> str:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        reply = httpx.post(f"{service.api}/dashboards/b/members/ada/increment", json={"increment": 1}, headers=headers)
        return str(reply.json().get("code"))

    assert ask() == "None"
    assert {scrape(service).value(ERRORS, kind=kind) for kind in KINDS.values()} == {0}
    valkey.pause()
    told = [ask()]
    valkey.kill()
    told += [ask() for _ in range(3)]
    expected = {kind: told.count(code) for code, kind in KINDS.items()}
    assert sum(expected.values()) == len(told)
    assert expected["unavailable"] >= 3
    until(service, lambda now: {kind: now.value(ERRORS, kind=kind) for kind in expected} == expected)
