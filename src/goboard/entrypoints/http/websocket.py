"""/ws: updates in, replies out, in order; the next update is read while earlier ones wait for the store."""

import asyncio
import logging
from asyncio import Future
from typing import Any, NamedTuple

from goboard.domain.errors import GoboardError, InvalidArgument
from goboard.domain.identity import Identity
from goboard.domain.names import BoardName, MemberName
from goboard.domain.standings import Entry
from goboard.entrypoints import problems
from goboard.entrypoints.gate import Gate
from goboard.entrypoints.http import wire
from goboard.leaderboards import Leaderboards

PATH = "/ws"
MAX_MESSAGE_BYTES = 64 * 1024
MAX_IN_FLIGHT = 256
"""Updates of one socket that wait for the store; the socket is not read while so many do."""

CLOSE_UNSUPPORTED = 1003  # RFC 6455, section 7.4.1
CLOSE_TOO_BIG = 1009

log = logging.getLogger(__name__)


class _Pending(NamedTuple):
    """An update that is under way."""

    entry: Future[Entry]
    deadline: float


class Updates:
    """What one identity may update, and how long an update may take."""

    def __init__(self, boards: Leaderboards, gate: Gate, identity: Identity, timeout_seconds: float) -> None:
        self._boards = boards
        self._gate = gate
        self._identity = identity
        self._timeout = timeout_seconds

    def start(self, text: str) -> _Pending | GoboardError:
        """Start the update that a message asks for, or tell why not."""
        try:
            message = wire.read_update(text)
            if not message.dashboard or not message.member_id:
                return InvalidArgument("missing dashboard or member_id")
            board = BoardName.parse(message.dashboard)
            member = self._gate.member_for(self._identity, MemberName.parse(message.member_id))
            entry = self._boards.increment(board, member, wire.required_increment(message.increment))
        except GoboardError as refusal:
            return refusal
        return _Pending(entry, asyncio.get_running_loop().time() + self._timeout)


class UpdateSocket:
    """One accepted socket: a reader that starts updates, and a writer that answers them in order."""

    def __init__(self, receive: Any, send: Any, updates: Updates) -> None:
        self._receive = receive
        self._send = send
        self._updates = updates
        self._replies: asyncio.Queue[_Pending | GoboardError | None] = asyncio.Queue(MAX_IN_FLIGHT)

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
            text = await _settle(reply)
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


async def _settle(reply: _Pending | GoboardError) -> str:
    """Wait for an update, and say what came of it."""
    if isinstance(reply, GoboardError):
        return _problem(reply)
    try:
        if not reply.entry.done():
            async with asyncio.timeout_at(reply.deadline):
                await reply.entry
        return wire.encode(wire.member_reply(reply.entry.result())).decode()
    except Exception as error:  # noqa: BLE001 -- every failure is answered; the unforeseen is logged
        return _problem(error)


def _problem(error: Exception) -> str:
    problem = problems.problem_of(error)
    if problem is None:
        log.error("unforeseen error on a socket", exc_info=error)
        problem = problems.internal_problem()
    return wire.encode({"problem": problem.members(PATH)}).decode()
