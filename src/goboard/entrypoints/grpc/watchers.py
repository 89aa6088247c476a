"""The watchers of one connection: they keep it from being idle, and wait in turn for room."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

from grpclib.protocol import Connection, Stream

PING_SECONDS = 10.0
"""With the 75 s after which TCP gives up what is not acknowledged, a dead peer is found within 90."""
_PAYLOAD = bytes(8)


class Watchers:
    """What the streams that watch over one connection have in common."""

    def __init__(self, ping_seconds: float) -> None:
        self._ping_seconds = ping_seconds
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None
        self.waiting: dict[Stream, None] = {}
        """Who waits for room, the longest first."""

    @contextmanager
    def joined(self, connection: Connection) -> Iterator[None]:
        """Let the connection be kept alive: while nothing else is sent, a PING is, for a dead peer to be found."""
        self._count += 1
        if self._timer is None:
            self._beat_in(self._ping_seconds, connection)
        try:
            yield
        finally:
            self._count -= 1
            if not self._count and self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def _beat(self, connection: Connection) -> None:
        idle = time.monotonic() - max(connection.last_data_sent or 0.0, connection.last_ping_sent or 0.0)
        if idle >= self._ping_seconds:
            self._ping(connection)
            idle = 0.0
        self._beat_in(self._ping_seconds - idle, connection)

    def _beat_in(self, seconds: float, connection: Connection) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._beat, connection)

    def _ping(self, connection: Connection) -> None:
        connection.last_ping_sent = time.monotonic()
        if connection.write_ready.is_set() and not connection.is_closing():  # else TCP has enough to try with
            connection._connection.ping(_PAYLOAD)  # noqa: SLF001 -- grpclib's own pings close connections
            connection.flush()
