"""A board that is watched in this process: read at most once a tick, for all who watch it."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextvars import Context

from goboard.domain.errors import GoboardError, InvalidArgument, PeriodNotFound, StoreUnavailable
from goboard.domain.names import BoardName
from goboard.domain.views import Sight, View
from goboard.live.watches import ShownView
from goboard.ports.events import EventBus
from goboard.ports.store import BoardStore

MAX_SHARE = 0.25
"""How much of the time a board may be under reading: a board of a thousand views is read less often."""
SECONDS_AN_ENTRY = 5e-6
"""What reading an entry takes, in the store and here; by the clock a read also counts what else went on."""

log = logging.getLogger(__name__)


class WatchedBoard:
    """Reads a board's watched views when it has changed, and every `poll` seconds whether it seems to have or not.

    The slow poll is what the promise rests on: an event may be lost, what others than goboard write raises none, and a
    period ends by itself.
    """

    def __init__(  # noqa: PLR0913, PLR0917 -- what it reads from, and when
        self, board: BoardName, store: BoardStore, events: EventBus, now: Callable[[], float], tick: float, poll: float
    ) -> None:
        self.views: dict[View, ShownView] = {}
        self._board = board
        self._store = store
        self._now = now
        self._tick = tick
        self._poll = poll
        self._loop = asyncio.get_running_loop()
        self._changed = True
        self._new: list[ShownView] = []
        self._stirred = asyncio.Event()
        self._away = False
        self._end_listening = events.listen(board, self._heard)
        # In a context of its own: it works for all who watch, not for whoever came first.
        self._task = self._loop.create_task(self._run(), context=Context())

    def add(self, view: View) -> ShownView:
        """Watch a view that is not watched yet."""
        shown = self.views[view] = ShownView(self._board, view)
        self._new.append(shown)
        self._stirred.set()
        return shown

    async def close(self) -> None:
        """End the reading; who waits for a first state is told so."""
        self._end_listening()
        self._task.cancel()
        await asyncio.wait([self._task])
        for shown in self.views.values():
            if not shown.first.done():
                shown.end(StoreUnavailable("watching has ended; try again"))

    def _heard(self, _: int | None) -> None:
        self._changed = True
        self._stirred.set()

    async def _run(self) -> None:
        soonest = latest = self._loop.time()
        while True:
            await self._until_due(soonest, latest)
            begun, new, self._new = self._loop.time(), self._new, []
            if begun < (soonest if self._changed else latest):  # new views wait for no tick, and put none off
                await self._read(new)
                latest = max(soonest, min(latest, self._loop.time() + self._next_period(new)))
                continue
            self._changed = False
            views = list(self.views.values())
            await self._read(views)
            soonest = begun + max(self._tick, sum(shown.view.size for shown in views) * SECONDS_AN_ENTRY / MAX_SHARE)
            latest = max(soonest, min(begun + self._poll, self._loop.time() + self._next_period(views)))

    async def _until_due(self, soonest: float, latest: float) -> None:
        """Wait until there are new views, or it is time to read again."""
        while not self._new:
            self._stirred.clear()
            try:
                async with asyncio.timeout_at(soonest if self._changed else latest):
                    await self._stirred.wait()
            except TimeoutError:
                return

    async def _read(self, views: Sequence[ShownView]) -> None:
        """Read the views, and show what has changed."""
        reads = [self._store.see(self._board, shown.view, self._now()) for shown in views]
        sights = await asyncio.gather(*reads, return_exceptions=True)
        for shown, sight in zip(views, sights, strict=True):
            if isinstance(sight, Sight):
                self._away = False
                if shown.show(sight):
                    await shown.wake_all()
            elif isinstance(sight, GoboardError):
                await self._failed(shown, sight)
            else:
                log.error("unforeseen error while reading a watched board", exc_info=sight)

    async def _failed(self, shown: ShownView, error: GoboardError) -> None:
        """Let a view go that is no more, or could never be read; where the store is away it is tried again."""
        if isinstance(error, InvalidArgument | PeriodNotFound) or shown.sight is None:
            if self.views.get(shown.view) is shown:
                del self.views[shown.view]
            shown.end(error)
            await shown.wake_all()
        elif not self._away:
            self._away = True
            log.warning("a watched board cannot be read, and is tried again: %s", error)

    def _next_period(self, views: Sequence[ShownView]) -> float:
        """Tell in how many seconds the first period ends that is shown as the current one."""
        now = self._now()
        ends = (shown.sight.period.end for shown in views if shown.sight and shown.view.period is None)
        return max(0.0, min((end - now for end in ends if end > now), default=self._poll))
