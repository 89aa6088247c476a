"""The time that a client has to send a request's body, beside the time that the server has to answer it."""

import asyncio
from typing import Any

BODY_SECONDS = 10.0


class BodyTooSlow(Exception):
    """The body did not come in time."""


class Upload:
    """In the place of ASGI's `receive`: while the body comes, what passes is the client's time and not the server's."""

    def __init__(self, receive: Any, limit: asyncio.Timeout, seconds: float) -> None:
        self._receive = receive
        self._limit = limit
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time() + BODY_SECONDS
        self._complete = False
        self.under_way = False
        """Whether more of the body is waited for."""

    async def __call__(self) -> Any:
        """Receive; the server has its time from when the body is there, or whoever reads it wants no more."""
        if self._complete:
            return await self._receive()
        self._limit.reschedule(self._due)
        self.under_way = True
        event = await self._receive()
        self.under_way = False
        self._complete = not event.get("more_body", False)
        self._limit.reschedule(self._loop.time() + self._seconds)
        return event
