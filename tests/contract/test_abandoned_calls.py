"""Thousands of callers of a store on Redis give up: each that stays hears its own answer, and nothing is left."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import NamedTuple, TypeVar
from urllib.parse import urlsplit

import pytest
from boards import AT, NOW, m
from drivers import Place
from moody_proxy import moody_proxy
from servers import SERVERS, start_server
from sole_writer import SoleWriter

from goboard.adapters.redis import RedisBoardStore
from goboard.domain.errors import UpdateRefused
from goboard.domain.names import BoardName
from goboard.domain.standings import Entry

Answer = TypeVar("Answer")
CALLERS, CALLS, MOST_OPEN = 60, 30, 8
BOARDS = [BoardName.parse(name) for name in ("one", "two", "three")]
PATIENCE = (0.0, 0.0005, 0.002, 0.01, 1.4)
"""Seconds."""


@pytest.fixture(params=SERVERS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[RedisBoardStore]:
    """A store behind a proxy that lets it wait at times."""
    with start_server(SERVERS[request.param], tmp_path, tcp=True) as server:
        port = urlsplit(server.url).port
        assert port
        with moody_proxy(port, stalls=False) as proxy:
            proxy.calm = False
            opened = RedisBoardStore.from_url(f"redis://127.0.0.1:{proxy.port}")
            yield opened
            async with asyncio.timeout(5):  # it waits for every connection that is lent
                await opened.close()


class Caller(NamedTuple):
    """Who calls again and again, for a member of its own, and gives up most of it."""

    store: RedisBoardStore
    board: BoardName
    member: SoleWriter
    rng: random.Random

    async def call(self) -> None:
        for _ in range(CALLS):
            await self.rng.choice([self.increment, self.increment_many, self.rank, self.around])()
            if len(self.member.open) > MOST_OPEN:
                await self.settle()
        await self.settle()

    async def increment(self) -> None:
        amount = self.member.amount()
        entry = await self._answer(self.store.increment(self.board, m(self.member.name), amount, AT))
        if entry is None:
            self.member.open.append(amount)
        else:
            self.hear(entry, amount)

    async def increment_many(self) -> None:
        amounts = [self.member.amount() for _ in range(3)]
        deltas = [(m(self.member.name), amount) for amount in amounts]
        entries = await self._answer(self.store.increment_many(self.board, deltas, AT))
        if entries is None:
            self.member.open += amounts
            return
        for entry, amount in zip(entries, amounts, strict=True):
            self.hear(entry, amount)

    async def rank(self) -> None:
        entry = await self._answer(self.store.rank(self.board, m(self.member.name), NOW))
        if entry is not None:
            self.hear(entry)

    async def around(self) -> None:
        name = m(self.member.name)
        for entry in await self._answer(self.store.around(self.board, name, 0, 0, NOW, metadata=False)) or ():
            self.hear(entry)

    async def settle(self) -> None:
        entry = await self.store.rank(self.board, m(self.member.name), NOW)
        if entry is not None:
            self.hear(entry)

    def hear(self, entry: Entry | UpdateRefused, amount: float = 0.0) -> None:
        assert isinstance(entry, Entry)
        self.member.answered(Place(entry.member, entry.rank, entry.score), amount)

    async def _answer(self, answer: Awaitable[Answer]) -> Answer | None:
        """Wait for the answer, but not for long; None: it was given up."""
        try:
            async with asyncio.timeout(self.rng.choice(PATIENCE)):
                return await answer
        except TimeoutError:
            return None


async def test_whoever_stays_hears_its_own_answer_and_nothing_is_left(store: RedisBoardStore) -> None:
    rng, alone = random.Random(11), asyncio.all_tasks()
    callers = [Caller(store, BOARDS[number % len(BOARDS)], SoleWriter(rng), rng) for number in range(CALLERS)]
    async with asyncio.timeout(20):
        await asyncio.gather(*[caller.call() for caller in callers])
        while asyncio.all_tasks() != alone:  # noqa: ASYNC110 -- a lane's task ends with the next turns of the loop
            await asyncio.sleep(0)
