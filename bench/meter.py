"""What each call of the library takes of the server's one thread, by the kernel's account."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from goboard.adapters.redis.connection import Connections, Link
from goboard.adapters.redis.failures import Lost
from goboard.adapters.redis.server import Server


class Meter:
    """Measures one call after the other; two at once would be taken for each other.

    It is CPU time: by the clock, the longest call would be the one during which another process had the core. What the
    server leaves to another thread, as it does to free memory, holds nobody up and is left out.
    """

    def __init__(self, pid: int) -> None:
        self._process = Path("/proc") / str(pid)
        self.longest_ms = 0.0

    def used_ms(self) -> float:
        """Tell what the server's first thread, the one that runs commands, has used so far."""
        while not self._sleeps():  # the account of a thread that runs is behind by up to 4 ms
            pass
        return int((self._process / "schedstat").read_text().split()[0]) / 1e6

    def note(self, milliseconds: float) -> None:
        """Take in what a call took."""
        self.longest_ms = max(self.longest_ms, milliseconds)

    def _sleeps(self) -> bool:
        return (self._process / "stat").read_text().rpartition(")")[2].split()[0] == "S"


class MeteredConnections(Connections):
    """Connections of a store whose calls come one after the other."""

    meter: Meter

    @asynccontextmanager
    async def lease(self, at: str | Server, *, board: str, lost: Lost) -> AsyncIterator[Link]:
        """Lend a connection that measures what is called."""
        async with super().lease(at, board=board, lost=lost) as link:
            yield _MeteredLink(link, self.meter)


class _MeteredLink(Link):
    def __init__(self, link: Link, meter: Meter) -> None:
        vars(self).update(vars(link))  # it is the same link, to a server that never changes
        self._meter = meter

    async def call(self, *command: str | bytes | int) -> Any:
        before = self._meter.used_ms()
        answer = await super().call(*command)
        self._meter.note(self._meter.used_ms() - before)
        return answer
