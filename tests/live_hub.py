"""A hub over a store in memory that counts what is read of it and can be away, with a clock that can be set."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from boards import AT, BOARD
from live_client import Watcher

from goboard.adapters.memory import MemoryBoardStore, MemoryEventBus
from goboard.domain.errors import StoreUnavailable
from goboard.domain.names import BoardName
from goboard.domain.views import Sight, View
from goboard.live import LiveStandings, Watch, WatchLimits
from goboard.ports.measures import UNMEASURED, LiveMeasures

TOP = View.top(3)
TICK, POLL = 0.005, 0.05
NEVER = 60.0
"""A poll for which no test waits: what is found was told by an event."""


class Clock:
    """Tells the time that it is set to."""

    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> float:
        return self.at


class ReadStore(MemoryBoardStore):
    """Counts how often views are read."""

    def __init__(self, events: MemoryEventBus) -> None:
        super().__init__(events)
        self.reads: list[View] = []
        self.away = False
        self.answers = asyncio.Event()
        """Reads wait for it."""
        self.answers.set()

    async def see(self, board: BoardName, view: View, at: float) -> Sight:
        self.reads.append(view)
        await self.answers.wait()
        if self.away:
            raise StoreUnavailable
        return await super().see(board, view, at)


class Live(NamedTuple):
    """A hub, and what it works on."""

    hub: LiveStandings
    store: ReadStore
    bus: MemoryEventBus
    clock: Clock

    async def watch(self, watcher: Watcher, view: View = TOP) -> Watch:
        """Let a watcher watch BOARD; it takes the first state unless it is stalled."""
        async with asyncio.timeout(10):
            watch = await self.hub.watch(BOARD, view, watcher.wake)
        if not watcher.stalled:
            watcher.take(watch)
        return watch

    def write_past(self, member: str, delta: float) -> None:
        """Add to a score as foreign writers do: it raises no version, and is told to nobody."""
        self.store._boards[BOARD].increment(BoardName.parse(member), delta, self.clock.at)  # type: ignore[arg-type]

    @property
    def left(self) -> tuple[int, ...]:
        """Count what the hub keeps: boards, views, identities, and who listens to events."""
        hub = self.hub
        return len(hub._boards), hub.views, len(hub._of_identity), len(self.bus._listening)


NOTHING = (0, 0, 0, 0)


@asynccontextmanager
async def live_hub(
    tick: float = TICK, poll: float = NEVER, limits: WatchLimits | None = None, measures: LiveMeasures = UNMEASURED
) -> AsyncIterator[Live]:
    """Run a hub with nobody watching."""
    clock, bus = Clock(), MemoryEventBus()
    store = ReadStore(bus)
    hub = LiveStandings(store, bus, clock, tick=tick, poll=poll, limits=limits or WatchLimits(), measures=measures)
    yield Live(hub, store, bus, clock)
    await hub.close()
