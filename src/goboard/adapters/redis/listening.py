"""One connection over which the channels of one server are listened to."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import hiredis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError

from goboard.adapters.redis.server import CONNECT_TIMEOUT, Server

LOOK_SECONDS = 0.5
"""How long nothing may be heard before it is looked whether the server is the right one still."""
PING_AFTER = 10
"""How often nothing may be heard before the server is asked for a sign of life, and again until it counts as gone."""
BROKEN = (RedisError, OSError, TimeoutError)


class Ear:
    """Listens to channels of one server, for as long as there are any."""

    def __init__(self, server: Server, heard: Callable[[bytes, int | None], None]) -> None:
        """Make ready to listen; `heard` is told a channel, and a number, or None: it is listened to from now on."""
        self.server = server
        self.channels: set[bytes] = set()
        self._heard = heard
        self._link: AbstractConnection | None = None
        self._sending: set[asyncio.Task[None]] = set()

    def add(self, channel: bytes) -> None:
        """Listen to a channel; where it is listened to already, that is told once more."""
        self.channels.add(channel)
        self._tell(b"SSUBSCRIBE", channel)

    def drop(self, channel: bytes) -> None:
        """Listen to a channel no more."""
        self.channels.discard(channel)
        self._tell(b"SUNSUBSCRIBE", channel)

    async def listen(self, still: Callable[[], bool]) -> None:
        """Listen over one connection, until nobody listens any more, or `still` is false where nothing is heard.

        Raises:
            RedisError, OSError: the connection broke, or a channel is at another server.
        """
        link = await self._opened()
        try:
            self._link = link  # before the first wait: who comes meanwhile tells the server, too
            for channel in list(self.channels):
                await _send(link, b"SSUBSCRIBE", channel)
            while self.channels:
                self._hear(await _next_word(link, still))
        finally:
            self._link = None
            with suppress(*BROKEN):
                await link.disconnect(nowait=True)

    async def _opened(self) -> AbstractConnection:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            return await self.server.open()

    def _hear(self, word: Any) -> None:
        """Take in what the server says: a channel is listened to from now on, has something to tell, or has left."""
        kind, channel, *values = word
        if kind == b"ssubscribe":
            self._heard(channel, None)
        elif kind == b"smessage":
            self._heard(channel, int(values[0]) if values[0].isdigit() else None)
        elif kind == b"sunsubscribe" and channel in self.channels:
            raise ConnectionError("a channel is at another server now")  # nobody here has asked for that

    def _tell(self, command: bytes, channel: bytes) -> None:
        """Tell the server which channels are wanted; where there is no connection, the next one begins with them."""
        if self._link is not None:
            task = asyncio.get_running_loop().create_task(_send_if_possible(self._link, command, channel))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)


async def _next_word(link: AbstractConnection, still: Callable[[], bool]) -> Any:
    """Wait for what the server says next, and ask it for a sign of life where it says nothing.

    One that was cut off does not say that another has taken over.

    Raises:
        TimeoutError: it gave none, or is not to be listened to any more.
    """
    for quiet in range(1, 2 * PING_AFTER + 1):
        word = await link.read_response(timeout=LOOK_SECONDS, disconnect_on_error=False)
        if word is not None:
            return word
        if not still():
            raise TimeoutError("another server has taken over")
        if quiet == PING_AFTER:
            await _send(link, b"PING")
    raise TimeoutError(f"the server gave no sign of life for {PING_AFTER * LOOK_SECONDS} s")


async def _send(link: AbstractConnection, *command: bytes) -> None:
    packed = hiredis.pack_command(command)  # type: ignore[arg-type]  # its stub says a tuple of one
    await link.send_packed_command(packed, check_health=False)


async def _send_if_possible(link: AbstractConnection, *command: bytes) -> None:
    with suppress(*BROKEN):  # the reader hears of it too, and begins anew
        if link.is_connected:  # else redis-py would connect, and nobody would read from it
            await _send(link, *command)
