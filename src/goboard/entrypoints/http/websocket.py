"""/ws: messages in, replies out, in order; the next message is read while earlier ones wait for the store.

Beside the replies go the messages about what the socket watches (feed.py).
"""

import asyncio
from contextlib import suppress
from functools import partial
from time import perf_counter
from typing import Any

from goboard.domain.errors import GoboardError
from goboard.entrypoints.http import wire
from goboard.entrypoints.http.feed import Feed, Feeding
from goboard.entrypoints.http.handover import Handover
from goboard.entrypoints.http.sending import CLOSE_SECONDS, Sending
from goboard.entrypoints.http.socket_operations import OPERATIONS, refused, socket_event, start_operation
from goboard.entrypoints.http.socket_updates import Operation, Started, Updates, settle
from goboard.entrypoints.metrics import families

MAX_MESSAGE_BYTES = 64 * 1024
MAX_IN_FLIGHT = 256
"""Updates of one socket that wait for the store; the socket is not read while so many do, or more by one array."""

ANSWER_SECONDS = 2.0
"""How long a server that stops waits for a peer to take the answers to what was read: the store answers within 2."""
QUIET_SECONDS = 0.25
"""How long a peer is silent that waits for answers: longer than they and its next messages travel."""
HUSH_SECONDS = 1.0
"""How long a peer that is never silent is read from."""

CLOSE_GOING_AWAY = 1001  # RFC 6455, section 7.4.1
CLOSE_UNSUPPORTED = 1003
CLOSE_TOO_BIG = 1009
CLOSE_SLOW_WATCHER = 4008
CLOSE_TOKEN_EXPIRED = 4401

TIMED_EVERY = 16
"""Of so many messages of a socket the time until the reply is taken of one: of each it would cost 0.5 µs."""

_open = families.CONNECTIONS.of("websocket")
_updates, _arrays, _unread = (families.WEBSOCKET_MESSAGES.of(op) for op in ("update", "updates", "malformed"))
_operations = {op: families.WEBSOCKET_MESSAGES.of(op) for op in OPERATIONS}
_unknown = families.WEBSOCKET_MESSAGES.of("unknown")
_replied_after = families.WEBSOCKET_REPLY.observer()

PING = {"type": "websocket.send", "text": '{"op":"ping"}'}


