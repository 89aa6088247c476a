"""Requests at a fixed rate, each timed from the moment it was due, so that a server that stalls cannot hide it."""

import asyncio
import ctypes
import os
import sys
import time
from collections import deque

from bench.load.driver import Course, connect, drain, measure
from bench.load.rest import RestConnection
from bench.load.tally import Tally
from bench.load.traffic import Traffic

_NANOSECONDS = 1_000_000_000


class Pacer:
    """Says when requests are due, and gives each to a connection that is free.

    The clock is Linux's timerfd: the event loops' own timers round to a millisecond, which is longer than most
    requests take. Python has it since 3.13 only, so it is called in the C library.
    """

    def __init__(self, rate: float) -> None:
        self._interval = round(_NANOSECONDS / rate)
        self._free: deque[PacedConnection] = deque()
        self._due: deque[float] = deque()
        self._next_due = 0.0
        self._timer = -1

    def start(self) -> None:
        """Begin; the first request is due one interval from now."""
        libc = ctypes.CDLL(None, use_errno=True)
        self._timer = libc.timerfd_create(time.CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        pause = divmod(self._interval, _NANOSECONDS)
        repeated_and_first = (ctypes.c_long * 4)(*pause, *pause)  # struct itimerspec
        self._next_due = time.perf_counter() + self._interval / _NANOSECONDS
        if self._timer < 0 or libc.timerfd_settime(self._timer, 0, repeated_and_first, None):
            raise OSError(ctypes.get_errno(), "no timer")
        asyncio.get_running_loop().add_reader(self._timer, self._tick)

    def stop(self) -> None:
        """Nothing is due any more, nor what was due and found no free connection."""
        asyncio.get_running_loop().remove_reader(self._timer)
        os.close(self._timer)
        self._due.clear()

    def offer(self, connection: "PacedConnection") -> None:
        """Take a connection that is free."""
        if self._due:
            connection.send(self._due.popleft())
        else:
            self._free.append(connection)

    def _tick(self) -> None:
        for _ in range(int.from_bytes(os.read(self._timer, 8), sys.byteorder)):
            self._due.append(self._next_due)
            self._next_due += self._interval / _NANOSECONDS
        while self._due and self._free:
            connection = self._free.popleft()
            if connection.running:  # else it was lost while it was free
                connection.send(self._due.popleft())


class PacedConnection(RestConnection):
    """Sends a request when the pacer says so."""

    def __init__(self, tally: Tally, traffic: Traffic, pacer: Pacer) -> None:
        super().__init__(tally, traffic)
        self._pacer = pacer

    def proceed(self) -> None:
        """Be free for the next request."""
        if self.running:
            self._pacer.offer(self)
        else:
            self.finish()


async def drive_paced(course: Course, tally: Tally, traffic: Traffic, rate: float) -> None:
    """Run an open loop of so many requests a second."""
    pacer = Pacer(rate)
    opened = await connect(course, lambda: PacedConnection(tally, traffic, pacer))
    for one in opened:
        one.start()
    pacer.start()
    await measure(course, tally)
    pacer.stop()
    await drain(opened)
