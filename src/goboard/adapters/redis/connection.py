"""Connections to Redis, used so that "not sent" and "sent and not answered" are told apart."""

import asyncio
import re
import time
from asyncio import Future
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, MutableMapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self
from weakref import WeakKeyDictionary

import hiredis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import AskError, MovedError, NoScriptError, RedisError, ResponseError

from goboard.adapters.redis.failures import Lost, casts_doubt, says_elsewhere, translated
from goboard.adapters.redis.scripts import Script, guarded
from goboard.adapters.redis.server import Server, revive
from goboard.adapters.redis.topology import Topology
from goboard.adapters.redis.urls import topology_of
from goboard.domain.errors import StoreUnavailable
from goboard.ports.measures import UNMEASURED, StoreMeasures
from goboard.ports.spans import StoreSpans

STORE_TIMEOUT = 1.5
"""Seconds that one exchange may take, connecting included: under the 2 s within which a caller is to hear."""
ANSWER_WITHIN = 1.9
"""Seconds within which a caller is to hear, also one who waited behind a call that the store was slow to answer."""
MOVING_PAUSE = 0.02
"""Seconds until a key is asked for again that is on its way to another server."""
ENOUGH_TIME = 0.3
"""Seconds that have to be left for that: a caller whose time ends on the way would not know what has become of it."""

_RUN_CHARS = 8


class Link:
    """One connection at a time while it is leased, to the server of the key that is asked for."""

    def __init__(
        self,
        topology: Topology,
        limit: asyncio.Timeout,
        runs: MutableMapping[Any, str],
        measures: StoreMeasures = UNMEASURED,
        spans: StoreSpans | None = None,
    ) -> None:
        self._topology = topology
        self._limit = limit
        self._runs = runs
        self._measures = measures
        self._spans = spans
        self._server: Server | None = None
        self._connection: AbstractConnection
        self._holds = False
        self._asking = False
        self.sent = False

    @property
    def spare(self) -> bool:
        """Whether nobody needs to wait for a connection to this server."""
        return self._server is None or self._server.spare

    async def lead_to(self, key: str) -> None:
        """Lead to the server of `key`, by another connection where need be.

        Raises:
            RedisError, OSError: it cannot be reached.
        """
        server = self._topology.server(key)
        if server is not None and server is self._server and self._holds and not self._asking:
            return
        first = server or await self._topology.find(key)
        try:
            await self.take(first)
        except (RedisError, OSError):
            # Nothing was sent: where another has taken over meanwhile, it may as well hear it.
            self._topology.doubt(first)
            second = await self._topology.find(key)
            if second is first:
                raise
            await self.take(second)

    async def take(self, server: Server, *, asking: bool = False) -> None:
        """Take a connection to `server` in place of the one before."""
        await self.leave()
        self._server = None  # who waits for a connection has nobody to blame
        self._connection = await server.take()
        self._server, self._asking, self._holds = server, asking, True

    async def leave(self) -> None:
        """Give the connection back."""
        if self._holds and self._server is not None:
            self._holds = False
            await self._server.give_back(self._connection)

    def blame(self, failure: Exception) -> None:
        """Have the server doubted where that is what `failure` means."""
        if self._server is not None and casts_doubt(failure):
            self._topology.doubt(self._server)

    async def renew(self) -> None:
        """Begin anew, as a lease does: with a peer that was alive a moment ago, and all the time that a lease has."""
        self.sent = False
        self._limit.reschedule(asyncio.get_running_loop().time() + STORE_TIMEOUT)
        await revive(self._connection)

    def answer_by(self, when: float) -> None:
        """Bring the lease's time limit forward to `when` (the loop's clock)."""
        limit = self._limit.when()
        if limit is None or when < limit:
            self._limit.reschedule(when)

    async def call(self, *command: str | bytes | int) -> Any:
        """Send a command to the server at hand, and give its answer."""
        if self._asking:  # it holds for the next command alone
            await self._exchange(b"ASKING")
        return await self._exchange(*command)

    async def at(self, key: str, *command: str | bytes | int) -> Any:
        """Send a command to the server of `key`, which is in it, and give its answer."""
        await self.lead_to(key)
        try:
            return await self.call(*command)
        except ResponseError as refusal:
            return await self._follow(refusal, key, lambda: self.call(*command))

    async def run(
        self,
        script: Script,
        key: str,
        *arguments: str | bytes,
        size: int = 1,
        answers: Callable[[], Iterable[Future[Any]]] | None = None,
    ) -> Any:
        """Run a script at the server of `key`, for `size` updates or reads, whose callers wait for `answers`."""
        begun = time.perf_counter()
        await self.lead_to(key)
        try:
            reply = await self._run(script, key, arguments)
        except ResponseError as refusal:
            reply = await self._follow(refusal, key, lambda: self._run(script, key, arguments))
        seconds = time.perf_counter() - begun
        self._measures.ran(script.name, size, seconds)
        if self._spans is not None:
            self._spans.ran(script.name, size, seconds, answers)
        return reply

    async def server_run(self) -> str:
        """Name the run of the server at the other end; empty: it does not tell.

        After a restart or a failover it is another, and what was written last may be lost. Asked once a connection.
        """
        peer = self._connection._writer  # noqa: SLF001 -- another with each connect
        if peer not in self._runs:
            self._runs[peer] = await self._ask_run()
        return self._runs[peer]

    async def _run(self, script: Script, key: str, arguments: Sequence[str | bytes]) -> Any:
        """Run a script. An unknown digest means that nothing ran, so sending the text after it applies once."""
        if self._topology.clustered:
            script = guarded(script)
        try:
            return await self.call(b"EVALSHA", script.digest, 1, key, *arguments)
        except NoScriptError:
            return await self.call(b"EVAL", script.source, 1, key, *arguments)

    async def _follow(self, refusal: ResponseError, key: str, again: Callable[[], Awaitable[Any]]) -> Any:
        """Say it again where the refusal points to, or later: whoever refused so has done nothing of it."""
        redirected = False
        while self._server is not None and says_elsewhere(refusal) and self._time_left() > ENOUGH_TIME:
            self.sent = False
            if isinstance(refusal, AskError) and not redirected:
                redirected = True
                asking = not isinstance(refusal, MovedError)
                await self.take(self._topology.redirected(refusal, self._server), asking=asking)
            else:
                redirected = False
                await asyncio.sleep(MOVING_PAUSE)
                await self.lead_to(key)
            try:
                return await again()
            except ResponseError as once_more:
                refusal = once_more
        raise refusal

    def _time_left(self) -> float:
        return (self._limit.when() or 0.0) - asyncio.get_running_loop().time()

    async def _exchange(self, *command: str | bytes | int) -> Any:
        self.sent = True
        packed = hiredis.pack_command(command)  # type: ignore[arg-type]  # its stub says a tuple of one
        await self._connection.send_packed_command(packed, check_health=False)
        # Disconnected when it is broken off: the answer still due would be taken for the next caller's.
        return await self._connection.read_response(disconnect_on_error=True)

    async def _ask_run(self) -> str:
        try:
            told: bytes = await self.call(b"INFO", b"server")
        except ResponseError:  # a user who may not ask
            return ""
        found = re.search(rb"^run_id:(\w+)", told, re.MULTILINE)
        return found[1].decode()[:_RUN_CHARS] if found else ""


