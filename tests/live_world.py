"""Two hubs on one base, watchers at both, a writer beside them, and all that can happen to them."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from typing import Any, cast

from boards import BOARD
from live_bases import Base
from live_client import state_of
from live_witness import LosingBus, Seen, Spectator, Witness

from goboard.domain.errors import GoboardError, InvalidArgument, PeriodNotFound
from goboard.domain.names import ArchiveName, MemberName
from goboard.domain.periods import PeriodChoice
from goboard.domain.rules import Rules
from goboard.domain.standings import Submission
from goboard.domain.views import View
from goboard.live import LiveStandings
from goboard.ports.store import BoardStore

TICK, POLL = 0.003, 0.04
PATIENCE = 10.0


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
