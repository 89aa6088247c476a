"""What the server and Redis do and take in the measured window."""

import time
from typing import NamedTuple

from bench.processes import Family
from bench.redis_side import RedisAccount

READ = "hmget"
"""Nothing else has Redis call it: a view is read with the board's version beside it."""


class Taken(NamedTuple):
    """Shares are of one core."""

    server_share: float
    redis_share: float
    reads: float
    """Views that were read a second."""


class _Mark(NamedTuple):
    time: float
    server_cpu: float
    redis_cpu: float
    reads: int


class Account:
    """Opened at the window's begin, closed at its end."""

    def __init__(self, server_pid: int, redis_port: int) -> None:
        self._server = Family(server_pid)
        self._redis = RedisAccount(redis_port)
        self._opened = self._mark()

    def open(self) -> None:
        """Begin."""
        self._opened = self._mark()

    def close(self) -> Taken:
        """Tell what was done and taken since."""
        before, after = self._opened, self._mark()
        self._redis.close()
        seconds = after.time - before.time
        return Taken(
            (after.server_cpu - before.server_cpu) / seconds,
            (after.redis_cpu - before.redis_cpu) / seconds,
            (after.reads - before.reads) / seconds,
        )

    def _mark(self) -> _Mark:
        spent = self._redis.spent()
        return _Mark(time.perf_counter(), self._server.cpu_seconds(), spent.cpu_seconds, spent.of(READ))
