"""Callers that add 1 to boards without a pause, each update with a key and again until it is acknowledged."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from goboard import Leaderboards
from goboard.domain.errors import StoreError

PAUSE = 0.005


class Refusal(NamedTuple):
    """An answer that was none: when it came (the clock of `time.monotonic`), what it was, and how long it took."""

    at: float
    kind: str
    seconds: float


class SteadyLoad:
    """What the callers have seen."""

    def __init__(self, boards: Leaderboards, names: Sequence[str]) -> None:
        self.refusals: list[Refusal] = []
        self.acknowledged = dict.fromkeys(names, 0)
        self._boards = boards
        self._ends = False
        self._tasks = [asyncio.create_task(self._call(name)) for name in names]

    async def end(self) -> None:
        """Let each caller see its update through."""
        self._ends = True
        await asyncio.gather(*self._tasks)

    def stop(self) -> None:
        """Let no caller go on, where the test has failed."""
        for task in self._tasks:
            task.cancel()

    async def until_all_are_answered_again(self, within: float) -> None:
        """Wait until each board has one more update acknowledged than now."""
        before = dict(self.acknowledged)
        ends = time.monotonic() + within
        while any(self.acknowledged[name] == before[name] for name in before):
            assert time.monotonic() < ends, f"boards without an answer for {within} s: {self.refusals[-3:]}"
            await asyncio.sleep(0.01)

    async def scores(self) -> dict[str, float]:
        """Give what the store holds for each board."""
        return {name: (await self._boards.rank(name, "m")).score for name in self.acknowledged}

    async def _call(self, name: str) -> None:
        while not self._ends:
            await self._once(name, f"{name}/{self.acknowledged[name]}")
            self.acknowledged[name] += 1
            await asyncio.sleep(PAUSE)

    async def _once(self, name: str, key: str) -> None:
        while True:
            begun = time.monotonic()
            try:
                await self._boards.increment(name, "m", 1, key=key)
            except StoreError as error:
                now = time.monotonic()
                self.refusals.append(Refusal(now, type(error).__name__, now - begun))
                await asyncio.sleep(4 * PAUSE)
            else:
                return


@asynccontextmanager
async def steady_load(boards: Leaderboards, count: int = 20) -> AsyncIterator[SteadyLoad]:
    """Let one caller a board call, until the block ends."""
    load = SteadyLoad(boards, [f"board {number}" for number in range(count)])
    try:
        await load.until_all_are_answered_again(within=10)
        yield load
        await load.end()
    finally:
        load.stop()
