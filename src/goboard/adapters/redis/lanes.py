"""A lane a board: what is asked of one board waits there, and goes to the store batch by batch, one at a time."""

import asyncio
from asyncio import Future
from collections.abc import Awaitable, Callable, Sized
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from goboard.domain.names import BoardName
from goboard.ports.spans import StoreSpans

MAX_WAITING = 50_000
"""Calls that may wait for a board, those of one update each: about as many as are answered within a second."""
MAX_LISTS = 500
"""The same, where each is up to 1,000 updates."""

W = TypeVar("W", bound=Sized)


class Loop(Protocol):
    """What those who wait need of their event loop."""

    def create_future(self) -> Future[Any]:
        """Make what a caller waits for."""
        ...

    def time(self) -> float:
        """Tell the time of the loop's clock."""
        ...


class _Followed:
    """A loop of which is told what callers wait for. It stands in the loop's place only where traces are wanted."""

    def __init__(self, loop: asyncio.AbstractEventLoop, spans: StoreSpans) -> None:
        self._create_future = loop.create_future
        self._spans = spans
        self.time = loop.time

    def create_future(self) -> Future[Any]:
        future = self._create_future()
        self._spans.asked(future)
        return future


class Lane(NamedTuple, Generic[W]):
    """What waits for one board, and the loop on which it does.

    Up to Python 3.11 asking for the running loop is a system call (getpid), which took 9 % of a loaded worker's time.
    """

    waiting: W
    loop: Loop


class Lanes(Generic[W]):
    """The lanes of all boards. What comes first to an idle board starts its task; an idle board leaves nothing."""

    def __init__(
        self,
        empty: Callable[[], W],
        send: Callable[[BoardName, W], Awaitable[None]],
        refuse: Callable[[W], None],
        spans: StoreSpans | None = None,
    ) -> None:
        self._empty = empty
        self._send = send
        self._refuse = refuse
        self._spans = spans
        self._lanes: dict[BoardName, Lane[W]] = {}
        self._tasks: set[asyncio.Task[None]] = set()  # the loop itself holds tasks weakly

    def of(self, board: BoardName) -> Lane[W]:
        """Give the board's lane, for the caller to put something there at once."""
        return self._lanes.get(board) or self._open(board)

    async def close(self) -> None:
        """Refuse what waits and see out what was sent."""
        for lane in self._lanes.values():
            self._refuse(lane.waiting)
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _open(self, board: BoardName) -> Lane[W]:
        loop = asyncio.get_running_loop()
        lane = Lane(self._empty(), loop if self._spans is None else _Followed(loop, self._spans))
        self._lanes[board] = lane
        # A task's first step comes after all that is ready in this turn of the loop, so those callers join.
        task = loop.create_task(self._drain(board, lane.waiting))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return lane

    async def _drain(self, board: BoardName, waiting: W) -> None:
        try:
            while waiting:
                await self._send(board, waiting)
        finally:
            del self._lanes[board]
            self._refuse(waiting)  # some are left only where the loop is shutting down
