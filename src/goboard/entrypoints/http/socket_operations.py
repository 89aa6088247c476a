"""What a socket's messages ask for beside updates: to watch, to watch no more, and a sign of life."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from goboard.domain.errors import GoboardError, InvalidArgument
from goboard.entrypoints.http import wire
from goboard.entrypoints.http.feed import Feed
from goboard.entrypoints.http.live_wire import UnwatchedMessage, WatchRequest, text_of
from goboard.entrypoints.http.queries import shown
from goboard.entrypoints.http.socket_updates import PATH, Identified, Operation, Started
from goboard.entrypoints.updates import board_name
from goboard.live import Message, Watch

OPERATIONS = ("watch", "unwatch", "ping", "pong")

_watch_request = msgspec.json.Decoder(WatchRequest)
_FORM = (
    "a watch is a JSON object with the text dashboard; the integer top, the text around or the array of texts members;"
    " and, where they are wanted, the texts window and period, of up to 256 characters, and the truth value metadata;"
    " its id, where there is one, is a text of up to 128 characters or an integer"
)


def socket_event(message: Message) -> dict[str, Any]:
    """Say a message about a view as a frame."""
    return {"type": "websocket.send", "text": text_of(message, PATH)}


def start_operation(text: str, message: wire.UpdateMessage, feed: Feed, seconds: float) -> Started | None:
    """Start what the message's op asks for, to be answered within `seconds`; None: it is not answered."""
    if message.op == "pong":
        return None
    if message.op == "watch":
        return _Watching(text, message.id, feed, seconds)
    return _Answering(lambda: _answer(text, message.op, feed), message.id)


def refused(text: str, refusal: GoboardError) -> Started:
    """Refuse a message for its form; where it can be told what it was meant to be, with its id and in its own words."""
    mark = wire.read_mark(text)
    if mark is None:
        return refusal
    said = InvalidArgument(_FORM) if mark.op in ("watch", "unwatch") else refusal
    return said if mark.message_id is None else Identified(said, mark.message_id)


def _answer(text: str, op: str | None, feed: Feed) -> bytes:
    if op == "ping":
        return b'{"op":"pong"}'
    if op == "unwatch":
        request = _read(text)
        board = board_name(request.dashboard) if request.dashboard else None
        return wire.encode(UnwatchedMessage(feed.unwatch(board, request.view() if request.names_a_view else None)))
    raise InvalidArgument(f"op {shown(op or '')} is unknown; there are {', '.join(OPERATIONS)}")


def _read(text: str) -> WatchRequest:
    request: WatchRequest = wire.read(_watch_request, text, _FORM)
    return request


class _Answering(Operation):
    """Something that is answered at once."""

    def __init__(self, answer: Callable[[], bytes], identifier: wire.MessageId | None) -> None:
        self._answer = answer
        self._id = identifier

    async def answer(self) -> bytes:
        try:
            return wire.with_id(self._answer(), self._id)
        except GoboardError as refusal:
            return wire.with_id(wire.encode(wire.outcome_reply(refusal, PATH)), self._id)

    def answered(self) -> None:
        """There is nothing to go on with."""


class _Watching(Operation):
    """A watch, whose first message is the answer."""

    def __init__(self, text: str, identifier: wire.MessageId | None, feed: Feed, seconds: float) -> None:
        self._text = text
        self._id = identifier
        self._feed = feed
        self._seconds = seconds
        self._watch: Watch | None = None

    async def answer(self) -> bytes:
        try:
            request = _read(self._text)
            if not request.dashboard:
                raise InvalidArgument("missing dashboard")  # noqa: TRY301 -- answered as all else that is wrong
            async with asyncio.timeout(self._seconds):
                self._watch = await self._feed.watch(board_name(request.dashboard), request.view())
        except Exception as error:  # noqa: BLE001 -- every failure is answered; the unforeseen is logged
            return wire.with_id(wire.encode(wire.outcome_reply(error, PATH)), self._id)
        first = self._watch.take()
        assert first is not None  # noqa: S101 -- a watch begins with a state, or not at all
        return wire.with_id(first.encoded(socket_event)["text"].encode(), self._id)

    def answered(self) -> None:
        if self._watch is not None:
            self._feed.open(self._watch)
