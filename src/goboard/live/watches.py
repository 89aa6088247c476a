"""A view that is watched, and those who watch it: what is pending for a watcher is never more than the latest state."""

import asyncio
import logging
from collections.abc import Callable

from goboard.domain.changes import Difference, difference, has_namesakes
from goboard.domain.errors import GoboardError
from goboard.domain.names import BoardName
from goboard.domain.views import Sight, Version, View
from goboard.live.messages import Change, Ended, Message, Snapshot
from goboard.ports.measures import LiveMeasures

SLICE = 250
"""Watchers that are woken in one go: so many take up to 3 ms, and then others have their turn."""


log = logging.getLogger(__name__)


class Watch:
    """One watcher of a view. It is woken when there is something to take; what it does not take in time is replaced."""

    __slots__ = ("_end", "_measures", "_shown", "_taken", "wake")

    def __init__(
        self,
        shown: "ShownView",
        wake: Callable[["Watch"], None],
        end: Callable[["Watch"], None],
        measures: LiveMeasures,
    ) -> None:
        self._shown = shown
        self._measures = measures
        self._taken: Message | None = None
        self._end = end
        self.wake = wake

    @property
    def board(self) -> BoardName:
        """The board that is watched."""
        return self._shown.board

    @property
    def view(self) -> View:
        """What of it."""
        return self._shown.view

    def take(self) -> Message | None:
        """Give what leads the watcher from what it took last to the latest state; None: it has that."""
        latest = self._shown.latest
        if latest is None or latest is self._taken:
            return None
        is_change = isinstance(latest, Change)
        follows = is_change and self._taken is self._shown.before
        if is_change and not follows and self._taken is not None:
            self._measures.conflated()
        self._taken = latest
        return latest if follows or isinstance(latest, Ended) else self._shown.snapshot()

    def resume(self, has: Callable[[Snapshot], bool]) -> bool:
        """Take the latest state as taken where the watcher has it already, as `has` tells; False: it does not."""
        if self._taken is None and self._shown.latest is not None and has(self._shown.snapshot()):
            self._taken = self._shown.latest
            return True
        return False

    def end(self) -> None:
        """Watch no more."""
        self._end(self)


class ShownView:
    """A view of a board: its latest state, the change that led there, and its watches."""

    def __init__(self, board: BoardName, view: View) -> None:
        self.board = board
        self.view = view
        self.watches: set[Watch] = set()
        self.latest: Message | None = None
        self.before: Message | None = None
        """What a watcher has taken that can go on with `latest` where that is a change."""
        self.sight: Sight | None = None
        self.first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when there is a state to take, or when there will be none."""
        self._snapshot: Snapshot | None = None

    def snapshot(self) -> Snapshot:
        """Give the latest state in full."""
        if self._snapshot is None:
            assert self.sight is not None  # noqa: S101 -- asked for by `Watch`, which has seen `latest`
            self._snapshot = Snapshot(self.board, self.view, self.sight)
        return self._snapshot

    def show(self, sight: Sight) -> bool:
        """Take in what was read; False: a watcher who has the latest state has this one too."""
        before, latest = self.sight, self.latest
        if before is not None and before.period == sight.period and before.version.epoch == sight.version.epoch:
            changed = difference(before.entries, sight.entries, self.view.own)
            if changed is None:
                return False
            self._show(sight, None if _ambiguous(before, sight) else changed, before.version)
        else:
            self._show(sight, None, sight.version)
        self.before = latest
        self.sight = sight
        if not self.first.done():
            self.first.set_result(None)
        return True

    def _show(self, sight: Sight, changed: Difference | None, since: Version) -> None:
        if changed is None:
            self.latest = self._snapshot = Snapshot(self.board, self.view, sight)
        else:
            self.latest = Change(self.board, self.view, since, sight, changed)
            self._snapshot = None

    def end(self, error: GoboardError) -> None:
        """Let there be nothing more to see."""
        self.latest = Ended(self.board, self.view, error)
        if not self.first.done():
            self.first.set_exception(error)
            self.first.exception()  # seen, also where the watcher has left

    async def wake_all(self) -> None:
        """Tell every watcher that there is something to take."""
        for count, watch in enumerate(list(self.watches), 1):
            try:
                watch.wake(watch)
            except Exception:  # one watcher's fault shall not be the others'
                log.exception("unforeseen error while waking a watcher")
            if count % SLICE == 0:
                await asyncio.sleep(0)


def _ambiguous(*sights: Sight) -> bool:
    """Tell whether a change, which names members, could be misread."""
    return any(has_namesakes(sight.entries) for sight in sights)
