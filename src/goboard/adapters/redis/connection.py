"""Connections to Redis, used so that "not sent" and "sent and not answered" are told apart.

redis-py leaves a few of its public methods without annotations: hence the ignores of `no-untyped-call`.
"""

import asyncio
import re
import select
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Self
from weakref import WeakKeyDictionary

import hiredis
from redis.asyncio.connection import AbstractConnection, ConnectionPool, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError, ResponseError

from goboard.adapters.redis.failures import Lost, translated
from goboard.adapters.redis.scripts import Script
from goboard.domain.errors import InvalidArgument, StoreUnavailable

STORE_TIMEOUT = 1.5
"""Seconds that one exchange may take, connecting included: under the 2 s within which a caller is to hear."""
ANSWER_WITHIN = 1.9
"""Seconds within which a caller is to hear, also one who waited behind a call that the store was slow to answer."""
CONNECT_TIMEOUT = 1.0
# Redis runs one command at a time, so more connections only lengthen its queue; a board uses one for its writes.
MAX_CONNECTIONS = 32

_RUN_CHARS = 8

_OPTIONS: dict[str, Any] = {
    "max_connections": MAX_CONNECTIONS,
    "socket_connect_timeout": CONNECT_TIMEOUT,
    "socket_timeout": None,  # a lease has a time limit of its own, over all its steps
    "retry": Retry(NoBackoff(), 0),  # a repeated write would count twice
    "retry_on_timeout": False,
    "retry_on_error": [],
    "protocol": 2,
    "legacy_responses": True,
    "decode_responses": False,
    "driver_info": None,  # spares CLIENT SETINFO at each connect
}


class Link:
    """One connection while it is leased."""

    def __init__(self, connection: AbstractConnection, limit: asyncio.Timeout, runs: MutableMapping[Any, str]) -> None:
        self._connection = connection
        self._limit = limit
        self._runs = runs
        self.sent = False

    async def renew(self) -> None:
        """Begin anew, as a lease does: with a peer that was alive a moment ago, and all the time that a lease has."""
        self.sent = False
        self._limit.reschedule(asyncio.get_running_loop().time() + STORE_TIMEOUT)
        await _revive(self._connection)

    def answer_by(self, when: float) -> None:
        """Bring the lease's time limit forward to `when` (the loop's clock)."""
        limit = self._limit.when()
        if limit is None or when < limit:
            self._limit.reschedule(when)

    async def call(self, *command: str | bytes | int) -> Any:
        """Send a command and give its answer."""
        self.sent = True
        packed = hiredis.pack_command(command)  # type: ignore[arg-type]  # its stub says a tuple of one
        await self._connection.send_packed_command(packed, check_health=False)
        # Disconnected when it is broken off: the answer still due would be taken for the next caller's.
        return await self._connection.read_response(disconnect_on_error=True)

    async def run(self, script: Script, key: str, *arguments: str | bytes) -> Any:
        """Run a script. An unknown digest means that nothing ran, so sending the text after it applies once."""
        try:
            return await self.call(b"EVALSHA", script.digest, 1, key, *arguments)
        except NoScriptError:
            return await self.call(b"EVAL", script.source, 1, key, *arguments)

    async def server_run(self) -> str:
        """Name the run of the server at the other end; empty: it does not tell.

        After a restart or a failover it is another, and what was written last may be lost. Asked once a connection.
        """
        peer = self._connection._writer  # noqa: SLF001 -- another with each connect
        if peer not in self._runs:
            self._runs[peer] = await self._ask_run()
        return self._runs[peer]

    async def _ask_run(self) -> str:
        try:
            told: bytes = await self.call(b"INFO", b"server")
        except ResponseError:  # a user who may not ask
            return ""
        found = re.search(rb"^run_id:(\w+)", told, re.MULTILINE)
        return found[1].decode()[:_RUN_CHARS] if found else ""


class Connections:
    """At most 32 connections to one server. Nothing is ever sent twice."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool
        self._slots = asyncio.Semaphore(MAX_CONNECTIONS)
        self._closed = False
        self._runs: MutableMapping[Any, str] = WeakKeyDictionary()
        """Which run of the server each connection leads to, by its stream."""

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Make ready to connect to `url`: redis://, rediss:// (TLS) or unix://; nothing is connected yet.

        Raises:
            InvalidArgument: the URL is not understood.
        """
        try:
            pool = ConnectionPool(**{**parse_url(url), **_OPTIONS})
            # Options that it does not know show here, not at the first call.
            pool.make_connection()  # type: ignore[no-untyped-call]
        except (TypeError, ValueError, RedisError):
            # Neither the URL nor the cause is shown: both may hold a part of the password.
            raise InvalidArgument(
                "the store's URL must be a redis://, rediss:// or unix:// URL as redis-py takes it"
            ) from None
        return cls(pool)

    @property
    def spare(self) -> bool:
        """Whether nobody needs to wait for a connection."""
        return not self._slots.locked()

    async def open(self) -> AbstractConnection:
        """Open a connection beside those that are lent, to be disconnected by the caller.

        Raises:
            RedisError, OSError, TimeoutError: there is none to be had.
        """
        connection = self._pool.make_connection()  # type: ignore[no-untyped-call]
        async with asyncio.timeout(STORE_TIMEOUT):
            await connection.connect()
        result: AbstractConnection = connection
        return result

    @asynccontextmanager
    async def lease(self, *, board: str, lost: Lost) -> AsyncIterator[Link]:
        """Lend a connection that was alive a moment ago, for at most STORE_TIMEOUT seconds.

        Raises:
            StoreUnavailable: there is none to be had, or the server refused; nothing was applied.
            lost: something was sent and not answered.
            StoreCorrupt: the key of `board` holds something else.
        """
        if self._closed:
            raise StoreUnavailable("the store is closed; nothing was changed")
        link = None
        try:
            async with asyncio.timeout(STORE_TIMEOUT) as limit, self._slots:
                connection = await self._pool.get_connection()  # type: ignore[no-untyped-call]
                link = Link(connection, limit, self._runs)
                try:
                    await _revive(connection)
                    yield link
                finally:
                    await self._pool.release(connection)
        except (RedisError, OSError) as exc:
            raise translated(exc, sent=link is not None and link.sent, board=board, lost=lost) from exc

    async def close(self) -> None:
        """Wait for what is in flight (its time limit bounds that), then disconnect."""
        if self._closed:
            return
        self._closed = True
        for _ in range(MAX_CONNECTIONS):  # first come, first served: all slots are ours when all are back
            await self._slots.acquire()
        with suppress(RedisError, OSError):
            await self._pool.aclose()


async def _revive(connection: AbstractConnection) -> None:
    """Connect anew where the peer has gone since the last call: before anything is sent that is safe.

    redis-py asks the stream alone, which hears of the peer's end only when the event loop has turned since.
    """
    if _peer_is_gone(connection):
        await connection.disconnect(nowait=True)
        await connection.connect()  # type: ignore[no-untyped-call]


def _peer_is_gone(connection: AbstractConnection) -> bool:
    writer = connection._writer  # noqa: SLF001 - redis-py has no public way to the socket
    if writer is None or writer.transport.is_closing():
        return True
    if writer.get_extra_info("sslcontext") is not None:  # TLS has talk of its own; the stream hears of the end later
        return False
    poll = select.poll()
    poll.register(writer.get_extra_info("socket"), select.POLLIN)
    return bool(poll.poll(0))  # nobody is owed an answer here, so what can be read is the end, or an error
