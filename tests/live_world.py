"""Two hubs on one base, watchers at both, a writer beside them, and all that can happen to them."""

import asyncio
import itertools
import json
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, cast

from boards import BOARD
from live_bases import Base
from live_client import State, Watcher, state_of

from goboard.domain.errors import GoboardError, InvalidArgument, PeriodNotFound
from goboard.domain.names import ArchiveName, BoardName, MemberName
from goboard.domain.periods import Period, PeriodChoice
from goboard.domain.rules import Rules
from goboard.domain.standings import Submission
from goboard.domain.views import Sight, Version, View
from goboard.live import LiveStandings, Message, Snapshot, Watch
from goboard.ports.events import EventBus, Heard
from goboard.ports.store import BoardStore

TICK, POLL = 0.003, 0.04
PATIENCE = 10.0

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


class World:
    """What happens is a method each; times are in seconds."""

    def __init__(self, base: Base, at: float) -> None:
        self.base = base
        self.at = at
        self.seen = Seen()
        self.writer = base.store()
        self.truth = base.store()
        self.stores = [base.store() for _ in range(2)]
        self.buses = [LosingBus(base.bus()) for _ in range(2)]
        self.hubs = [self._hub(*each) for each in zip(self.stores, self.buses, strict=True)]
        self.spectators: list[Spectator] = []
        self._flying: list[Awaitable[Any]] = []
        self._archives = itertools.count()
        self._having = "all"
        self._down_for = 0

    def _hub(self, store: BoardStore, bus: LosingBus) -> LiveStandings:
        witness = cast("BoardStore", Witness(store, self.seen))  # a hub asks for nothing else
        return LiveStandings(witness, bus, lambda: self.at, tick=TICK, poll=POLL)

    async def close(self) -> None:
        for hub in self.hubs:
            await hub.close()
        for bus in self.buses:
            await bus.close()
        for store in (*self.stores, self.writer, self.truth):
            await store.close()

    async def do(self, step: Sequence[Any]) -> None:
        """Let something happen: the method's name, and what it is given."""
        name, *arguments = step
        with suppress(GoboardError):  # what could not be written has changed nothing, or all of it
            await getattr(self, name)(*arguments)
        await asyncio.sleep(0)
        self._down_for -= 1
        if self._down_for < 0:
            self._start()
        self.check()

    def check(self) -> None:
        if self.seen.faults:
            raise self.seen.faults[0]

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def leap(self, seconds: float) -> None:
        self.at += seconds

    async def add(self, *deltas: tuple[MemberName, float]) -> None:
        await self.writer.increment_many(BOARD, deltas, self.at)

    async def submit(self, *submissions: Submission) -> None:
        await self.writer.submit_many(BOARD, submissions, self.at)

    async def send(self, *submissions: Submission) -> None:
        """Submit, and do not wait until it is done."""
        self._flying += [self.writer.submit_many(BOARD, [each], self.at) for each in submissions]

    async def remove(self, member: MemberName) -> None:
        await self.writer.remove(BOARD, member, self.at)

    async def delete(self) -> None:
        await self.writer.delete(BOARD, self.at)

    async def archive(self, window: str | None) -> None:
        name = ArchiveName.parse(f"season {next(self._archives)}")
        await self.writer.archive(BOARD, name, PeriodChoice(self.at, window))

    async def rule(self, rules: Rules) -> None:
        await self.writer.set_rules(BOARD, rules, self.at, force=True)

    async def write_past(self, member: MemberName, delta: float | None) -> None:
        self.seen.foreign += 1
        if not self.base.down:
            self.base.write_past(member, delta, self.at)

    async def delete_past(self) -> None:
        self.seen.foreign += 1
        if not self.base.down:
            self.base.delete_past()

    async def lose(self, hub: int, events: int) -> None:
        self.buses[hub].losing += events

    async def cut(self) -> None:
        if not self.base.down:
            self.base.cut()

    async def copy(self) -> None:
        self.base.copy()

    async def forget(self) -> None:
        if not self.base.down:
            self.base.forget()

    async def kill(self, having: str, steps: int) -> None:
        """Be gone for so many steps; then begin anew, as `Base.start`."""
        if not self.base.down:
            self.base.kill()
            self._having, self._down_for = having, steps

    def _start(self) -> None:
        if self.base.down:
            self.base.start(self._having)

    async def come(self, hub: int, view: View) -> None:
        spectator = Spectator(self.hubs[hub], view, self.seen)
        self.spectators.append(spectator)
        await spectator.begin()

    async def go(self, which: int, hub: int) -> None:
        """Leave, and watch again, maybe at the other hub."""
        spectator = self._spectator(which)
        spectator.leave()
        spectator.hub = self.hubs[hub]
        await spectator.begin()

    async def stall(self, which: int) -> None:
        self._spectator(which).stalled = True

    async def take(self, which: int) -> None:
        """Take what is pending, and whatever comes."""
        spectator = self._spectator(which)
        spectator.stalled = False
        if spectator.watch is not None:
            spectator.take(spectator.watch)

    def _spectator(self, which: int) -> Spectator:
        if not self.spectators:
            raise InvalidArgument("there is none")
        return self.spectators[which % len(self.spectators)]

    async def rest(self) -> None:
        """Let nothing more happen: all watchers come right, and are then sent nothing more."""
        self._start()
        for bus in self.buses:
            bus.losing = 0
        await asyncio.gather(*self._flying, return_exceptions=True)
        for which in range(len(self.spectators)):
            await self.take(which)
        await self._until_right()
        before = [len(spectator.heard) for spectator in self.spectators]
        await asyncio.sleep(2.5 * POLL)
        more = [spectator.heard[heard:] for spectator, heard in zip(self.spectators, before, strict=True)]
        assert not any(more), "something is sent though nothing happens"
        await self._until_right(patience=0)

    async def _until_right(self, patience: float = PATIENCE) -> None:
        ends = time.monotonic() + patience
        for spectator in self.spectators:
            while (wrong := await self._wrong(spectator)) is not None:
                self.check()
                assert time.monotonic() < ends, wrong
                await asyncio.sleep(0.003)
        self.check()

    async def _wrong(self, spectator: Spectator) -> str | None:
        """Tell how what the watcher has differs from what the store holds."""
        if spectator.watch is None:
            await spectator.begin()
        try:
            sight = await self.truth.see(BOARD, spectator.view, self.at)
        except (InvalidArgument, PeriodNotFound) as gone:
            right = type(spectator.ended or spectator.refused) is type(gone)
            return None if right else f"{spectator.view} is no more: {gone}; the watcher has {spectator.state}"
        has = (spectator.state, spectator.period, spectator.version and spectator.version.epoch)
        right = has == (state_of(sight.entries), sight.period, sight.version.epoch)
        late = spectator.version is not None and spectator.version.number > sight.version.number
        return None if right and not late else f"{sight}; the watcher has {has}, {spectator.version}"
