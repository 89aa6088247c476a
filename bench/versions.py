"""What it costs an update that its board's version rises, with nobody watching.

The script as it is and the same without that step take turns of a tenth of a second on one store: what slows the
machine slows both, and a difference of a few per cent is not lost in that between one second and the next.
"""

import asyncio
import hashlib
import time
from importlib.resources import files
from itertools import cycle
from typing import NamedTuple

import uvloop

from bench.boards import SMALL
from bench.load.members import drawn_members
from bench.meter import Meter
from bench.redis_side import RedisSide
from bench.results import Results
from goboard import Leaderboards
from goboard.adapters.redis import RedisBoardStore, batch, scripts
from goboard.adapters.redis.scripts import WRITE, Script

CALLERS = 200
TURN_SECONDS = 0.1
WARMUP_SECONDS = 0.2
_NO_STEP = b"local function raise_version() end\n"


class Spent(NamedTuple):
    """What updates took of the clock's time and of Redis's."""

    updates: int
    seconds: float
    redis_ms: float


def without_versions() -> Script:
    """Make the script of plain boards with a step in place of version.lua that does nothing."""
    source = _NO_STEP + files(scripts).joinpath("write.lua").read_bytes()
    return Script("write", source, hashlib.sha1(source, usedforsecurity=False).hexdigest().encode())


def measure_versions(redis: RedisSide, turns: int, results: Results) -> None:
    """Let both have so many turns, and keep the two ratios."""
    redis.fill(SMALL, lambda _: None)
    try:
        risen, plain = uvloop.run(_alternate(redis, turns))
    finally:
        _put_in_place(WRITE)
    results.version_time.append(risen.seconds / risen.updates / (plain.seconds / plain.updates))
    results.version_redis.append(risen.redis_ms / risen.updates / (plain.redis_ms / plain.updates))


async def _alternate(redis: RedisSide, turns: int) -> tuple[Spent, Spent]:
    callers = _Callers(redis)
    kinds = (WRITE, without_versions())
    spent: dict[Script, list[Spent]] = {script: [] for script in kinds}
    async with callers.boards, asyncio.TaskGroup() as group:
        for _ in range(CALLERS):
            group.create_task(callers.call())
        await asyncio.sleep(WARMUP_SECONDS)
        for number in range(turns):
            for script in kinds if number % 2 else kinds[::-1]:  # by turns first: A B B A
                _put_in_place(script)
                spent[script].append(await callers.turn())
        callers.over = True
    risen, plain = (Spent(*map(sum, zip(*spent[script], strict=True))) for script in kinds)
    return risen, plain


def _put_in_place(script: Script) -> None:
    setattr(batch, "WRITE", script)  # noqa: B010 -- no attribute for all to set


class _Callers:
    def __init__(self, redis: RedisSide) -> None:
        self.boards = Leaderboards(RedisBoardStore.from_url(redis.url))
        self.over = False
        self._names = cycle(drawn_members(SMALL.members, seed=1))
        self._done = 0
        self._meter = Meter(redis.pid)

    async def call(self) -> None:
        while not self.over:
            await self.boards.increment(SMALL.name, next(self._names), 1)
            self._done += 1

    async def turn(self) -> Spent:
        """Tell what they do in a turn."""
        before = self._mark()
        await asyncio.sleep(TURN_SECONDS)
        after = self._mark()
        return Spent(after.updates - before.updates, after.seconds - before.seconds, after.redis_ms - before.redis_ms)

    def _mark(self) -> Spent:
        redis_ms = self._meter.used_ms()  # first: it waits for Redis to sleep
        return Spent(self._done, time.perf_counter(), redis_ms)
