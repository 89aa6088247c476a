"""The store on Redis."""

from asyncio import Future, gather
from collections.abc import Sequence
from typing import Self

from goboard.adapters.redis.batch import Batcher
from goboard.adapters.redis.connection import Connections
from goboard.adapters.redis.keys import checked_prefix
from goboard.adapters.redis.reads import Reader
from goboard.adapters.redis.snapshots import TopSnapshots
from goboard.adapters.redis.writes import DELETE, REMOVE, entry, found, increase, setting
from goboard.domain.errors import ScoreOutOfRange, StoreUnavailable
from goboard.domain.names import BoardName, MemberName
from goboard.domain.standings import Entry


class RedisBoardStore:
    """A `BoardStore` on a Redis (7.0 or newer) or Valkey (7.2 or newer) server.

    Writes to a board that come while others are under way are sent together. They keep the order of the calls,
    deletions too, so a list of hundreds of thousands of changes holds up the board's later writes; those that it
    holds up for more than 1.5 s are refused with `StoreUnavailable`. A list over 500 changes of which only a part
    was applied fails with `OutcomeUnknown`. Reads of a board that come while others are under way are sent together
    too; they do not wait for writes, and who has awaited a write sees it.
    """

    def __init__(self, connections: Connections, *, prefix: str = "prod:", top_snapshot: float = 0) -> None:
        self._connections = connections
        self._batcher = Batcher(connections, checked_prefix(prefix))
        self._reader = Reader(connections, prefix, TopSnapshots(top_snapshot))

    @classmethod
    def from_url(cls, url: str, *, prefix: str = "prod:", top_snapshot: float = 0) -> Self:
        """Make a store of the server at `url` (redis://, rediss:// or unix://), its keys beginning with `prefix`.

        It connects when it is first used. With `top_snapshot` over 0, `top` may answer with what it read up to so
        many seconds ago, so that any number of callers costs the server one read in that time.

        Raises:
            InvalidArgument: the URL is not understood, or the prefix has braces.
        """
        return cls(Connections.from_url(url), prefix=prefix, top_snapshot=top_snapshot)

    def increment(self, board: BoardName, member: MemberName, delta: float) -> Future[Entry]:
        return self._batcher.put_one(board, member, increase(delta), entry)

    def increment_many(
        self, board: BoardName, deltas: Sequence[tuple[MemberName, float]]
    ) -> Future[list[Entry | ScoreOutOfRange]]:
        return self._batcher.put_many(board, deltas, increase)

    async def set(self, board: BoardName, member: MemberName, score: float) -> Entry:
        result: Entry = await self._batcher.put_one(board, member, setting(score), entry)
        return result

    async def set_many(self, board: BoardName, scores: Sequence[tuple[MemberName, float]]) -> None:
        await self._batcher.put_many(board, scores, setting)

    async def remove(self, board: BoardName, member: MemberName) -> bool:
        result: bool = await self._batcher.put_one(board, member, REMOVE, found)
        return result

    async def top(self, board: BoardName, limit: int) -> list[Entry]:
        return await self._reader.top(board, limit)

    async def rank(self, board: BoardName, member: MemberName) -> Entry | None:
        return await self._reader.rank(board, member)

    async def count(self, board: BoardName) -> int:
        return await self._reader.count(board)

    async def delete(self, board: BoardName) -> bool:
        result: bool = await self._batcher.put_one(board, "", DELETE, found)
        return result

    async def check(self) -> None:
        async with self._connections.lease(board="", lost=StoreUnavailable) as link:
            await link.call(b"PING")

    async def close(self) -> None:
        await gather(self._connections.close(), self._batcher.close(), self._reader.close())
