"""/ws: updates in, replies out, in order; the next message is read while earlier ones wait for the store."""

import asyncio
from asyncio import Future
from collections import deque
from collections.abc import Sequence
from functools import partial
from types import CoroutineType
from typing import Any, NamedTuple

from goboard.domain.errors import GoboardError
from goboard.domain.standings import Entry
from goboard.entrypoints.http import wire
from goboard.entrypoints.http.deadlines import Deadlines
from goboard.entrypoints.updates import Batch, Caller, Update, check_size
from goboard.leaderboards import Leaderboards

PATH = "/ws"
MAX_MESSAGE_BYTES = 64 * 1024
MAX_IN_FLIGHT = 256
"""Updates of one socket that wait for the store; the socket is not read while so many do, or more by one array."""

CLOSE_UNSUPPORTED = 1003  # RFC 6455, section 7.4.1
CLOSE_TOO_BIG = 1009


class _Many(NamedTuple):
    """An array of updates that is under way."""

    batch: Batch
    deadline: float

    @property
    def weight(self) -> int:
        """How many updates it counts for; an empty array is answered, too."""
        return max(1, len(self.batch))


_Started = Future[Entry] | _Many | GoboardError
"""What came of a message: an update that is under way, an array of them, or a refusal."""


class Updates:
    """What one caller may update, and how long an update may take."""

    def __init__(self, boards: Leaderboards, caller: Caller, deadlines: Deadlines) -> None:
        self._boards = boards
        self._caller = caller
        self._deadlines = deadlines

    def start(self, text: str) -> _Started:
        """Start the update, or the array of them, that a message asks for; or tell why not."""
        try:
            if wire.is_array(text):
                return self._start_many(wire.read_updates(text))
            entry = self._boards.increment(*self._read(wire.read_update(text)))
        except GoboardError as refusal:
            return refusal
        self._deadlines.watch(entry)
        return entry

    def _start_many(self, messages: Sequence[wire.UpdateMessage | GoboardError]) -> _Many:
        check_size(len(messages))
        deadline = asyncio.get_running_loop().time() + self._deadlines.seconds
        return _Many(Batch(self._boards).fill(messages, self._read).start(), deadline)

    def _read(self, message: wire.UpdateMessage) -> Update:
        return Update.asked(self._caller, message.dashboard, message.member_id, message.increment)


class UpdateSocket:
    """One accepted socket: a reader that starts updates, and a writer that answers them in order."""

    def __init__(self, receive: Any, send: Any, updates: Updates) -> None:
        self._receive = receive
        self._send = send
        self._sending = _Sending(send)
        self._updates = updates
        self._started = _Handover()

    async def serve(self) -> None:
        """Serve until the peer leaves or breaks the protocol."""
        writer = asyncio.create_task(self._write())
        try:
            code = await self._read()
            self._started.put(None)
            await writer
            if code is not None:
                await self._send({"type": "websocket.close", "code": code})
        finally:
            writer.cancel()

    async def _read(self) -> int | None:
        """Start updates as they come; return the code to close with, or None where the peer has left."""
        receive, start, started = self._receive, self._updates.start, self._started
        while True:
            event = await receive()
            if event["type"] == "websocket.disconnect":
                return None
            text = event.get("text")
            if text is None:
                return CLOSE_UNSUPPORTED
            if _is_too_big(text):
                return CLOSE_TOO_BIG
            if started.put(start(text)) >= MAX_IN_FLIGHT:
                await started.room()

    async def _write(self) -> None:
        handed, sending = self._started, self._sending
        while (started := handed.take() if handed else await handed.wait()) is not None:
            reply = await _settle(started)
            await sending.wait()
            if not sending.begin(wire.encode(reply).decode()):
                await sending.wait()
        await sending.wait()


class _Handover:
    """What was started, on its way from the reader to the writer, in order.

    Like asyncio.Queue, whose get and put take 2 µs more.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._updates = 0
        self._started: deque[_Started | None] = deque()
        self._woken: Future[None] | None = None
        self._taken: Future[None] | None = None

    def __bool__(self) -> bool:
        return bool(self._started)

    def put(self, started: _Started | None) -> int:
        """Hand over the next, or None as the last; tell how many updates wait."""
        self._started.append(started)
        self._updates += started.weight if isinstance(started, _Many) else 1
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)
        return self._updates

    async def room(self) -> None:
        """Wait until few enough are left."""
        while self._updates >= MAX_IN_FLIGHT:
            self._taken = self._loop.create_future()
            await self._taken

    def take(self) -> _Started | None:
        """Take the next, where there is one."""
        started = self._started.popleft()
        self._updates -= started.weight if isinstance(started, _Many) else 1
        if self._taken is not None and not self._taken.done():
            self._taken.set_result(None)
        return started

    async def wait(self) -> _Started | None:
        """Take the next when it comes."""
        self._woken = self._loop.create_future()
        await self._woken
        return self.take()


class _Sending:
    """What is sent to one socket: a frame is begun when the one before it is sent, and its own end is waited for then.

    By then it mostly has ended, and there is nothing to wait for: that spares a way back from the server's thread into
    the event loop. To begin several at once would spare more, but Granian's threads then mix up their order.
    """

    def __init__(self, send: Any) -> None:
        self._send = send
        self._listening = True
        self._last: Any = None

    def begin(self, text: str) -> bool:
        """Begin to send a frame, unless the peer has left; False: the server begins only when it is waited for."""
        if self._listening:
            self._last = self._send({"type": "websocket.send", "text": text})
        return not isinstance(self._last, CoroutineType)

    async def wait(self) -> None:
        """Wait until what was begun is sent."""
        last, self._last = self._last, None
        try:
            if last is not None:
                await last
        except Exception:  # noqa: BLE001 -- servers differ in what they raise where the peer has left
            self._listening = False  # the reader hears of it in its own way; updates already taken are still settled


def _is_too_big(text: str) -> bool:
    return len(text) > MAX_MESSAGE_BYTES or (not text.isascii() and len(text.encode()) > MAX_MESSAGE_BYTES)


async def _settle(started: _Started) -> Any:
    """Wait for a message's updates, and give what is answered."""
    if isinstance(started, Future):
        try:
            return wire.member_reply(await started)
        except Exception as error:  # noqa: BLE001 -- every failure is answered; the unforeseen is logged
            return wire.outcome_reply(error, PATH)
    if isinstance(started, _Many):
        outcomes = await started.batch.outcomes(started.deadline)
        return list(map(partial(wire.outcome_reply, instance=PATH), outcomes))
    return wire.outcome_reply(started, PATH)
