"""/metrics where workers die: it goes on telling of the whole service."""

import asyncio
import itertools
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from scraped import Scraped, scrape
from services import TOKEN, Service, goboard_serve, until_both_serve, workers_of
from watch_socket import opened

pytestmark = pytest.mark.faults

INCREMENTS = {
    "method": "POST",
    "route": "/api/v1/dashboards/{dashboard}/members/{member_id}/increment",
    "code": "200",
}


async def until(service: Service, condition: Callable[[Scraped], object]) -> Scraped:
    ends = time.monotonic() + 20
    while True:
        try:
            if condition(found := await asyncio.to_thread(scrape, service)):
                return found
        except httpx.TransportError:  # the worker that was asked is the one that died
            found = Scraped({}, {})
        assert time.monotonic() < ends, found
        await asyncio.sleep(0.1)


def counted(now: Scraped) -> float:
    return now.value("goboard_http_requests_total", **INCREMENTS)


def increment(service: Service, times: int) -> None:
    """Each on a connection of its own, so that both workers get some."""
    for _ in range(times):
        httpx.post(
            f"{service.api}/dashboards/b/members/ada/increment",
            json={"increment": 1},
            headers={"Authorization": f"Bearer {TOKEN}"},
        ).raise_for_status()


async def test_counters_do_not_fall_when_workers_die_and_their_gauges_do(tmp_path: Path) -> None:
    with goboard_serve(tmp_path, "--store", "embedded", "--workers", "2", AUTH_STATIC_ROLE="server") as service:
        for round_number in range(1, 3):
            victim, _ = await asyncio.to_thread(until_both_serve, service)
            async with opened(service), opened(service), opened(service), opened(service):
                await asyncio.to_thread(increment, service, 10)
                # What a worker has counted in its last second dies with it: so wait until it is written.
                before = await until(service, lambda now, sum_=10 * round_number: counted(now) == sum_)
                assert before.value("goboard_connections", transport="websocket") == 4
                assert before.value("goboard_workers") == 2
                os.kill(victim.pid, signal.SIGKILL)
                victim.wait(5)
                # The others' numbers are told up to two seconds late; once all are there, none is lost any more.
                ends = time.monotonic() + 2.5
                await until(service, lambda now: now.value("goboard_workers") == 2 and time.monotonic() > ends)  # noqa: B023 -- awaited at once
                for _ in range(10):
                    assert counted(await asyncio.to_thread(scrape, service)) == 10 * round_number
            await until(service, lambda now: not now.value("goboard_connections", transport="websocket"))
        assert len(workers_of(service)) == 2
        [folder] = metrics_folders(service)
        assert len(list(folder.iterdir())) <= 4  # two workers', those of the dead in one, and the lock
    assert not folder.exists()


def metrics_folders(service: Service) -> list[Path]:
    """Find the folder by a file of a worker's in it."""
    pids = [worker.pid for worker in workers_of(service)]
    found = itertools.chain.from_iterable(Path("/tmp").glob(f"goboard-metrics-*/{pid}-*") for pid in pids)
    return sorted({each.parent for each in found})
