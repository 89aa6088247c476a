"""The primary that Sentinels name: they are asked twice a second while the store is used, and when it is in doubt."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import AskError, RedisError, ResponseError
from redis.exceptions import ConnectionError as NotConnected

from goboard.adapters.redis.server import Address, Server, exchange

ASK_TIMEOUT = 0.5
"""Seconds that a Sentinel may take to answer: several may be gone, and a caller hears within 2 s."""
STRAGGLER_TIMEOUT = 0.05
ASK_EVERY = 0.5
"""Seconds for which the answer is taken to hold. A primary that is cut off from its Sentinels tells nobody itself."""

_log = logging.getLogger(__name__)


class SentinelPrimary:
    """Leads to the server that most Sentinels take for the primary, and to none that is not one."""

    clustered = False

    def __init__(
        self,
        service: str,
        sentinels: Sequence[Address],
        sentinel_options: Mapping[str, Any],
        options: Mapping[str, Any],
    ) -> None:
        """Make ready to connect, with redis-py's options; nothing is connected yet."""
        self.moves = 0
        self._service = service
        self._sentinels = [_Sentinel(address, sentinel_options) for address in sentinels]
        self._options = options
        self._address: Address | None = None
        self._server: Server | None = None
        self._trusted = False
        Server(options)  # wrong options show here
        self._asked = 0.0
        self._asking: asyncio.Task[Server] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    def server(self, _key: str) -> Server | None:
        if not self._trusted:
            return None
        if time.monotonic() - self._asked > ASK_EVERY:
            self._ask_once()  # beside: who calls does not wait for it
        return self._server

    async def find(self, _key: str) -> Server:
        return await asyncio.shield(self._ask_once())

    async def servers(self) -> Sequence[Server]:
        return [await self.find("")]

    def doubt(self, server: Server) -> None:
        server.let_go()
        if server is self._server:
            self._trusted = False

    def redirected(self, answer: AskError, by: Server) -> Server:  # noqa: ARG002 -- as the protocol says it
        raise answer  # one node of a Cluster, and the key is on another

    async def close(self) -> None:
        tasks = [*self._closing, *([self._asking] if self._asking is not None else [])]
        if tasks:
            await asyncio.wait(tasks)
        if self._server is not None:
            await self._server.close()
        await asyncio.gather(*[sentinel.close() for sentinel in self._sentinels])

    def _ask_once(self) -> "asyncio.Task[Server]":
        """Ask; whoever wants to know while that is under way shares the answer."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().create_task(self._ask())
            self._asking.add_done_callback(_seen)
        return self._asking

    async def _ask(self) -> Server:
        self._asked = time.monotonic()
        _, address = await latest([each.name_of(self._service) for each in self._sentinels])
        if self._server is None or address != self._address:
            self._leave()
            self._address = address
            self._server = Server({**self._options, **address._asdict()}, primary=True)
            _log.info("the primary of %r is %s", self._service, address)
        self._trusted = True
        return self._server

    def _leave(self) -> None:
        if self._server is None:
            return
        self.moves += 1
        self._server.let_go()
        task = asyncio.get_running_loop().create_task(self._server.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


class _Sentinel:
    """One Sentinel, over a connection that is kept."""

    def __init__(self, address: Address, options: Mapping[str, Any]) -> None:
        self._server = Server({**options, **address._asdict()})
        self._connection: AbstractConnection | None = None

    async def name_of(self, service: str) -> tuple[int, Address]:
        """Ask for the primary of `service`, and the epoch in which it became that: of two, the later one is right.

        Raises:
            RedisError, OSError: the Sentinel cannot be reached, or knows of none.
        """
        try:
            async with asyncio.timeout(ASK_TIMEOUT):
                if self._connection is None:
                    self._connection = await self._server.open()
                # The second names the new primary as soon as it has been promoted.
                flat = await exchange(self._connection, b"SENTINEL", b"MASTER", service)
                host, port = await exchange(self._connection, b"SENTINEL", b"GET-MASTER-ADDR-BY-NAME", service)
        except ResponseError:
            raise
        except BaseException:
            await self._disconnect()
            raise
        told = dict(zip(flat[::2], flat[1::2], strict=False))
        return int(told.get(b"config-epoch", 0)), Address(host.decode(), int(port))

    async def close(self) -> None:
        await self._disconnect()

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(RedisError, OSError):
                await connection.disconnect(nowait=True)


_Told = TypeVar("_Told", bound=tuple[Any, ...])


async def latest(questions: Sequence[Awaitable[_Told]]) -> _Told:
    """Give the greatest answer of all who answer; once most have, the others are not waited for long.

    Raises:
        ConnectionError: nobody answers.
    """
    asked = [asyncio.ensure_future(question) for question in questions]
    try:
        return await _greatest(asked)
    finally:
        for task in asked:
            task.cancel()
        await asyncio.wait(asked)


async def _greatest(asked: "Sequence[asyncio.Future[_Told]]") -> _Told:
    answers: list[_Told] = []
    failures: list[str] = []
    pending = set(asked)
    while pending:
        patience = STRAGGLER_TIMEOUT if 2 * len(answers) > len(asked) else None
        done, pending = await asyncio.wait(pending, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            break
        for task in done:
            try:
                answers.append(task.result())
            except (RedisError, OSError) as failure:
                failures.append(repr(failure))
    if not answers:
        raise NotConnected(f"nobody tells where the store is: {'; '.join(failures)}")
    return max(answers)


def _seen(task: "asyncio.Task[Server]") -> None:
    if not task.cancelled():
        task.exception()
