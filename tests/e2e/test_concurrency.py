"""Many clients at once on one board, over all ways in, from several workers."""

import asyncio
from pathlib import Path

import pytest
from drivers import DRIVERS, Place, Rest
from services import TOKEN, goboard_serve

CLIENTS = 100
INCREMENTS = 100
MEMBERS = 7


@pytest.mark.parametrize(
    ("store", "workers"),
    [("embedded", "2"), pytest.param("memory", "1", marks=pytest.mark.slow)],
)
async def test_increments_over_all_transports_sum_exactly(tmp_path: Path, store: str, workers: str) -> None:
    kinds = [DRIVERS[name] for name in sorted(DRIVERS)]

    with goboard_serve(tmp_path, "--store", store, "--workers", workers, AUTH_STATIC_ROLE="server") as service:

        async def client(number: int) -> None:
            async with kinds[number % len(kinds)](service, TOKEN) as driver:
                for step in range(INCREMENTS):
                    member = f"p{(number + step) % MEMBERS}"
                    place = await driver.increment("crowd", member, number % 3 + 0.5)
                    assert isinstance(place, Place), place
                    assert place.member == member
                    assert 1 <= place.rank <= MEMBERS

        async with asyncio.timeout(90):
            await asyncio.gather(*(client(number) for number in range(CLIENTS)))
        async with Rest(service, TOKEN) as reader:
            standings = await reader.top("crowd", 10)

    expected = [0.0] * MEMBERS
    for number in range(CLIENTS):
        for step in range(INCREMENTS):
            expected[(number + step) % MEMBERS] += number % 3 + 0.5
    assert isinstance(standings, list)
    assert {place.member: place.score for place in standings} == {f"p{i}": expected[i] for i in range(MEMBERS)}
