"""The course of a run: connect, warm up, measure, drain."""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from bench.load.connection import Connection
from bench.load.tally import Tally

READY_SECONDS = 10
DRAIN_SECONDS = 5

AnyConnection = TypeVar("AnyConnection", bound=Connection)


class Course(NamedTuple):
    """How many connections, where to, and for how long."""

    host: str
    port: int
    connections: int
    warmup: float
    seconds: float


async def drive(course: Course, tally: Tally, connection: Callable[[], Connection]) -> None:
    """Run a closed loop on so many connections."""
    opened = await connect(course, connection)
    for one in opened:
        one.start()
    await measure(course, tally)
    await drain(opened)


async def connect(course: Course, connection: Callable[[], AnyConnection]) -> list[AnyConnection]:
    """Open all connections, and wait until each of them may send."""
    loop = asyncio.get_running_loop()
    opened = []
    for _ in range(course.connections):  # one after the other: none is refused for a full backlog
        _, one = await loop.create_connection(connection, course.host, course.port)
        opened.append(one)
    async with asyncio.timeout(READY_SECONDS):
        await asyncio.gather(*(one.ready for one in opened))
    return opened


async def measure(course: Course, tally: Tally) -> None:
    """Let the warm-up pass, then the window."""
    await asyncio.sleep(course.warmup)
    tally.open_window()
    await asyncio.sleep(course.seconds)
    tally.close_window()


async def drain(connections: Sequence[Connection]) -> None:
    """Send nothing more, wait for what is in flight, and count what does not come as failed."""
    for one in connections:
        one.stop()
    await asyncio.wait([one.drained for one in connections], timeout=DRAIN_SECONDS)
    for one in connections:
        one.give_up(f"not answered within {DRAIN_SECONDS} s of the end")
        one.transport.close()
