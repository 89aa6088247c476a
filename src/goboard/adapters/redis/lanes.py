"""A lane a board: what is asked of one board waits there, and goes to the store batch by batch, one at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Sized
from typing import Generic, NamedTuple, TypeVar

from goboard.domain.names import BoardName

W = TypeVar("W", bound=Sized)


class Lane(NamedTuple, Generic[W]):
    """What waits for one board, and the loop on which it does.

    Up to Python 3.11 asking for the running loop is a system call (getpid), which took 9 % of a loaded worker's time.
    """

    waiting: W
    loop: asyncio.AbstractEventLoop


class Lanes(Generic[W]):
    """The lanes of all boards. What comes first to an idle board starts its task; an idle board leaves nothing."""

    def __init__(
        self, empty: Callable[[], W], send: Callable[[BoardName, W], Awaitable[None]], refuse: Callable[[W], None]
    ) -> None:
        self._empty = empty
        self._send = send
        self._refuse = refuse
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
        lane = self._lanes[board] = Lane(self._empty(), asyncio.get_running_loop())
        # A task's first step comes after all that is ready in this turn of the loop, so those callers join.
        task = lane.loop.create_task(self._drain(board, lane.waiting))
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
