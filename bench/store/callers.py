"""goboard as a library: many callers in one process, each awaiting one increment after the other."""

import asyncio
import time
from collections.abc import Iterator
from itertools import cycle

import uvloop

from bench.load.driver import Course, measure
from bench.load.tally import Result, Tally
from goboard import Leaderboards
from goboard.adapters.redis import RedisBoardStore


def run_callers(course: Course, board: str, names: list[str]) -> Result:
    """Let the callers increment until the window closes."""
    tally = Tally()
    uvloop.run(_run(course, board, names, tally))
    return tally.result("callers")


async def _run(course: Course, board: str, names: list[str], tally: Tally) -> None:
    over = asyncio.Event()
    round_of_names = cycle(names)
    store = RedisBoardStore.from_url(f"redis://{course.host}:{course.port}")
    async with Leaderboards(store) as boards, asyncio.TaskGroup() as callers:
        for _ in range(course.connections):
            callers.create_task(_call(boards, board, round_of_names, tally, over))
        await measure(course, tally)
        over.set()


async def _call(boards: Leaderboards, board: str, names: Iterator[str], tally: Tally, over: asyncio.Event) -> None:
    while not over.is_set():
        since = time.perf_counter()
        entry = await boards.increment(board, next(names), 1)
        tally.answer(time.perf_counter() - since)
        tally.sample = tally.sample or repr(entry)
