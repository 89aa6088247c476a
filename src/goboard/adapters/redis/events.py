"""Events over Redis's sharded pub/sub, which a server alone speaks as a cluster does (Redis 7.0, Valkey 7.2).

The scripts that write publish themselves, in the same call. Here is who listens: one connection for all boards.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

import hiredis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError

from goboard.adapters.redis.connection import Connections
from goboard.adapters.redis.keys import changes_channel, checked_prefix
from goboard.domain.errors import StoreUnavailable
from goboard.domain.names import BoardName
from goboard.ports.events import Heard

PING_SECONDS = 5.0
"""How long nothing may be heard before the server is asked for a sign of life, and again until it counts as gone."""
PAUSE_SECONDS = 0.5
"""How long it is waited before a connection that broke is made anew."""
_BROKEN = (RedisError, OSError, TimeoutError)

_log = logging.getLogger(__name__)


class RedisEventBus:
    """An `EventBus` on a Redis or Valkey server. Its task runs while somebody listens."""

    def __init__(self, connections: Connections, *, prefix: str = "prod:") -> None:
        self._prefix = checked_prefix(prefix)
        self._connections = connections
        self._channels: dict[bytes, dict[object, Heard]] = {}
        self._link: AbstractConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._sending: set[asyncio.Task[None]] = set()

    @classmethod
    def from_url(cls, url: str, *, prefix: str = "prod:") -> Self:
        """Listen to the server at `url`, for boards whose keys begin with `prefix`; it connects when it is first used.

        Raises:
            InvalidArgument: the URL is not understood, or the prefix has braces.
        """
        return cls(Connections.from_url(url), prefix=prefix)

    def listen(self, board: BoardName, heard: Heard) -> Callable[[], None]:
        channel = changes_channel(self._prefix, board).encode()
        listeners = self._channels.setdefault(channel, {})
        listener = object()
        listeners[listener] = heard
        self._tell(b"SSUBSCRIBE", channel)  # where it is listened to already, too: who comes later is told so
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

        def end() -> None:
            listeners.pop(listener, None)
            if not listeners and self._channels.get(channel) is listeners:
                del self._channels[channel]
                self._tell(b"SUNSUBSCRIBE", channel)

        return end

    async def publish(self, board: BoardName, number: int) -> None:
        async with self._connections.lease(board=board, lost=StoreUnavailable) as link:
            await link.call(b"SPUBLISH", changes_channel(self._prefix, board), number)

    async def close(self) -> None:
        self._channels.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._connections.close()

    async def _run(self) -> None:
        """Listen, for as long as anybody wants to, over one connection after another."""
        interrupted = False
        while self._channels:
            try:
                await self._listen()
                interrupted = False
            except _BROKEN as broken:
                if not interrupted:
                    _log.warning("listening to changes of boards is interrupted, and is tried again: %r", broken)
                interrupted = True
                await asyncio.sleep(PAUSE_SECONDS)
        self._task = None

    async def _listen(self) -> None:
        """Listen over one connection, until it breaks or nobody listens any more."""
        link = await self._connections.open()
        try:
            self._link = link  # before the first wait: who comes meanwhile tells the server, too
            for channel in list(self._channels):
                await _send(link, b"SSUBSCRIBE", channel)
            while self._channels:
                self._hear(await _next_word(link))
        finally:
            self._link = None
            with suppress(*_BROKEN):
                await link.disconnect(nowait=True)

    def _hear(self, word: Any) -> None:
        """Take in what the server says: a channel is listened to from now on, or has something to tell."""
        kind, channel, *values = word
        if kind == b"ssubscribe":
            self._pass_on(channel, None)
        elif kind == b"smessage":
            self._pass_on(channel, int(values[0]) if values[0].isdigit() else None)

    def _pass_on(self, channel: bytes, number: int | None) -> None:
        for heard in list(self._channels.get(channel, {}).values()):
            heard(number)

    def _tell(self, command: bytes, channel: bytes) -> None:
        """Tell the server which channels are wanted; where there is no connection, the next one begins with them."""
        if self._link is not None:
            task = asyncio.get_running_loop().create_task(_send_if_possible(self._link, command, channel))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)


async def _next_word(link: AbstractConnection) -> Any:
    """Wait for what the server says next, and ask it for a sign of life where it says nothing.

    Raises:
        TimeoutError: it gave none.
    """
    word = await link.read_response(timeout=PING_SECONDS, disconnect_on_error=False)
    if word is None:
        await _send(link, b"PING")
        word = await link.read_response(timeout=PING_SECONDS, disconnect_on_error=False)
    if word is None:
        raise TimeoutError(f"the server gave no sign of life for {PING_SECONDS} s")
    return word


async def _send(link: AbstractConnection, *command: bytes) -> None:
    packed = hiredis.pack_command(command)  # type: ignore[arg-type]  # its stub says a tuple of one
    await link.send_packed_command(packed, check_health=False)


async def _send_if_possible(link: AbstractConnection, *command: bytes) -> None:
    with suppress(*_BROKEN):  # the reader hears of it too, and begins anew
        if link.is_connected:  # else redis-py would connect, and nobody would read from it
            await _send(link, *command)
