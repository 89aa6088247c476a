"""Live standings as server-sent events (the HTML standard, section 9.2): one view a request."""

import asyncio
import hashlib
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import quote

from goboard.domain.errors import ServerStopping
from goboard.domain.names import BoardName
from goboard.domain.views import Sight, View
from goboard.entrypoints import problems, request_ids
from goboard.entrypoints.http import wire
from goboard.entrypoints.http.feed import Feed, Feeding
from goboard.entrypoints.http.live_wire import EndedMessage, text_of, view_record
from goboard.entrypoints.http.sending import CLOSE_SECONDS, Sending
from goboard.entrypoints.metrics import families
from goboard.entrypoints.problems import Problem
from goboard.live import Change, Ended, Message, Snapshot

DIGEST_BYTES = 6

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-accel-buffering", b"no"),  # nginx would hold events back until it has a few KiB
]
_open = families.CONNECTIONS.of("sse")
_HEARTBEAT = {"type": "http.response.body", "body": b":\n\n", "more_body": True}


class EventStream:
    """An ASGI application that answers one request: a watcher's stream, until either side ends it."""

    def __init__(  # noqa: PLR0913 -- who watches what, since when, and for how long
        self,
        feeding: Feeding,
        board: BoardName,
        view: View,
        *,
        identity: str | None,
        lifetime: float | None,
        last_event_id: str,
        request_timeout: float,
    ) -> None:
        self._feeding = feeding
        self._board = board
        self._view = view
        self._identity = identity
        self._lifetime = lifetime
        self._last_event_id = last_event_id
        self._timeout = request_timeout
        self._task: asyncio.Task[Any] | None = None
        self._farewell: bytes | None = None
        """What is sent last, where this side ends the stream."""
        self._started = False
        self._begun = 0.0

    async def __call__(self, _: Any, receive: Any, send: Any) -> None:
        """Answer.

        Raises:
            GoboardError, TimeoutError: the view cannot be watched, or the server stops; nothing was sent.
        """
        self._task = asyncio.current_task()
        self._begun = asyncio.get_running_loop().time()
        sending = Sending(send)
        end = partial(self._break_off, b"")
        feed = Feed(self._feeding, self._identity, sending, stream_event, _HEARTBEAT, end, end)
        feed.enter()
        _open[0] += 1
        try:
            await self._stream(feed, sending, receive)
            await self._end(send)
        finally:
            _open[0] -= 1
            feed.exit()

    async def _stream(self, feed: Feed, sending: Sending, receive: Any) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                watch = await feed.watch(self._board, self._view)
            self._started = True
            sending.begin({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await sending.wait()
            known = watch.resume(lambda snapshot: event_id(snapshot.sight) == self._last_event_id)
            first = None if known else watch.take()
            sending.begin(_HEARTBEAT if first is None else first.encoded(stream_event))
            feed.open(watch)
            await self._serve(receive)
        except asyncio.CancelledError:
            if self._farewell is None or self._task is None:
                raise
            self._task.uncancel()
            if not self._started:
                raise ServerStopping from None
        finally:
            feed.close()

    async def _serve(self, receive: Any) -> None:
        """Wait until the peer has left."""
        ending = None
        if self._lifetime is not None:
            ends = self._begun + self._lifetime
            ending = asyncio.get_running_loop().call_at(ends, self._break_off, self._expired())
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            if ending is not None:
                ending.cancel()

    def _expired(self) -> bytes:
        problem = Problem(problems.TOKEN_EXPIRED, "the token has expired; watch again with another")
        details = wire.told(problem, live_path(self._board), request_ids.text())
        message = EndedMessage(str(self._board), view_record(self._view), details)
        return _event("ended", wire.encode(message))

    def _break_off(self, farewell: bytes) -> None:
        """End the stream from this side."""
        if self._farewell is None and self._task is not None:
            self._farewell = farewell
            self._task.cancel()

    async def _end(self, send: Any) -> None:
        if self._farewell is None:
            return  # the peer has left
        await asyncio.sleep(0)  # what was begun in this turn of the loop goes out: it cannot after the end
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await send({"type": "http.response.body", "body": self._farewell, "more_body": False})


def stream_event(message: Message) -> dict[str, Any]:
    """Say a message about a view as an event; the last of a stream where the watch is over."""
    data = text_of(message, live_path(message.board)).encode()
    if isinstance(message, Ended):
        return {"type": "http.response.body", "body": _event("ended", data), "more_body": False}
    assert isinstance(message, Snapshot | Change)  # noqa: S101 -- there are three
    kind = "snapshot" if isinstance(message, Snapshot) else "change"
    body = _event(kind, data, event_id(message.sight))
    return {"type": "http.response.body", "body": body, "more_body": True}


def event_id(sight: Sight) -> str:
    """Name a state by its epoch and version, and by what it shows: what others wrote raises no version."""
    (epoch, number), period, entries = sight
    shown = wire.encode([period.place, wire.records(entries)])
    return f"{epoch}.{number}.{hashlib.blake2b(shown, digest_size=DIGEST_BYTES).hexdigest()}"


def live_path(board: BoardName) -> str:
    """Give the path of a board's stream."""
    return f"/api/v1/dashboards/{quote(board, safe='')}/live"


def _event(kind: str, data: bytes, identifier: str = "") -> bytes:
    name = f"id: {identifier}\n" if identifier else ""
    return f"{name}event: {kind}\ndata: ".encode() + data + b"\n\n"
