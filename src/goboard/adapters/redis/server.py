"""One server, and the connections to it.

redis-py leaves a few of its public methods without annotations: hence the ignores of `no-untyped-call`.
"""

import asyncio
import select
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import hiredis
from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as NoAnswer

CONNECT_TIMEOUT = 1.0
# Redis runs one command at a time, so more connections only lengthen its queue; a board uses one for its writes.
MAX_CONNECTIONS = 32

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


class Address(NamedTuple):
    """Where a server listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Server:
    """At most 32 connections to one server."""

    def __init__(self, options: Mapping[str, Any], *, primary: bool = False) -> None:
        """Make ready to connect, with redis-py's `options`; nothing is connected yet.

        With `primary` no connection begins that leads to something else.

        Raises:
            TypeError, ValueError, RedisError: there is no such option.
        """
        begin = _begin_with_primary if primary else _begin
        self._pool = ConnectionPool(**{**options, **_OPTIONS, "redis_connect_func": begin})
        # Options that it does not know show here, not at the first call.
        self._pool.make_connection()  # type: ignore[no-untyped-call]
        self._slots = asyncio.Semaphore(MAX_CONNECTIONS)

    @property
    def host(self) -> str:
        """The host to which it connects."""
        return str(self._pool.connection_kwargs.get("host", "localhost"))

    @property
    def spare(self) -> bool:
        """Whether nobody needs to wait for a connection."""
        return not self._slots.locked()

    async def take(self) -> AbstractConnection:
        """Lend a connection that was alive a moment ago; `give_back` takes it back.

        Raises:
            RedisError, OSError: there is none to be had.
        """
        await self._slots.acquire()
        try:
            connection: AbstractConnection = await self._pool.get_connection()  # type: ignore[no-untyped-call]
            try:
                await revive(connection)
            except BaseException:
                await self._pool.release(connection)
                raise
        except BaseException:
            self._slots.release()
            raise
        return connection

    async def give_back(self, connection: AbstractConnection) -> None:
        """Take a connection back."""
        try:
            await self._pool.release(connection)
        finally:
            self._slots.release()

    async def open(self) -> AbstractConnection:
        """Open a connection beside those that are lent, to be disconnected by the caller.

        Raises:
            RedisError, OSError: there is none to be had.
        """
        connection: AbstractConnection = self._pool.make_connection()  # type: ignore[no-untyped-call]
        await connection.connect()  # type: ignore[no-untyped-call]
        return connection

    def let_go(self) -> None:
        """Have each connection made anew before it is used again: it may lead to what is no primary any more."""
        for connection in (*self._pool._available_connections, *self._pool._in_use_connections):  # noqa: SLF001 -- redis-py's own way awaits, and meanwhile an idle one may be taken
            connection.mark_for_reconnect()  # type: ignore[no-untyped-call]

    async def close(self) -> None:
        """Wait for what is in flight (its time limit bounds that), then disconnect."""
        for _ in range(MAX_CONNECTIONS):  # first come, first served: all slots are ours when all are back
            await self._slots.acquire()
        with suppress(RedisError, OSError):
            await self._pool.aclose()


async def exchange(connection: AbstractConnection, *command: str | bytes) -> Any:
    """Send a command over a connection that nobody else uses, and give the answer."""
    packed = hiredis.pack_command(command)  # type: ignore[arg-type]  # its stub says a tuple of one
    await connection.send_packed_command(packed, check_health=False)
    return await connection.read_response(disconnect_on_error=True)


async def _begin(connection: AbstractConnection) -> None:
    """Begin a connection as redis-py does, in the time that connecting may take: a server that hangs accepts, too."""
    await _in_time(connection.on_connect())


async def _begin_with_primary(connection: AbstractConnection) -> None:
    """Begin a connection, and see that it leads to a primary: names and Sentinels may be late to tell.

    HELLO tells the role to users who may not ask ROLE or INFO.
    """
    await _begin(connection)
    told = await _in_time(exchange(connection, b"HELLO"))
    if dict(zip(told[::2], told[1::2], strict=True)).get(b"role") != b"master":
        raise NotConnected("the server that was named as the primary is none")


async def _in_time(step: Awaitable[Any]) -> Any:
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            return await step
    except TimeoutError:  # redis-py cleans up after errors of its own alone
        raise NoAnswer("the server did not answer when a connection began") from None


async def revive(connection: AbstractConnection) -> None:
    """Connect anew where the peer has gone since the last call: before anything is sent that is safe.

    redis-py asks the stream alone, which hears of the peer's end only when the event loop has turned since.
    """
    if connection.should_reconnect() or _peer_is_gone(connection):  # type: ignore[no-untyped-call]
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
