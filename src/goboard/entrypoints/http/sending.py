"""What is sent over one connection, one event after the other."""

import asyncio
from asyncio import CancelledError, Future
from collections.abc import Callable
from functools import partial
from types import CoroutineType
from typing import Any

CLOSE_SECONDS = 5.0
"""How long a peer has to take in that a connection ends."""


class Sending:
    """The way out of one connection: an event is begun when the one before it is sent.

    Granian begins to send when it is asked to, and its awaitable tells when that is done: mostly it is by the next
    time, and there is nothing to wait for, which spares a way back from the server's thread into the event loop. To
    begin several at once would spare more, but Granian's threads then mix up their order.
    """

    def __init__(self, send: Any) -> None:
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._last: Any = None
        self._listening = True
        self._waiting: list[Callable[[], None]] = []
        self._next: tuple[dict[str, Any], Future[None]] | None = None
        """The event that `send` waits with, and what tells it that it was begun."""
        self._served_last = False
        """Whether the event that `send` waited with had the last turn: those who are called back have the next."""
        self.begun_at = self._loop.time()
        """When the last event was begun, on the loop's clock."""

    @property
    def free(self) -> bool:
        """Whether all that was begun is sent."""
        last = self._last
        if last is None:
            return True
        if not last.done():
            return False
        self._last = None
        try:
            last.result()
        except (Exception, CancelledError):  # noqa: BLE001 -- servers differ in what they raise where the peer has left
            self._listening = False  # who reads from the connection hears of it in its own way
        return True

    def begin(self, event: dict[str, Any]) -> None:
        """Begin to send, where the way is free; nothing more is sent to a peer that has left."""
        if not self._listening:
            return
        last = self._send(event)
        if isinstance(last, CoroutineType):  # a server that sends when it is awaited
            last = asyncio.ensure_future(last)
            last.add_done_callback(_seen)
        self._last = last if hasattr(last, "done") else None  # without: it is done already
        self.begun_at = self._loop.time()

    def call_when_free(self, callback: Callable[[], None]) -> None:
        """Call back once, when what was begun is sent."""
        self._listen()
        self._waiting.append(callback)

    async def send(self, event: dict[str, Any]) -> None:
        """Begin to send as soon as the way is free, in turn with those who wait to be called back; one at a time."""
        if self.free:
            self.begin(event)
            return
        begun: Future[None] = self._loop.create_future()
        self._listen()
        self._next = (event, begun)
        try:
            await begun
        finally:
            self._next = None

    async def wait(self) -> None:
        """Wait until the way is free."""
        while not self.free:
            woken: Future[None] = self._loop.create_future()
            self.call_when_free(partial(_wake, woken))
            await woken

    def _listen(self) -> None:
        if not self._waiting and self._next is None:  # one callback alone: Granian's awaitable has room for no more
            self._last.add_done_callback(self._sent)

    def _sent(self, _: Any) -> None:
        waiting, self._waiting = self._waiting, []
        following, self._next = self._next, None
        if following and not (self._served_last and waiting):
            self._follow(*following)
            following = None
        else:
            self._served_last = False
        for callback in waiting:
            callback()
        if following:
            self._follow(*following)

    def _follow(self, event: dict[str, Any], begun: Future[None]) -> None:
        """Begin the event that waited, or let it wait for its turn once more."""
        if begun.done():  # who waited has left
            return
        if self.free:
            self.begin(event)
            self._served_last = True
            begun.set_result(None)
        else:
            self._listen()
            self._next = (event, begun)


def _seen(sent: Future[None]) -> None:
    """Look at what came of it: where the peer has left nobody else may, and the loop would log an error."""
    if not sent.cancelled():
        sent.exception()


def _wake(woken: Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)
