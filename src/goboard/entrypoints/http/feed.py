"""What one connection watches, and how it is told: at once where the way is free, else with the latest state later."""

from collections.abc import Callable
from typing import Any, NamedTuple

from goboard.domain.errors import InvalidArgument, TooManyWatches
from goboard.domain.names import BoardName
from goboard.domain.views import View
from goboard.entrypoints.http.pulse import Pulse
from goboard.entrypoints.http.sending import Sending
from goboard.live import Ended, LiveStandings, Message, Watch


class Feeding(NamedTuple):
    """What the feeds of a worker share."""

    live: LiveStandings
    pulse: Pulse
    max_watches: int
    """The most that one connection may watch."""


class Feed:
    """The watches of one connection."""

    def __init__(  # noqa: PLR0913, PLR0917 -- whose watches they are, and how their messages go out
        self,
        feeding: Feeding,
        identity: str | None,
        sending: Sending,
        event_of: Callable[[Message], dict[str, Any]],
        heartbeat: dict[str, Any],
        give_up: Callable[[], None],
        leave: Callable[[], None],
    ) -> None:
        self._feeding = feeding
        self._identity = identity
        self._sending = sending
        self._event_of = event_of
        self._heartbeat = heartbeat
        self._give_up = give_up
        self._leave = leave
        self._watches: dict[tuple[BoardName, View], Watch] = {}
        self._open: set[Watch] = set()
        """Watches whose first message is out."""
        self._due: dict[Watch, None] = {}
        """Watches with something to take, the longest due first."""
        self._called_back = False
        """Whether the way calls back when it is free."""

    def enter(self) -> None:
        """Have the connection told when the server stops; it may be told at once."""
        self._feeding.pulse.enter(self)

    async def watch(self, board: BoardName, view: View) -> Watch:
        """Begin to watch; its messages are held back until `open`. A view that is watched already begins anew.

        Raises:
            TooManyWatches, InvalidArgument, PeriodNotFound, StoreError: as `LiveStandings.watch`.
        """
        self._drop((board, view))
        if len(self._watches) >= self._feeding.max_watches:
            raise TooManyWatches("this connection", self._feeding.max_watches)
        watch = await self._feeding.live.watch(board, view, self._wake, self._identity)
        if not self._watches:
            self._feeding.pulse.add(self)
        self._watches[board, view] = watch
        return watch

    def open(self, watch: Watch) -> None:
        """Let the watch's messages out, as its first one is."""
        self._open.add(watch)
        self._wake(watch)

    def unwatch(self, board: BoardName | None, view: View | None) -> int:
        """End the watch of a view of a board, all of a board, or all; tell how many there were.

        Raises:
            InvalidArgument: a view is named without a board.
        """
        if view is not None and board is None:
            raise InvalidArgument("missing dashboard; an unwatch that names a view names its dashboard, too")
        leaving = [key for key in self._watches if board in (None, key[0]) and view in (None, key[1])]
        for key in leaving:
            self._drop(key)
        return len(leaving)

    def beat(self, now: float, stalled: float) -> None:
        """Give a sign of life where nothing else went out; give up on a peer that has taken nothing for `stalled` s."""
        sending = self._sending
        if not sending.free:
            if now - sending.begun_at >= stalled:
                self._give_up()
        elif now - sending.begun_at >= 1:
            sending.begin(self._heartbeat)

    def leave(self) -> None:
        """End the connection: the server stops."""
        self._leave()

    def exit(self) -> None:
        """Let a server that stops wait for the connection no more."""
        self._feeding.pulse.exit(self)

    def close(self) -> None:
        """End all watches."""
        self.unwatch(None, None)

    def _wake(self, watch: Watch) -> None:
        if watch in self._open:
            self._due[watch] = None
            self._push()

    def _push(self) -> None:
        """Send what is due, as far as the way is free; a way that is not calls back once."""
        due, sending = self._due, self._sending
        while due and sending.free:
            watch = next(iter(due))
            del due[watch]
            message = watch.take()
            if message is not None:
                sending.begin(message.encoded(self._event_of))
                if isinstance(message, Ended):
                    self._drop((watch.board, watch.view))
        if due and not self._called_back:
            self._called_back = True
            sending.call_when_free(self._freed)

    def _freed(self) -> None:
        self._called_back = False
        self._push()

    def _drop(self, key: tuple[BoardName, View]) -> None:
        watch = self._watches.pop(key, None)
        if watch is None:
            return
        watch.end()
        self._open.discard(watch)
        self._due.pop(watch, None)
        if not self._watches:
            self._feeding.pulse.remove(self)
