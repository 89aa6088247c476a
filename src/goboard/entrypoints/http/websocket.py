"""/ws: messages in, replies out, in order; the next message is read while earlier ones wait for the store.

Beside the replies go the messages about what the socket watches (feed.py).
"""

import asyncio
from contextlib import suppress
from functools import partial
from typing import Any

from goboard.domain.errors import GoboardError
from goboard.entrypoints.http import wire
from goboard.entrypoints.http.feed import Feed, Feeding
from goboard.entrypoints.http.handover import Handover
from goboard.entrypoints.http.sending import CLOSE_SECONDS, Sending
from goboard.entrypoints.http.socket_operations import refused, socket_event, start_operation
from goboard.entrypoints.http.socket_updates import Operation, Started, Updates, settle

MAX_MESSAGE_BYTES = 64 * 1024
MAX_IN_FLIGHT = 256
"""Updates of one socket that wait for the store; the socket is not read while so many do, or more by one array."""

CLOSE_GOING_AWAY = 1001  # RFC 6455, section 7.4.1
CLOSE_UNSUPPORTED = 1003
CLOSE_TOO_BIG = 1009
CLOSE_SLOW_WATCHER = 4008
CLOSE_TOKEN_EXPIRED = 4401

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
        give_up, leave = (partial(self._break_off, code) for code in (CLOSE_SLOW_WATCHER, CLOSE_GOING_AWAY))
        self._feed = Feed(feeding, identity, self._sending, socket_event, PING, give_up, leave)
        self._task: asyncio.Task[Any] | None = None
        self._code: int | None = None
        self._broken_off = False

    async def serve(self) -> None:
        """Serve until the peer leaves or breaks the protocol, its token ends, it takes nothing, or the server stops."""
        self._task = asyncio.current_task()
        self._feed.enter()
        try:
            await self._serve()
            if self._code is not None:
                await self._close(self._code)
        finally:
            self._feed.exit()

    async def _serve(self) -> None:
        writer = asyncio.create_task(self._write())
        ending = None
        if self._lifetime is not None:
            loop = asyncio.get_running_loop()
            ending = loop.call_later(self._lifetime, self._break_off, CLOSE_TOKEN_EXPIRED)
        try:
            await self._read()
            self._started.put(None)
            await writer
        except asyncio.CancelledError:
            if not self._broken_off or self._task is None:
                raise
            self._task.uncancel()
        finally:
            writer.cancel()
            self._feed.close()
            if ending is not None:
                ending.cancel()

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
            if begun is not None and started.put(begun):
                await started.room()

    def _start(self, text: str) -> Started | None:
        """Start what a message asks for; None: it is not answered."""
        if wire.is_array(text):
            return self._updates.start_many(text)
        try:
            message = wire.read_update(text)
        except GoboardError as refusal:
            return refused(text, refusal)
        if message.op is not None:
            return start_operation(text, message, self._feed, self._timeout)
        return self._updates.start(message)

    async def _write(self) -> None:
        handed, sending = self._started, self._sending
        while (started := handed.take() if handed else await handed.wait()) is not None:
            reply = await settle(started)
            await sending.send({"type": "websocket.send", "text": reply.decode()})
            if isinstance(started, Operation):
                started.answered()
        await sending.wait()

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
