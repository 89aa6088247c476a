"""A Cluster: each key lies on the server of its slot, which may be another one soon."""

import asyncio
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from redis.asyncio.connection import AbstractConnection
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot
from redis.exceptions import AskError, MovedError, RedisError
from redis.exceptions import ConnectionError as NotConnected

from goboard.adapters.redis.sentinel import ASK_TIMEOUT, latest
from goboard.adapters.redis.server import Address, Server, exchange

ASKED_AT_ONCE = 5
"""Nodes of which the map is asked for at once; most of them have to answer."""
ASK_AGAIN = 0.1
"""Seconds for which nobody asks again for the map: a failover takes some."""


class SlotMap(NamedTuple):
    """What a node tells; of two, the one of the later epoch is right."""

    is_ok: bool
    epoch: int
    ranges: list[tuple[int, int, Address]]
    """First and last slot, and the primary."""


class Cluster:
    """Leads to the primary of each slot."""

    clustered = True

    def __init__(self, seeds: Sequence[Address], options: Mapping[str, Any]) -> None:
        """Make ready to connect, with redis-py's options; nothing is connected yet."""
        self.moves = 0
        self._options = options
        self._seeds = seeds
        self._servers = {address: self._made(address) for address in seeds}
        self._by_slot: list[Server | None] = [None] * REDIS_CLUSTER_HASH_SLOTS
        self._doubted: set[Server] = set()
        self._asked = -ASK_AGAIN
        self._asking: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    def server(self, key: str) -> Server | None:
        server = self._by_slot[key_slot(key.encode())]
        return None if server in self._doubted else server

    async def find(self, key: str) -> Server:
        await asyncio.shield(self._ask_once())
        server = self._by_slot[key_slot(key.encode())]
        if server is None:
            raise NotConnected("no node of the Cluster has the key's slot")
        return server

    async def servers(self) -> Sequence[Server]:
        await asyncio.shield(self._ask_once())
        return list({server for server in self._by_slot if server is not None})

    def doubt(self, server: Server) -> None:
        server.let_go()
        self._doubted.add(server)

    def redirected(self, answer: AskError, by: Server) -> Server:
        server = self._server_at(Address(answer.host or by.host, answer.port))
        if isinstance(answer, MovedError):
            self._by_slot[answer.slot_id] = server
            self._doubted.discard(server)
            self._ask_once()  # beside: a slot seldom moves alone
        return server

    async def close(self) -> None:
        tasks = [*self._closing, *([self._asking] if self._asking is not None else [])]
        if tasks:
            await asyncio.wait(tasks)
        await asyncio.gather(*[server.close() for server in self._servers.values()])

    def _made(self, address: Address) -> Server:
        return Server({**self._options, **address._asdict()})

    def _server_at(self, address: Address) -> Server:
        if address not in self._servers:
            self._servers[address] = self._made(address)
        return self._servers[address]

    def _ask_once(self) -> "asyncio.Task[None]":
        """Ask for the map, unless that was done a moment ago; whoever wants to know meanwhile shares the answer."""
        if self._asking is None or (self._asking.done() and time.monotonic() - self._asked > ASK_AGAIN):
            self._asking = asyncio.get_running_loop().create_task(self._ask())
            self._asking.add_done_callback(_seen)
        return self._asking

    async def _ask(self) -> None:
        try:
            told = await latest([_map_of(self._server_at(address), address) for address in self._to_be_asked()])
        finally:
            self._asked = time.monotonic()
        self._take_in(told.ranges)
        self._doubted.clear()

    def _to_be_asked(self) -> list[Address]:
        """Choose some nodes, and none that is in doubt while there are others: it may be the one that is cut off."""
        trusted = [address for address, server in self._servers.items() if server not in self._doubted]
        chosen = random.sample(trusted, min(ASKED_AT_ONCE, len(trusted)))
        return chosen or list(self._servers)

    def _take_in(self, ranges: Sequence[tuple[int, int, Address]]) -> None:
        by_slot: list[Server | None] = [None] * REDIS_CLUSTER_HASH_SLOTS
        for first, last, address in ranges:
            by_slot[first : last + 1] = [self._server_at(address)] * (last + 1 - first)
        if by_slot != self._by_slot:
            self.moves += 1
        self._by_slot = by_slot
        self._leave({*self._seeds, *(address for _, _, address in ranges)})

    def _leave(self, needed: set[Address]) -> None:
        """Disconnect from nodes that are no primaries any more."""
        for address in self._servers.keys() - needed:
            task = asyncio.get_running_loop().create_task(self._servers.pop(address).close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)


async def _map_of(server: Server, address: Address) -> SlotMap:
    """Ask a node for the map.

    Raises:
        RedisError, OSError: it cannot be reached, or is no node of a Cluster.
    """
    async with asyncio.timeout(ASK_TIMEOUT):
        connection = await server.open()
        try:
            return await _told(connection, address)
        finally:
            with suppress(RedisError, OSError):
                await connection.disconnect(nowait=True)


async def _told(connection: AbstractConnection, address: Address) -> SlotMap:
    info: bytes = await exchange(connection, b"CLUSTER", b"INFO")
    told = dict(line.split(b":", 1) for line in info.split() if b":" in line)
    slots = await exchange(connection, b"CLUSTER", b"SLOTS")
    return SlotMap(told[b"cluster_state"] == b"ok", int(told[b"cluster_current_epoch"]), list(_ranges(slots, address)))


def _ranges(slots: Any, asked: Address) -> Iterator[tuple[int, int, Address]]:
    for first, last, (host, port, *_), *_ in slots:
        if host != b"?":  # a node that has not been told its own name
            yield first, last, Address(host.decode() if host else asked.host, port)


def _seen(task: "asyncio.Task[None]") -> None:
    if not task.cancelled():
        task.exception()
