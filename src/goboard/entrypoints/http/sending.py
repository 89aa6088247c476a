"""What is sent over one connection, one event after the other."""

import asyncio
from asyncio import CancelledError, Future
from collections.abc import Callable
from types import CoroutineType
from typing import Any


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
        self._last = last if hasattr(last, "done") else None  # without: it is done already
        self.begun_at = self._loop.time()

    def call_when_free(self, callback: Callable[[], None]) -> None:
        """Call back once, when what was begun is sent."""
        if not self._waiting:  # one callback alone: Granian's awaitable has room for no more
            self._last.add_done_callback(self._sent)
        self._waiting.append(callback)

    async def wait(self) -> None:
        """Wait until the way is free."""
        while not self.free:
            woken: Future[None] = self._loop.create_future()
            self.call_when_free(lambda woken=woken: None if woken.done() else woken.set_result(None))  # type: ignore[misc] # mypy cannot tell a lambda's default
            await woken

    def _sent(self, _: Any) -> None:
        waiting, self._waiting = self._waiting, []
        for callback in waiting:
            callback()