class Socket:
    """One accepted socket: a reader that starts what is asked for, and a writer that answers in order."""

    def __init__(  # noqa: PLR0913 -- what it may do, and for how long
        self,
        receive: Any,
        send: Any,
        updates: Updates,
        feeding: Feeding,
        *,
        identity: str | None,
        lifetime: float | None,
        request_timeout: float,
    ) -> None:
        self._receive = receive
        self._send = send
        self._updates = updates
        self._lifetime = lifetime
        self._timeout = request_timeout
        self._sending = Sending(send)
        self._started = Handover(MAX_IN_FLIGHT)
        give_up = partial(self._break_off, CLOSE_SLOW_WATCHER)
        self._feed = Feed(feeding, identity, self._sending, socket_event, PING, give_up, self._leave)
        self._task: asyncio.Task[Any] | None = None
        self._code: int | None = None
        self._reading = True
        self._broken_off = False
        self._ends: list[asyncio.TimerHandle] = []
        self._until_timed = 1
        self._timed: tuple[Started, float] | None = None
        """A message that is timed: what it has started, and when."""

    async def serve(self) -> None:
        """Serve until the peer leaves or breaks the protocol, its token ends, it takes nothing, or the server stops."""
        self._task = asyncio.current_task()
        self._feed.enter()
        _open[0] += 1
        try:
            await self._serve()
            if self._code is not None:
                await self._close(self._code)
        finally:
            _open[0] -= 1
            self._feed.exit()

    async def _serve(self) -> None:
        writer = asyncio.create_task(self._write())
        if self._lifetime is not None:
            self._break_off_in(self._lifetime, CLOSE_TOKEN_EXPIRED)
        try:
            await self._read_on()
            self._started.put(None)
            await writer
            if self._code == CLOSE_GOING_AWAY:
                await self._hush()
        except asyncio.CancelledError:
            if not self._broken_off or self._task is None:
                raise
            self._task.uncancel()
        finally:
            writer.cancel()
            self._feed.close()
            for each in self._ends:
                each.cancel()

    async def _read_on(self) -> None:
        """Read, until there is no more to read, or the server stops: then what was read is still answered."""
        try:
            await self._read()
        except asyncio.CancelledError:
            if self._reading or self._broken_off or self._task is None:
                raise
            self._task.uncancel()
        finally:
            self._reading = False

    async def _read(self) -> None:
        """Start what is asked for, until the peer has left, or the socket is to be closed with a code."""
        receive, start, started = self._receive, self._start, self._started
        while True:
            event = await receive()
            if event["type"] == "websocket.disconnect":
                return
            text = event.get("text")
            if text is None or _is_too_big(text):
                self._code = CLOSE_UNSUPPORTED if text is None else CLOSE_TOO_BIG
                return
            begun = start(text)
            if begun is None:
                continue
            self._until_timed -= 1
            if not self._until_timed:
                self._timed = begun, perf_counter()
                self._until_timed = TIMED_EVERY
            if started.put(begun):
                await started.room()

    async def _hush(self) -> None:
        """Read on, to no effect, until the peer is quiet: what is left unread would have TCP reset the connection.

        The peer would then mostly not see the close frame, nor the last answers.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(HUSH_SECONDS):
                while await self._says_more():
                    pass

    async def _says_more(self) -> bool:
        try:
            async with asyncio.timeout(QUIET_SECONDS):
                event = await self._receive()
        except TimeoutError:
            return False
        return bool(event["type"] != "websocket.disconnect")

    def _start(self, text: str) -> Started | None:
        """Start what a message asks for; None: it is not answered."""
        if wire.is_array(text):
            _arrays[0] += 1
            return self._updates.start_many(text)
        try:
            message = wire.read_update(text)
        except GoboardError as refusal:
            _unread[0] += 1
            return refused(text, refusal)
        if message.op is not None:
            _operations.get(message.op, _unknown)[0] += 1
            return start_operation(text, message, self._feed, self._timeout)
        _updates[0] += 1
        return self._updates.start(message)

    async def _write(self) -> None:
        handed, sending = self._started, self._sending
        while (started := handed.take() if handed else await handed.wait()) is not None:
            reply = await settle(started)
            await sending.send({"type": "websocket.send", "text": reply.decode()})
            if self._timed is not None and self._timed[0] is started:
                _replied_after(perf_counter() - self._timed[1])
                self._timed = None
            if isinstance(started, Operation):
                started.answered()
        await sending.wait()

    def _leave(self) -> None:
        """Read no more: the server stops."""
        if self._reading and self._task is not None:
            self._reading = False
            self._code = CLOSE_GOING_AWAY
            self._task.cancel()
            self._break_off_in(ANSWER_SECONDS, CLOSE_GOING_AWAY)

    def _break_off_in(self, seconds: float, code: int) -> None:
        self._ends.append(asyncio.get_running_loop().call_later(seconds, self._break_off, code))

    def _break_off(self, code: int) -> None:
        """Close the socket from this side."""
        if not self._broken_off and self._task is not None:
            self._broken_off = True
            self._code = self._code or code
            self._task.cancel()

    async def _close(self, code: int) -> None:
        with suppress(TimeoutError):  # who takes nothing takes no close frame either
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._send({"type": "websocket.close", "code": code})


def _is_too_big(text: str) -> bool:
    return len(text) > MAX_MESSAGE_BYTES or (not text.isascii() and len(text.encode()) > MAX_MESSAGE_BYTES)
