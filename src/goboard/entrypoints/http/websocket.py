"""/ws: updates in, replies out, in order; the next message is read while earlier ones wait for the store."""

import asyncio
from asyncio import Future
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from goboard.domain.errors import GoboardError
from goboard.domain.standings import Entry
from goboard.entrypoints.http import wire
from goboard.entrypoints.updates import Batch, Caller, Update, check_size
from goboard.leaderboards import Leaderboards

PATH = "/ws"
MAX_MESSAGE_BYTES = 64 * 1024
MAX_IN_FLIGHT = 256
"""Messages of one socket that wait for the store; the socket is not read while so many do."""

CLOSE_UNSUPPORTED = 1003  # RFC 6455, section 7.4.1
CLOSE_TOO_BIG = 1009


class _One(NamedTuple):
    """An update that is under way."""

    entry: Future[Entry]
    deadline: float


class _Many(NamedTuple):
    """An array of updates that is under way."""

    batch: Batch
    deadline: float


_Started = _One | _Many | GoboardError


class Updates:
    """What one caller may update, and how long an update may take."""

    def __init__(self, boards: Leaderboards, caller: Caller, timeout_seconds: float) -> None:
        self._boards = boards
        self._caller = caller
        self._timeout = timeout_seconds

    def start(self, text: str) -> _Started:
        """Start the update, or the array of them, that a message asks for; or tell why not."""
        deadline = asyncio.get_running_loop().time() + self._timeout
        try:
            if wire.is_array(text):
                return _Many(self._start_many(wire.read_updates(text)), deadline)
            board, member, delta = self._read(wire.read_update(text))
            return _One(self._boards.increment(board, member, delta), deadline)
        except GoboardError as refusal:
            return refusal

    def _start_many(self, messages: Sequence[wire.UpdateMessage | GoboardError]) -> Batch:
        check_size(len(messages))
        return Batch(self._boards).fill(messages, self._read).start()

    def _read(self, message: wire.UpdateMessage) -> Update:
        return Update.asked(self._caller, message.dashboard, message.member_id, message.increment)


class UpdateSocket:
    """One accepted socket: a reader that starts updates, and a writer that answers them in order."""

    def __init__(self, receive: Any, send: Any, updates: Updates) -> None:
        self._receive = receive
        self._send = send
        self._updates = updates
        self._replies: asyncio.Queue[_Started | None] = asyncio.Queue(MAX_IN_FLIGHT)

    async def serve(self) -> None:
        """Serve until the peer leaves or breaks the protocol."""
        writer = asyncio.create_task(self._write())
        try:
            code = await self._read()
            await self._replies.put(None)
            await writer
            if code is not None:
                await self._send({"type": "websocket.close", "code": code})
        finally:
            writer.cancel()

    async def _read(self) -> int | None:
        """Start updates as they come; return the code to close with, or None where the peer has left."""
        while True:
            event = await self._receive()
            if event["type"] == "websocket.disconnect":
                return None
            text = event.get("text")
            if text is None:
                return CLOSE_UNSUPPORTED
            if _is_too_big(text):
                return CLOSE_TOO_BIG
            await self._replies.put(self._updates.start(text))

    async def _write(self) -> None:
        listening = True
        while (reply := await self._replies.get()) is not None:
            text = wire.encode(await _settle(reply)).decode()
            if listening:
                listening = await self._send_text(text)

    async def _send_text(self, text: str) -> bool:
        try:
            await self._send({"type": "websocket.send", "text": text})
        except Exception:  # noqa: BLE001 -- servers differ in what they raise where the peer has left
            return False  # the reader hears of it in its own way; updates already taken are still settled
        return True


def _is_too_big(text: str) -> bool:
    return len(text) > MAX_MESSAGE_BYTES or (not text.isascii() and len(text.encode()) > MAX_MESSAGE_BYTES)


async def _settle(started: _Started) -> Any:
    """Wait for a message's updates, and give what is answered."""
    if isinstance(started, _One):
        return await _settle_one(started)
    if isinstance(started, _Many):
        outcomes = await started.batch.outcomes(started.deadline)
        return list(map(partial(wire.outcome_reply, instance=PATH), outcomes))
    return wire.outcome_reply(started, PATH)


async def _settle_one(started: _One) -> wire.MemberReply | wire.OutcomeReply:
    entry, deadline = started
    try:
        if not entry.done():
            async with asyncio.timeout_at(deadline):
                await entry
        return wire.member_reply(entry.result())
    except Exception as error:  # noqa: BLE001 -- every failure is answered; the unforeseen is logged
        return wire.outcome_reply(error, PATH)
