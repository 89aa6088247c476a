"""Watchers of a board, and updates at a fixed rate: how old is what a watcher is shown?

The last update of each array is one of a clock: a member whose score is the time at which the array was sent. So every
message tells by itself how new it is, whichever server it comes from.
"""

import asyncio
import json
import time
from argparse import Namespace
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import count, cycle, islice

import uvloop

from bench.load.account import Account, Taken
from bench.load.connection import Receiver
from bench.load.driver import Course, connect, drain
from bench.load.members import drawn_members, member_name
from bench.load.standings import CLOCK, Reader, State
from bench.load.tally import Live, Result, Tally
from bench.load.websocket import Socket, text_frame, upgrade_request

WRITERS = 4
"""Connections over which the updates come, by turns."""
PAUSE_SECONDS = 0.005
"""Between two arrays."""
MOST = 200
"""Updates an array: after a pause that was too long there are several."""
LAST_SECONDS = 5.0
"""How long after the last update all must have been shown it."""

_PING = b'{"op":"ping"}'


class Audience:
    """All watchers of a run, and what they were sent."""

    def __init__(self) -> None:
        self.newest = Tally()
        """Counts messages, by how old the newest update is that each shows."""
        self.oldest = Tally()
        """The same by the oldest that each brings: all that came after what was shown before."""
        self.conflated = 0
        self.reader = Reader()

    def result(self, updates: Tally, taken: Taken) -> Result:
        """Sum up a run."""
        result = self.newest.result("live")
        conflated = self.conflated / max(1, self.newest.answered)
        live = Live(self.oldest.result("live").p99_us, conflated, *taken)
        failed = updates.sample if updates.errors else result.sample
        return result._replace(
            answered=updates.answered, errors=result.errors + updates.errors, sample=failed, live=live
        )


class Watcher(Receiver, Socket):
    """Watches one view, and holds each message against the one before."""

    def __init__(self, audience: Audience, upgrade: bytes, request: bytes) -> None:
        super().__init__(audience.newest, upgrade)
        self._audience = audience
        self._request = request
        self._state: State | None = None
        self.newest: float | None = None
        """When the newest update that was shown was sent, where the view shows it."""

    def opened(self) -> None:
        """Ask to watch; the first snapshot makes it ready."""
        self.transport.write(self._request)

    def text_came(self, payload: bytes) -> None:
        """Take a message; a change that does not go on from what this watcher has was counted wrong by the server."""
        if payload == _PING:
            return
        told = self._audience.reader.read(payload)
        if self.ready.done():
            if told.since is None:
                self._audience.conflated += 1
            elif told.since != self._state:
                self.tally.fail(f"a change since {told.since} came to {self._state}")
            self._count(told.newest)
        else:
            self.ready.set_result(None)
        self._state = told.state
        self.newest = told.newest or self.newest

    def _count(self, newest: float | None) -> None:
        now = time.perf_counter()
        self.tally.answer(None if newest is None else now - newest)
        if newest is not None and self.newest is not None:
            self._audience.oldest.answer(now - self.newest)


class Writer(Socket):
    """Sends arrays of updates, each with one of its clock."""

    def __init__(self, tally: Tally, upgrade: bytes, board: str, clock: str) -> None:
        super().__init__(tally, upgrade)
        self._form = f'{{"dashboard":{json.dumps(board)},"member_id":"%s","increment":%d}}'
        self._clock = clock
        self._sizes: deque[int] = deque()
        self.clock_us = 0
        """The clock's score."""

    @property
    def in_flight(self) -> int:
        """The updates not answered."""
        return sum(self._sizes)

    def opened(self) -> None:
        """Ask how the clock stands, which an earlier run may have left; the reply makes it ready."""
        self._send([(self._clock, 0)])

    def send(self, names: Sequence[str]) -> None:
        """Increment the members, and put the clock on."""
        now = round(time.perf_counter() * 1e6)
        self._send([*((name, 1) for name in names), (self._clock, now - self.clock_us)])
        self.clock_us = now

    def _send(self, updates: Sequence[tuple[str, int]]) -> None:
        self._sizes.append(len(updates))
        self.transport.write(text_frame(b"[%s]" % ",".join(self._form % update for update in updates).encode()))

    def text_came(self, payload: bytes) -> None:
        """Count the replies to an array."""
        size, good = self._sizes.popleft(), payload.count(b'"rank"')  # a problem has none
        self.tally.answer(None, good)
        if good != size:
            self.tally.fail(payload.decode(), size - good)
        elif not self.ready.done():
            self.clock_us = round(json.loads(payload)[0]["score"])
            self.running = True
            self.ready.set_result(None)

    def texts_taken(self, _: int) -> None:
        """Be done, where all is answered after a stop."""
        if not self.running and not self._sizes:
            self.finish()

    def start(self) -> None:
        """`write` says when to send."""


async def write(writers: Sequence[Writer], names: Iterator[str], rate: float) -> None:
    """Send so many updates a second until cancelled."""
    begun, sent, turns = time.perf_counter(), 0, cycle(writers)
    while True:
        await asyncio.sleep(PAUSE_SECONDS)
        due = int((time.perf_counter() - begun) * rate) - sent
        sent += due
        while due > 0:
            size = min(due, MOST)
            next(turns).send(list(islice(names, size - 1)))
            due -= size


def run_live(options: Namespace) -> Result:
    """Run what the options say."""
    audience, updates = Audience(), Tally()
    taken = uvloop.run(_run(options, audience, updates))
    return audience.result(updates, taken)


async def _run(options: Namespace, audience: Audience, updates: Tally) -> Taken:
    upgrade, requests, clocks = upgrade_request(options.host, "/ws", options.token), _requests(options), count()
    course = Course(options.host, options.port, options.connections, options.warmup, options.seconds)
    watchers = await connect(course, lambda: Watcher(audience, upgrade, next(requests)))
    course = course._replace(port=options.writer_port or options.port, connections=WRITERS)
    writers = await connect(course, lambda: Writer(updates, upgrade, options.board, f"{CLOCK}-{next(clocks)}"))
    writing = asyncio.create_task(write(writers, cycle(drawn_members(options.members, options.seed)), options.rate))
    taken = await _measure(course, audience, Account(options.server_pid, options.redis_port))
    writing.cancel()
    await drain(writers)
    if not options.around:  # of the views around members few show the clocks, and not all of them
        await _see_the_last(watchers, max(writer.clock_us for writer in writers) / 1e6)
    await drain(watchers)
    return taken


def _requests(options: Namespace) -> Iterator[bytes]:
    """What each watcher asks for: the first ten, or the run around a member of its own."""
    for number in count():
        view = {"around": member_name(number, options.members)} if options.around else {"top": 10}
        yield text_frame(json.dumps({"op": "watch", "dashboard": options.board, **view}).encode())


async def _measure(course: Course, audience: Audience, account: Account) -> Taken:
    await asyncio.sleep(course.warmup)
    account.open()
    audience.newest.open_window()
    audience.oldest.open_window()
    await asyncio.sleep(course.seconds)
    audience.newest.close_window()
    audience.oldest.close_window()
    return account.close()


async def _see_the_last(watchers: Sequence[Watcher], last: float) -> None:
    """Wait until all have been shown the last update; who has not has failed."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + LAST_SECONDS
    left = watchers
    while left and loop.time() < ends:
        await asyncio.sleep(PAUSE_SECONDS)
        left = [watcher for watcher in left if (watcher.newest or 0.0) < last]
    for watcher in left:
        watcher.tally.fail(f"the last update was not shown within {LAST_SECONDS} s")
