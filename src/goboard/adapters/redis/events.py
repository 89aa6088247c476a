"""Events over Redis's sharded pub/sub, which a server alone speaks as a cluster does (Redis 7.0, Valkey 7.2).

The scripts that write publish themselves, in the same call. Here is who listens: one connection to each server, for all
of its boards.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Self

from goboard.adapters.redis.connection import Connections
from goboard.adapters.redis.keys import changes_channel, checked_prefix
from goboard.adapters.redis.listening import BROKEN, Ear
from goboard.adapters.redis.server import Server
from goboard.domain.errors import StoreUnavailable
from goboard.domain.names import BoardName
from goboard.ports.events import Heard

PAUSE_SECONDS = 0.5
"""How long it is waited before a connection that broke is made anew."""

_log = logging.getLogger(__name__)


class RedisEventBus:
    """An `EventBus` on Redis or Valkey. Its tasks run while somebody listens."""

    def __init__(self, connections: Connections, *, prefix: str = "prod:") -> None:
        self._prefix = checked_prefix(prefix)
        self._connections = connections
        self._topology = connections.topology
        self._channels: dict[bytes, dict[object, Heard]] = {}
        self._at: dict[bytes, Ear] = {}
        """Where each channel is listened to; those that are missing are being placed."""
        self._ears: dict[Server, Ear] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._interrupted = False

    @classmethod
    def from_url(cls, url: str, *, prefix: str = "prod:") -> Self:
        """Listen at `url`, as `RedisBoardStore.from_url`, for boards whose keys begin with `prefix`.

        It connects when it is first used.

        Raises:
            InvalidArgument: the URL is not understood, or the prefix has braces.
        """
        return cls(Connections.from_url(url), prefix=prefix)

    def listen(self, board: BoardName, heard: Heard) -> Callable[[], None]:
        channel = changes_channel(self._prefix, board).encode()
        listeners = self._channels.get(channel)
        is_new = listeners is None
        if listeners is None:
            listeners = self._channels[channel] = {}
        listener = object()
        listeners[listener] = heard
        if channel in self._at:
            self._at[channel].add(channel)  # who comes later is told so, too
        elif is_new:
            self._place([channel])

        def end() -> None:
            listeners.pop(listener, None)
            if not listeners and self._channels.get(channel) is listeners:
                del self._channels[channel]
                if ear := self._at.pop(channel, None):
                    ear.drop(channel)

        return end

    async def publish(self, board: BoardName, number: int) -> None:
        channel = changes_channel(self._prefix, board)
        async with self._connections.lease(channel, board=board, lost=StoreUnavailable) as link:
            await link.at(channel, b"SPUBLISH", channel, number)

    async def close(self) -> None:
        self._channels.clear()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._connections.close()

    def _place(self, channels: list[bytes]) -> None:
        """Have channels listened to, each at its server."""
        lost = []
        for channel in channels:
            server = self._topology.server(channel.decode())
            if server is None:
                lost.append(channel)
            elif channel in self._channels:
                self._at[channel] = self._ear(server)
                self._at[channel].add(channel)
        if lost:
            self._begin(self._seek(lost))

    async def _seek(self, channels: list[bytes]) -> None:
        """Find out where channels are, for as long as anybody wants to listen to them."""
        while any(channel in self._channels for channel in channels):
            try:
                await self._topology.find(channels[0].decode())
            except BROKEN as broken:
                self._warn(broken)
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                self._place(channels)
                return

    def _ear(self, server: Server) -> Ear:
        if server not in self._ears:
            self._ears[server] = ear = Ear(server, self._pass_on)
            self._begin(self._keep(ear))
        return self._ears[server]

    async def _keep(self, ear: Ear) -> None:
        """Listen at a server, until nobody wants to, or it is not the right one any more."""
        try:
            await ear.listen(lambda: self._is_right(ear))
        except BROKEN as broken:
            self._warn(broken)
            self._topology.doubt(ear.server)
            await asyncio.sleep(PAUSE_SECONDS)
        finally:
            del self._ears[ear.server]
        left = [channel for channel in ear.channels if self._at.get(channel) is ear]
        for channel in left:
            del self._at[channel]
        self._place(left)

    def _is_right(self, ear: Ear) -> bool:
        return all(self._topology.server(channel.decode()) is ear.server for channel in ear.channels)

    def _pass_on(self, channel: bytes, number: int | None) -> None:
        self._interrupted = False
        for heard in list(self._channels.get(channel, {}).values()):
            heard(number)

    def _warn(self, broken: BaseException) -> None:
        if not self._interrupted:
            _log.warning("listening to changes of boards is interrupted, and is tried again: %r", broken)
        self._interrupted = True

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
