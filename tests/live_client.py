"""A client of live standings, which knows what it is sent alone; what does not fit what it has is an error."""

import asyncio
import time
from collections.abc import Callable, Iterable

from goboard.domain.changes import Difference
from goboard.domain.errors import GoboardError
from goboard.domain.periods import Period
from goboard.domain.standings import Entry
from goboard.domain.views import Version
from goboard.live import Change, Ended, Message, Snapshot, Watch

State = dict[str, Entry]
"""What a view shows, by member: members of one rank are in no order that a client is told."""


def state_of(entries: Iterable[Entry]) -> State:
    """Give what a client has of these entries: it cannot tell no metadata from an empty one."""
    return {entry.member: entry._replace(metadata=entry.metadata or None) for entry in entries}


def applied(state: State, change: Difference) -> State:
    """Give the state to which the change leads from `state`, as a client finds it."""
    after = dict(state)
    for member in change.left:
        del after[member]
    for entry in change.entered:
        assert entry.member not in state, f"{entry} entered and was there: {state}"
        after[entry.member] = entry
    for entry, previous_rank in change.moved:
        had = state[entry.member]
        assert had.rank == previous_rank, f"{entry} moved from {previous_rank} and was at {had}"
        after[entry.member] = entry._replace(metadata=had.metadata if entry.metadata is None else entry.metadata)
    return state_of(after.values())


class Client:
    """Keeps what a watcher knows."""

    def __init__(self) -> None:
        self.state: State | None = None
        self.version: Version | None = None
        self.period: Period | None = None
        self.snapshots = 0
        self.changes = 0

    def hear(self, message: Message) -> None:
        """Take in a snapshot or a change."""
        if isinstance(message, Snapshot):
            self.snapshots += 1
            self.state = state_of(message.sight.entries)
        else:
            assert isinstance(message, Change), message
            self.changes += 1
            assert (message.since, message.sight.period) == (self.version, self.period), "it does not fit"
            assert message.sight.version.epoch == message.since.epoch, "an epoch begins with a snapshot"
            assert self.state is not None
            self.state = applied(self.state, message.difference)
        self.version, self.period = message.sight.version, message.sight.period


class Watcher(Client):
    """Takes what there is whenever it is woken, unless it is stalled."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Message] = []
        self.stalled = False
        self.wakes = 0
        self.ended: GoboardError | None = None

    def wake(self, watch: Watch) -> None:
        self.wakes += 1
        if not self.stalled:
            self.take(watch)

    def take(self, watch: Watch) -> None:
        """Take until there is nothing more."""
        while (message := watch.take()) is not None:
            self.heard.append(message)
            if isinstance(message, Ended):
                self.ended = message.error
            else:
                self.hear(message)

    @property
    def shown(self) -> dict[str, int]:
        """Each member's rank."""
        return {member: entry.rank for member, entry in (self.state or {}).items()}


async def until(condition: Callable[[], object], patience: float = 10.0) -> None:
    """Wait for the condition, which must come."""
    ends = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < ends, "it has not come"
        await asyncio.sleep(0.002)
