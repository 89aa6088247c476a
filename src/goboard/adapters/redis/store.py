"""The store on Redis."""

import sys
from asyncio import Future, gather
from collections.abc import Sequence
from typing import Any, Self

from goboard.adapters.redis.batch import Batcher
from goboard.adapters.redis.connection import Connections
from goboard.adapters.redis.keys import checked_prefix, standings_key
from goboard.adapters.redis.scripts import RANK
from goboard.adapters.redis.writes import DELETE, REMOVE, ManyWrites, OneWrite, entry, found, increase, setting
from goboard.domain.errors import ScoreOutOfRange, StoreUnavailable
from goboard.domain.names import BoardName, MemberName
from goboard.domain.scores import MAX_SCORE
from goboard.domain.standings import Entry


class RedisBoardStore:
    """A `BoardStore` on a Redis (7.0 or newer) or Valkey (7.2 or newer) server.

    Writes to a board that come while others are under way are sent together. They keep the order of the calls,
    deletions too, so a list of hundreds of thousands of changes holds up the board's later writes; those that it
    holds up for more than 1.5 s are refused with `StoreUnavailable`. A list over 500 changes of which only a part
    was applied fails with `OutcomeUnknown`. Reads do not wait for writes: who has awaited a write sees it.
    """

    def __init__(self, connections: Connections, *, prefix: str = "prod:") -> None:
        self._connections = connections
        self._prefix = checked_prefix(prefix)
        self._batcher = Batcher(connections, prefix)

    @classmethod
    def from_url(cls, url: str, *, prefix: str = "prod:") -> Self:
        """Make a store of the server at `url` (redis://, rediss:// or unix://), its keys beginning with `prefix`.

        It connects when it is first used.

        Raises:
            InvalidArgument: the URL is not understood, or the prefix has braces.
        """
        return cls(Connections.from_url(url), prefix=prefix)

    def increment(self, board: BoardName, member: MemberName, delta: float) -> Future[Entry]:
        return self._write(board, member, increase(delta), entry)

    async def increment_many(
        self, board: BoardName, deltas: Sequence[tuple[MemberName, float]]
    ) -> list[Entry | ScoreOutOfRange]:
        return await self._write_many(board, ManyWrites(deltas, increase)) if deltas else []

    async def set(self, board: BoardName, member: MemberName, score: float) -> Entry:
        result: Entry = await self._write(board, member, setting(score), entry)
        return result

    async def set_many(self, board: BoardName, scores: Sequence[tuple[MemberName, float]]) -> None:
        if scores:
            await self._write_many(board, ManyWrites(scores, setting))

    async def remove(self, board: BoardName, member: MemberName) -> bool:
        result: bool = await self._write(board, member, REMOVE, found)
        return result

    async def top(self, board: BoardName, limit: int) -> list[Entry]:
        last = min(limit, sys.maxsize) - 1
        flat = await self._read(board, b"ZREVRANGE", standings_key(self._prefix, board), 0, last, b"WITHSCORES")
        pairs = zip(flat[::2], flat[1::2], strict=True)
        return [Entry(_shown(member), _clamped(score), rank) for rank, (member, score) in enumerate(pairs, 1)]

    async def rank(self, board: BoardName, member: MemberName) -> Entry | None:
        async with self._connections.lease(board=board, lost=StoreUnavailable) as link:
            reply = await link.run(RANK, standings_key(self._prefix, board), member)
        return None if reply is None else Entry(member, _clamped(reply[0]), reply[1] + 1)

    async def count(self, board: BoardName) -> int:
        members: int = await self._read(board, b"ZCARD", standings_key(self._prefix, board))
        return members

    async def delete(self, board: BoardName) -> bool:
        result: bool = await self._write(board, "", DELETE, found)
        return result

    async def check(self) -> None:
        await self._read("", b"PING")

    async def close(self) -> None:
        await gather(self._connections.close(), self._batcher.close())

    def _write(self, board: BoardName, member: str, change: str, read: Any) -> Future[Any]:
        write = OneWrite(member, change, read)
        self._batcher.put(board, write)
        return write.future

    async def _write_many(self, board: BoardName, write: ManyWrites) -> list[Entry | ScoreOutOfRange]:
        self._batcher.put(board, write)
        return await write.future

    async def _read(self, board: str, *command: str | bytes | int) -> Any:
        async with self._connections.lease(board=board, lost=StoreUnavailable) as link:
            return await link.call(*command)


def _shown(member: bytes) -> str:
    """Show a member's name; what go-board stored may be no valid UTF-8."""
    return member.decode(errors="replace")


def _clamped(score: bytes) -> float:
    return max(-MAX_SCORE, min(MAX_SCORE, float(score))) + 0.0
