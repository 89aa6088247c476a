"""Who watches which board in this process."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from typing import NamedTuple

from goboard.domain.errors import StoreUnavailable, TooManyWatches
from goboard.domain.names import BoardName
from goboard.domain.views import View
from goboard.live.boards import WatchedBoard
from goboard.live.messages import Ended, Message
from goboard.live.watches import ShownView, Watch
from goboard.ports.events import EventBus
from goboard.ports.measures import UNMEASURED, LiveMeasures
from goboard.ports.store import BoardStore

TICK_SECONDS = 0.05
POLL_SECONDS = 1.0


class WatchLimits(NamedTuple):
    """How much may be watched at once in one process."""

    views: int = 1000
    """Different views: each is read and compared for itself. Any number of watchers may share one."""
    per_identity: int = 10_000
    """Watches of one identity, over all its connections."""


DEFAULT_LIMITS = WatchLimits()


class LiveStandings:
    """Lets views of boards be watched: every watcher ends up with what the store holds, whatever is lost on the way.

    A board is read once a `tick` (seconds) while it changes, and once a `poll` while it seems not to. `now` tells the
    time in seconds since the epoch, by which a view's period is found. Close it when all is done; the store and the
    bus are the caller's to close.
    """

    def __init__(  # noqa: PLR0913 -- what it reads from, and how it is tuned
        self,
        store: BoardStore,
        events: EventBus,
        now: Callable[[], float] = time.time,
        *,
        tick: float = TICK_SECONDS,
        poll: float = POLL_SECONDS,
        limits: WatchLimits = DEFAULT_LIMITS,
        measures: LiveMeasures = UNMEASURED,
    ) -> None:
        self._store = store
        self._events = events
        self._now = now
        self._tick = tick
        self._poll = poll
        self._limits = limits
        self._measures = measures
        self._boards: dict[BoardName, WatchedBoard] = {}
        self.views = 0
        """How many different views are watched now."""
        self.watchers = 0
        """How many watches there are now."""
        self._of_identity: Counter[str] = Counter()
        self._closed = False
        self._closing: set[asyncio.Task[None]] = set()

    async def watch(self, board: str, view: View, wake: Callable[[Watch], None], identity: str | None = None) -> Watch:
        """Begin to watch; the first state can be taken when this returns, and `wake` is called when there is another.

        `wake` is called on the event loop, with the watch, and must neither block nor raise. `identity` is whose watch
        it is, for the limit; None: nobody's.

        Raises:
            TooManyWatches: a limit is reached.
            InvalidArgument, PeriodNotFound: the board has no such window or period.
            StoreError: the board cannot be read now.
        """
        name = BoardName.parse(board)
        if self._closed:
            raise StoreUnavailable("watching has ended here; try again")
        if identity is not None and self._of_identity[identity] >= self._limits.per_identity:
            raise TooManyWatches(f"{identity!r}", self._limits.per_identity)
        shown = self._shown(name, view)
        watch = Watch(shown, wake, lambda ended: self._end(shown, ended, identity), self._measures)
        shown.watches.add(watch)
        self.watchers += 1
        if identity is not None:
            self._of_identity[identity] += 1
        try:
            await asyncio.shield(shown.first)  # others wait for it too
        except BaseException:
            watch.end()
            raise
        return watch

    async def follow(self, board: str, view: View) -> AsyncGenerator[Message, None]:
        """Watch, and give each message as it comes: a snapshot, then changes. Close the generator to watch no more.

        Who is slow to ask for the next gets the latest state in full, and not what lay between. The last one is
        `Ended`, where the view's window or period goes.

        Raises:
            TooManyWatches, InvalidArgument, PeriodNotFound, StoreError: as `watch`.
        """
        stirred = asyncio.Event()
        watch = await self.watch(board, view, lambda _: stirred.set())
        try:
            while True:
                stirred.clear()
                while (message := watch.take()) is not None:
                    yield message
                    if isinstance(message, Ended):
                        return
                await stirred.wait()
        finally:
            watch.end()

    async def close(self) -> None:
        """End all watching; nothing more is sent."""
        self._closed = True
        boards, self._boards = list(self._boards.values()), {}
        await asyncio.gather(*[board.close() for board in boards], *self._closing)

    def _shown(self, name: BoardName, view: View) -> ShownView:
        board = self._boards.get(name)
        if board is not None and view in board.views:
            return board.views[view]
        if self.views >= self._limits.views:
            raise TooManyWatches("this server", self._limits.views, "different views")
        if board is None:
            board = WatchedBoard(name, self._store, self._events, self._now, self._tick, self._poll)
            self._boards[name] = board
        self.views += 1
        return board.add(view)

    def _end(self, shown: ShownView, watch: Watch, identity: str | None) -> None:
        if watch not in shown.watches:
            return
        shown.watches.remove(watch)
        self.watchers -= 1
        if identity is not None:
            self._of_identity[identity] -= 1
            if not self._of_identity[identity]:
                del self._of_identity[identity]
        if not shown.watches:
            self.views -= 1
            self._let_go(shown)

    def _let_go(self, shown: ShownView) -> None:
        """Read a view no more that nobody watches, nor a board of which that was the last."""
        board = self._boards.get(shown.board)
        if board is None:
            return
        if board.views.get(shown.view) is shown:
            del board.views[shown.view]
        if not board.views:
            del self._boards[shown.board]
            task = asyncio.get_running_loop().create_task(board.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
