"""ZINCRBY and ZREVRANK by turns, pipelined: what an update costs Redis at the least, atomic or not."""

import asyncio
import time
from collections.abc import Iterator

import uvloop

from bench.boards import PREFIX
from bench.load.connection import BrokenError, Connection
from bench.load.driver import Course, drive
from bench.load.members import batches
from bench.load.tally import Result, Tally
from bench.load.traffic import Traffic

PAIRS = 200
"""Pairs a write: what 200 callers wait for, sent at once as goboard's script call is."""
LINES = 3 * PAIRS
"""Lines that answer a write: ZINCRBY's bulk string has two, ZREVRANK's integer one."""


def run_pairs(course: Course, board: str, names: list[str], rate: float | None = None) -> Result:
    """Keep one write of pairs under way on every connection until the window closes.

    With a `rate` the connections wait between writes, so that there are so many pairs a second: a Redis that rests
    between its calls takes up to a half more CPU time for each, which is no doing of what it is asked.
    """
    interval = course.connections * PAIRS / rate if rate else 0.0
    tally = Tally()
    traffic = Traffic([b"".join(_pairs(PREFIX + board, batch)) for batch in batches(names, PAIRS)], PAIRS)
    uvloop.run(drive(course, tally, lambda: _RedisConnection(tally, traffic, interval)))
    return tally.result("pairs")


def _pairs(key: str, names: list[str]) -> Iterator[bytes]:
    for name in names:
        yield _command("ZINCRBY", key, "1", name)
        yield _command("ZREVRANK", key, name)


def _command(*words: str) -> bytes:
    return "".join([f"*{len(words)}\r\n", *(f"${len(word)}\r\n{word}\r\n" for word in words)]).encode()


class _RedisConnection(Connection):
    """Sends the next write when the last is answered."""

    def __init__(self, tally: Tally, traffic: Traffic, interval: float) -> None:
        super().__init__(tally)
        self._traffic = traffic
        self._interval = interval
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time()
        self._lines_due = 0
        self._since = 0.0
        self.ready.set_result(None)

    @property
    def in_flight(self) -> int:
        return PAIRS if self._lines_due else 0

    def start(self) -> None:
        self.running = True
        self._send()

    def data_received(self, data: bytes) -> None:
        if b"-" in data:  # no score and no rank is negative: it is an error, or a nil
            raise BrokenError(f"Redis answered {data[:200]!r}")
        self._lines_due -= data.count(b"\n")  # no parser: it would cost more than Redis's own work
        if not self._lines_due:
            self.tally.answer(time.perf_counter() - self._since, PAIRS)
            self.tally.sample = self.tally.sample or data[:40].decode()
            self._proceed()

    def _proceed(self) -> None:
        self._due += self._interval
        if not self.running:
            self.finish()
        elif self._due > self._loop.time():
            self._loop.call_at(self._due, self._send_on)
        else:
            self._send()

    def _send_on(self) -> None:
        if self.running:
            self._send()
        else:
            self.finish()

    def _send(self) -> None:
        self._lines_due = LINES
        self._since = time.perf_counter()
        self.transport.write(self._traffic.next())
