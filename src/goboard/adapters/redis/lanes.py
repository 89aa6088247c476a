"""A lane a board: what is asked of one board waits there, and goes to the store batch by batch, one at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Sized
from typing import Generic, TypeVar

from goboard.domain.names import BoardName

W = TypeVar("W", bound=Sized)


class Lanes(Generic[W]):
    """The lanes of all boards. What comes first to an idle board starts its task; an idle board leaves nothing."""

    def __init__(
        self, empty: Callable[[], W], send: Callable[[BoardName, W], Awaitable[None]], refuse: Callable[[W], None]
    ) -> None:
        self._empty = empty
        self._send = send
        self._refuse = refuse
        self._lanes: dict[BoardName, W] = {}
        self._tasks: set[asyncio.Task[None]] = set()  # the loop itself holds tasks weakly

    def of(self, board: BoardName) -> W:
        """Give the board's lane, for the caller to put something there at once."""
        lane = self._lanes.get(board)
        if lane is None:
            lane = self._lanes[board] = self._empty()
            # A task's first step comes after all that is ready in this turn of the loop, so those callers join.
            task = asyncio.get_running_loop().create_task(self._drain(board, lane))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return lane

    async def close(self) -> None:
        """Refuse what waits and see out what was sent."""
        for lane in self._lanes.values():
            self._refuse(lane)
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _drain(self, board: BoardName, lane: W) -> None:
        try:
            while lane:
                await self._send(board, lane)
        finally:
            del self._lanes[board]
            self._refuse(lane)  # some are left only where the loop is shutting down
