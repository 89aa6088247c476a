"""A retry whose first answer was lost: to another worker, over a hung store, after the store's restart."""

import asyncio
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from drivers import DRIVERS, Place, Problem
from servers import SERVERS, Server, start_server
from services import TOKEN, Service, goboard_serve

KEPT = ("--appendonly", "yes", "--appendfsync", "always")
LOST = {"outcome_unknown", "store_unavailable", "timeout"}


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with start_server(SERVERS["valkey"], tmp_path_factory.mktemp("redis"), *KEPT, tcp=True) as server:
        yield server


@pytest.fixture(scope="module")
def service(redis: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder: Path = tmp_path_factory.mktemp("service")
    with goboard_serve(folder, REDIS_URL=redis.url, AUTH_STATIC_ROLE="server", WORKERS="2") as running:
        yield running


async def until_answered(service: Service, kind: str, board: str, key: str) -> Place:
    """Send the update until it is answered, each time over a new connection, so that any worker may get it."""
    deadline = time.monotonic() + 20
    while True:
        async with DRIVERS[kind](service, TOKEN) as driver:
            answer = await driver.increment(board, "p1", 1, key)
        if isinstance(answer, Place):
            return answer
        assert isinstance(answer, Problem)
        assert answer.code in LOST, answer
        assert time.monotonic() < deadline, answer


async def test_any_worker_knows_the_key(service: Service) -> None:
    for kind in DRIVERS:
        answers = await asyncio.gather(*[until_answered(service, kind, f"any-{kind}", "k") for _ in range(16)])
        assert set(answers) == {Place("p1", 1, 1.0)}


async def test_what_was_sent_and_not_answered_is_settled_by_the_key(redis: Server, service: Service) -> None:
    """The store hangs with updates in its socket: they run when it goes on, after whatever has come since."""
    async with DRIVERS["rest"](service, TOKEN) as driver:
        await driver.increment("hung", "p1", 0)
        redis.pause()
        try:
            first = await asyncio.gather(*[driver.increment("hung", "p1", 1, f"k{number}") for number in range(20)])
        finally:
            redis.resume()
        assert {answer.code for answer in first if isinstance(answer, Problem)} <= LOST
        kinds = random.Random(17).choices(sorted(DRIVERS), k=20)
        answers = await asyncio.gather(
            *[until_answered(service, kind, "hung", f"k{number}") for number, kind in enumerate(kinds)]
        )
        assert sorted(answer.score for answer in answers) == [float(score) for score in range(1, 21)]
        assert await driver.increment("hung", "p1", 0) == Place("p1", 1, 20.0)


async def test_a_key_is_known_after_the_store_s_crash_and_restart(redis: Server, service: Service) -> None:
    first = [await until_answered(service, "rest", "crash", f"k{number}") for number in range(5)]
    redis.kill()
    redis.restart()
    again = [await until_answered(service, kind, "crash", f"k{n}") for n in range(5) for kind in DRIVERS]
    assert again == [answer for answer in first for _ in DRIVERS]
