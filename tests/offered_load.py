"""A crowd that asks as often as it likes: updates are offered at a rate, whatever becomes of those before.

A client has so many connections or calls; while all of them wait, it has none for the next update, which is not sent.
"""

import asyncio
import time
from array import array
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from bench.load.driver import Course, connect, drain, measure
from bench.load.grpc import StreamConnection, UnaryConnection, _Stream
from bench.load.rest import Reply, RestConnection
from bench.load.tally import Tally
from bench.load.traffic import Traffic

TICK = 0.005


class Timed(Tally):
    """Counts as answered what is answered in time, and tells how long refusals took."""

    def __init__(self, in_time: float) -> None:
        super().__init__()
        self.late = 0
        self.refusals = array("d")
        self._in_time = in_time

    def answer(self, latency: float | None, updates: int = 1) -> None:
        if latency is not None and latency > self._in_time:
            self.late += 1
        else:
            super().answer(latency, updates)


class Crowd:
    """Gives what is due to whoever is free."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._free: deque[Callable[[], None]] = deque()
        self._began = time.perf_counter()
        self.offered = 0

    def offer(self, send: Callable[[], None]) -> None:
        """Note that somebody is free to send."""
        self._free.append(send)

    async def ask_on(self) -> None:
        """Ask until it is cancelled."""
        self._began = time.perf_counter()
        while True:
            due = int((time.perf_counter() - self._began) * self._rate) - self.offered
            self.offered += due
            for _ in range(min(due, len(self._free))):
                self._free.popleft()()
            await asyncio.sleep(TICK)


class CrowdedRest(RestConnection):
    """Sends a request when the crowd says so."""

    def __init__(self, tally: Timed, traffic: Traffic, crowd: Crowd) -> None:
        super().__init__(tally, traffic)
        self._timed = tally
        self._crowd = crowd

    def proceed(self) -> None:
        if self.running:
            self._crowd.offer(self._ask)
        else:
            self.finish()

    def _ask(self) -> None:
        if self.running:
            self.send(time.perf_counter())

    def _count(self, reply: Reply) -> None:
        if reply.status == b"503":
            self._timed.refusals.append(time.perf_counter() - self._since)
        super()._count(reply)


class CrowdedUnary(UnaryConnection):
    """Makes a call when the crowd says so."""

    def __init__(self, tally: Timed, traffic: Traffic, calls: int, block: bytes, crowd: Crowd) -> None:
        super().__init__(tally, traffic, calls, block)
        self._timed = tally
        self._crowd = crowd

    def _call(self) -> None:
        self._crowd.offer(self._ask)

    def _ask(self) -> None:
        if self.running:
            super()._call()
            asyncio.get_running_loop().call_soon(self.flush)  # with whatever else is due in this moment

    def _end(self, stream: int, failure: str) -> None:
        if failure:
            self._timed.refusals.append(time.perf_counter() - self._sent[stream])
        super()._end(stream, failure)


class CrowdedStream(StreamConnection):
    """Sends an update when the crowd says so."""

    def __init__(self, tally: Timed, traffic: Traffic, in_flight: int, block: bytes, crowd: Crowd) -> None:
        super().__init__(tally, traffic, 1, in_flight, block)
        self._crowd = crowd
        self._due = 0

    def _send(self, number: int, stream: _Stream, count: int) -> None:
        for _ in range(count):
            self._crowd.offer(partial(self._ask, number, stream))

    def _ask(self, number: int, stream: _Stream) -> None:
        """Send with whatever else is due in this moment, as a client does that has a queue."""
        if not self._due:
            asyncio.get_running_loop().call_soon(self._send_due, number, stream)
        self._due += 1

    def _send_due(self, number: int, stream: _Stream) -> None:
        count, self._due = self._due, 0
        if self.running:
            super()._send(number, stream, count)
            self.flush()


async def drive_crowd(course: Course, tally: Timed, crowd: Crowd, connection: Callable[[], Any]) -> None:
    """Offer updates over so many connections."""
    opened = await connect(course, connection)
    for one in opened:
        if not one.transport.is_closing():  # else it was idle for too long while others connected
            one.start()
    asking = asyncio.create_task(crowd.ask_on())
    await measure(course, tally)
    asking.cancel()
    await drain(opened)