class Connections:
    """At most 32 connections to each server. Nothing is ever sent twice that may have been done."""

    def __init__(
        self, topology: Topology, measures: StoreMeasures = UNMEASURED, spans: StoreSpans | None = None
    ) -> None:
        self.topology = topology
        self.measures = measures
        self.spans = spans
        self._closed = False
        self._runs: MutableMapping[Any, str] = WeakKeyDictionary()
        """Which run of the server each connection leads to, by its stream."""

    @classmethod
    def from_url(cls, url: str, measures: StoreMeasures = UNMEASURED, spans: StoreSpans | None = None) -> Self:
        """Make ready to connect to `url`; nothing is connected yet.

        Raises:
            InvalidArgument: the URL is not understood.
        """
        return cls(topology_of(url), measures, spans)

    @asynccontextmanager
    async def lease(self, at: str | Server, *, board: str, lost: Lost) -> AsyncIterator[Link]:
        """Lend a connection that was alive a moment ago, for at most STORE_TIMEOUT seconds.

        It leads to a server, or to that of a key.

        Raises:
            StoreUnavailable: there is none to be had, or the server refused; nothing was applied.
            lost: something was sent and not answered.
            StoreCorrupt: the key of `board` holds something else.
        """
        if self._closed:
            raise StoreUnavailable("the store is closed; nothing was changed")
        link = None
        try:
            async with asyncio.timeout(STORE_TIMEOUT) as limit:
                link = Link(self.topology, limit, self._runs, self.measures, self.spans)
                try:
                    await (link.lead_to(at) if isinstance(at, str) else link.take(at))
                    yield link
                finally:
                    await link.leave()
        except (RedisError, OSError) as exc:
            if link is not None:
                link.blame(exc)
            error = translated(exc, sent=link is not None and link.sent, board=board, lost=lost)
            self.measures.failed(error)
            raise error from exc

    async def servers(self) -> Sequence[Server]:
        """Give the servers that hold all keys together.

        Raises:
            StoreUnavailable: nobody tells.
        """
        try:
            async with asyncio.timeout(STORE_TIMEOUT):
                return await self.topology.servers()
        except (RedisError, OSError) as exc:
            raise StoreUnavailable from exc

    async def close(self) -> None:
        """Wait for what is in flight (its time limit bounds that), then disconnect."""
        if self._closed:
            return
        self._closed = True
        await self.topology.close()
