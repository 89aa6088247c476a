"""The use cases, one method an operation: what a library user holds."""

from asyncio import Future
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from goboard.domain.errors import InvalidArgument, MemberNotFound, ScoreOutOfRange
from goboard.domain.names import BoardName, MemberName
from goboard.domain.scores import parse_number, parse_score
from goboard.domain.standings import Entry
from goboard.ports.store import BoardStore


class Leaderboards:
    """Boards of members ranked by score, highest first.

    Names are 1 to 256 bytes of UTF-8 without control characters (a board's has no braces). Scores are doubles within
    ±2^53. A board comes to be on its first write. Every method may raise `InvalidArgument` for input outside these
    rules, before the store is asked, and the store's errors: `StoreUnavailable`, `OutcomeUnknown`, `StoreCorrupt`.

    Close it, or use it as an asynchronous context manager, to give back the store's connections.
    """

    def __init__(self, store: BoardStore) -> None:
        self._store = store

    def increment(self, board: str, member: str, delta: float) -> Future[Entry]:
        """Add `delta` to the member's score (0 for a new member) and tell score and rank: one atomic store call.

        The update is under way when this returns: await the future at once, or start many and await them later.

        Raises:
            ScoreOutOfRange: the score would leave ±2^53; nothing was changed (through the future).
        """
        return self._store.increment(BoardName.parse(board), MemberName.parse(member), parse_number(delta, "increment"))

    def increment_many(self, board: str, deltas: Iterable[tuple[str, float]]) -> Future[list[Entry | ScoreOutOfRange]]:
        """Increment many members in order; each outcome, an entry or the refusal, stands in its increment's place.

        As with `increment`, the updates are under way when this returns.

        Input outside the rules refuses the whole before anything is applied; a score that would leave ±2^53 refuses
        that one increment alone.
        """
        parsed = [(MemberName.parse(member), parse_number(delta, "increment")) for member, delta in deltas]
        return self._store.increment_many(BoardName.parse(board), parsed)

    async def set(self, board: str, member: str, score: float) -> Entry:
        """Put the member on the board with this score, or overwrite the one it has.

        Raises:
            ScoreOutOfRange: the score is beyond ±2^53.
        """
        return await self._store.set(BoardName.parse(board), MemberName.parse(member), parse_score(score, member))

    async def set_many(self, board: str, scores: Iterable[tuple[str, float]]) -> None:
        """Set many members' scores; the last one said for a member holds. A bad one refuses the whole.

        Raises:
            ScoreOutOfRange: a score is beyond ±2^53; nothing was changed.
        """
        parsed = [(MemberName.parse(member), parse_score(score, member)) for member, score in scores]
        await self._store.set_many(BoardName.parse(board), parsed)

    async def remove(self, board: str, member: str) -> bool:
        """Take the member off the board; False: it was not there."""
        return await self._store.remove(BoardName.parse(board), MemberName.parse(member))

    async def top(self, board: str, limit: int = 10) -> list[Entry]:
        """Give the first `limit` (≥ 1) entries, best first; an unknown board has none."""
        if limit < 1:
            raise InvalidArgument(f"limit is {limit}; it must be at least 1")
        return await self._store.top(BoardName.parse(board), limit)

    async def rank(self, board: str, member: str) -> Entry:
        """Give the member's entry.

        Raises:
            MemberNotFound: the member is not on the board.
        """
        entry = await self._store.rank(BoardName.parse(board), MemberName.parse(member))
        if entry is None:
            raise MemberNotFound(board, member)
        return entry

    async def count(self, board: str) -> int:
        """Tell how many members the board has; an unknown board has 0."""
        return await self._store.count(BoardName.parse(board))

    async def delete(self, board: str) -> bool:
        """Delete the board; False: there was none."""
        return await self._store.delete(BoardName.parse(board))

    async def check(self) -> None:
        """Raise `StoreUnavailable` where the store gives no sign of life."""
        await self._store.check()

    async def close(self) -> None:
        """Give back the store's connections."""
        await self._store.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
