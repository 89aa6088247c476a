"""What hubs see of the board, and watchers that hold what they are sent against it."""

import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from boards import BOARD
from live_client import State, Watcher, state_of

from goboard.domain.errors import GoboardError
from goboard.domain.names import BoardName
from goboard.domain.periods import Period
from goboard.domain.views import Sight, Version, View
from goboard.live import LiveStandings, Message, Snapshot, Watch
from goboard.ports.events import EventBus, Heard
from goboard.ports.store import BoardStore

Shown = tuple[tuple[Any, ...], ...]
"""A state that can be kept in sets."""


def shown(state: State) -> Shown:
    return tuple(sorted((*entry[:3], json.dumps(entry.metadata)) for entry in state.values()))


class Seen:
    """All that the hubs saw of the board, and what was wrong: hubs log what is raised within them, and go on."""

    def __init__(self) -> None:
        self.faults: list[AssertionError] = []
        self.foreign = 0
        """How often others than goboard have written."""
        self._states: dict[tuple[View, Period, Version], set[Shown]] = defaultdict(set)
        self._of_version: dict[tuple[View, Period, Version, int], Shown] = {}

    def note(self, view: View, sight: Sight, foreign: int) -> None:
        """Keep what was seen; when it was asked for, others had written `foreign` times."""
        state = shown(state_of(sight.entries))
        self._states[view, sight.period, sight.version].add(state)
        if foreign == self.foreign:
            first = self._of_version.setdefault((view, sight.period, sight.version, foreign), state)
            if first != state:
                self.faults.append(AssertionError(f"{sight.version} of {view} was seen as {first} and as {state}"))

    def has(self, view: View, period: Period, version: Version, state: State) -> bool:
        """Tell whether it was ever so."""
        return shown(state) in self._states[view, period, version]


class Witness:
    """The store as a hub reads it: what it sees is noted."""

    def __init__(self, store: BoardStore, seen: Seen) -> None:
        self._store = store
        self._seen = seen

    async def see(self, board: BoardName, view: View, at: float) -> Sight:
        foreign = self._seen.foreign
        sight = await self._store.see(board, view, at)
        self._seen.note(view, sight, foreign)
        return sight


class LosingBus:
    """A bus of which the next `losing` events do not arrive."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus
        self.losing = 0

    def listen(self, board: BoardName, heard: Heard) -> Callable[[], None]:
        def pass_on(number: int | None) -> None:
            if self.losing:
                self.losing -= 1
            else:
                heard(number)

        return self._bus.listen(board, pass_on)

    async def publish(self, board: BoardName, number: int) -> None:
        await self._bus.publish(board, number)

    async def close(self) -> None:
        await self._bus.close()


class Spectator(Watcher):
    """Watches a view at one hub or the other, and holds what it is sent against what was ever seen there."""

    def __init__(self, hub: LiveStandings, view: View, seen: Seen) -> None:
        super().__init__()
        self.hub = hub
        self.view = view
        self.seen = seen
        self.watch: Watch | None = None
        self.refused: GoboardError | None = None

    async def begin(self) -> None:
        """Watch, from what is known already where that is the latest; `refused` says why it is not possible."""
        self.refused = self.ended = None
        try:
            self.watch = await self.hub.watch(BOARD, self.view, self.wake)
        except GoboardError as refused:
            self.refused = refused
            return
        self.watch.resume(self._has)
        self.wake(self.watch)

    def leave(self) -> None:
        if self.watch is not None:
            self.watch.end()
            self.watch = None

    def wake(self, watch: Watch) -> None:
        if watch is self.watch and not self.stalled:
            self.take(watch)

    def take(self, watch: Watch) -> None:
        try:
            super().take(watch)
        except AssertionError as fault:
            self.seen.faults.append(fault)
        if self.ended is not None:
            self.leave()

    def hear(self, message: Message) -> None:
        super().hear(message)
        assert self.state is not None
        assert self.period is not None
        assert self.version is not None
        assert self.seen.has(self.view, self.period, self.version, self.state), f"never seen: {self.state}"

    def _has(self, snapshot: Snapshot) -> bool:
        sight = snapshot.sight
        return (sight.version, sight.period, state_of(sight.entries)) == (self.version, self.period, self.state)
