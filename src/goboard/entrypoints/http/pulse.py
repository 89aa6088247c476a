"""The connections of a worker that have no end of their own: their heartbeat, by one timer, and their end at a stop."""

import asyncio
import itertools
from contextlib import suppress
from typing import Protocol

BEAT_SECONDS = 10.0
"""With the 75 s after which TCP gives unanswered data up, a dead peer is found within 90."""
STALLED_SECONDS = 60.0
"""How long a watcher may take nothing."""
GROUPS = 100
"""A hundredth of all connections have their turn at a time, so that 10,000 do not hold up the loop."""


class Beating(Protocol):
    """A connection that needs a sign of life now and then, and has to be told to end."""

    def beat(self, now: float, stalled: float) -> None:
        """Give one; give up on a peer that has taken nothing for `stalled` seconds. `now` is the loop's time."""
        ...

    def leave(self) -> None:
        """End it: the server stops."""
        ...


class Pulse:
    """Lets every connection that is added beat once in BEAT_SECONDS."""

    def __init__(self, beat: float = BEAT_SECONDS, stalled: float = STALLED_SECONDS) -> None:
        self._pause = beat / GROUPS
        self._stalled = stalled
        self._groups: list[set[Beating]] = [set() for _ in range(GROUPS)]
        self._group_of: dict[Beating, set[Beating]] = {}
        self._next = itertools.cycle(self._groups)
        self._filling = itertools.cycle(self._groups)
        self._timer: asyncio.TimerHandle | None = None
        self._open: set[Beating] = set()
        self._left = asyncio.Event()
        self._stopped = False

    def enter(self, connection: Beating) -> None:
        """Have it told when the server stops."""
        self._open.add(connection)
        if self._stopped:
            connection.leave()

    def exit(self, connection: Beating) -> None:
        """Forget it."""
        self.remove(connection)
        self._open.discard(connection)
        self._left.set()

    def add(self, connection: Beating) -> None:
        """Let it beat from now on."""
        group = self._group_of[connection] = next(self._filling)
        group.add(connection)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._pause, self._beat)

    def remove(self, connection: Beating) -> None:
        """Let it beat no more."""
        group = self._group_of.pop(connection, None)
        if group is not None:
            group.discard(connection)

    async def stop(self, seconds: float) -> None:
        """End all connections, and those that come later; wait until they have gone, for so many seconds at most."""
        self._stopped = True
        for connection in list(self._open):
            connection.leave()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._open:
                    self._left.clear()
                    await self._left.wait()

    def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._pause, self._beat) if self._group_of else None
        for connection in list(next(self._next)):
            connection.beat(loop.time(), self._stalled)
