"""The index of all boards: their names in one sorted set, each of score 0, so that they stand in byte order."""

from collections.abc import Iterator
from itertools import islice

from goboard.adapters.redis.connection import Connections, Link
from goboard.adapters.redis.keys import index_key, standings_key
from goboard.adapters.redis.scripts import PRUNE
from goboard.adapters.redis.server import Server
from goboard.domain.errors import InvalidArgument, StoreUnavailable
from goboard.domain.names import BoardName

MAX_ENTERED = 100_000
"""Boards of which is remembered that they are in the index; at more, all are entered anew."""
SLICE = 1000
"""Keys that one step of the search for boards looks at: about half a millisecond of the server's time."""


class BoardIndex:
    """Follows writes: a board is entered before this process first writes to it, and again where that made the board.

    In a Redis Cluster the index is elsewhere than the board, so one script cannot do both: in between, it may name a
    board that has no members. Who lists boards leaves such a one out, and prunes it.
    """

    def __init__(self, connections: Connections, prefix: str) -> None:
        self._connections = connections
        self._prefix = prefix
        self._key = index_key(prefix)
        self._entered: set[BoardName] = set()
        self._moves = 0

    async def enter(self, board: BoardName, link: Link) -> None:
        """Enter a board, unless that was done before."""
        if self._moves != self._connections.topology.moves:
            self._moves = self._connections.topology.moves
            self._entered.clear()  # whoever has taken over need not have all that was written
        if board not in self._entered:
            try:
                await self.enter_again(board, link)
            finally:
                link.sent = False  # no update was

    async def enter_again(self, board: BoardName, link: Link) -> None:
        """Enter a board that was just made: somebody may have pruned it."""
        await link.at(self._key, b"ZADD", self._key, 0, board)
        if len(self._entered) >= MAX_ENTERED:
            self._entered.clear()
        self._entered.add(board)

    async def names(self, after: str, limit: int) -> list[BoardName]:
        """Give up to `limit` names, from the first after `after` on."""
        low = f"({after}" if after else "-"
        async with self._connections.lease(self._key, board="", lost=StoreUnavailable) as link:
            found = await link.at(self._key, b"ZRANGEBYLEX", self._key, low, b"+", b"LIMIT", 0, limit)
        return [BoardName(name.decode()) for name in found]

    async def prune(self, board: BoardName) -> None:
        """Take a board out of the index of which there is nothing any more."""
        key = standings_key(self._prefix, board)
        async with self._connections.lease(key, board=board, lost=StoreUnavailable) as link:
            if await link.run(PRUNE, key):
                await link.at(self._key, b"ZREM", self._key, board)
                # Whoever made it meanwhile may have entered it before it was taken out: that is seen now, or comes.
                if not await link.run(PRUNE, key):
                    await self.enter_again(board, link)

    async def discover(self) -> None:
        """Enter the boards that others wrote: sorted sets under the prefix, whose names are those of boards."""
        for server in await self._connections.servers():
            await self._discover_at(server)

    async def _discover_at(self, server: Server) -> None:
        cursor = b"0"
        pattern = _literally(self._prefix) + "*"
        while True:
            async with self._connections.lease(server, board="", lost=StoreUnavailable) as link:
                cursor, keys = await link.call(b"SCAN", cursor, b"MATCH", pattern, b"COUNT", SLICE, b"TYPE", b"zset")
                names = iter(self._names_of(keys))
                while chunk := list(islice(names, SLICE)):
                    await link.at(self._key, b"ZADD", self._key, *[part for name in chunk for part in (0, name)])
            if cursor == b"0":
                return

    def _names_of(self, keys: list[bytes]) -> Iterator[BoardName]:
        for key in keys:
            try:
                yield BoardName.parse(key.decode().removeprefix(self._prefix))
            except (UnicodeDecodeError, InvalidArgument):
                continue  # no board's name: it cannot be asked for either


def _literally(text: str) -> str:
    """Write `text` as a pattern that matches nothing else."""
    return "".join(f"\\{char}" if char in "*?[]\\^-" else char for char in text)
