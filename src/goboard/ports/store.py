"""The port for storage."""

from asyncio import Future
from collections.abc import Sequence
from typing import Protocol

from goboard.domain.errors import ScoreOutOfRange
from goboard.domain.names import BoardName, MemberName
from goboard.domain.standings import Entry


class BoardStore(Protocol):
    """Keeps boards: each a set of members with a score, ordered by score, highest first.

    Members of equal score are ordered by name, greatest bytes first (Redis's reverse order). A board comes to be
    with its first member and is gone with its last. Each operation is atomic. Writes to one board take effect
    in the order of the calls within one store object.

    Every method may raise:
        StoreUnavailable: the store could not be asked; nothing was applied.
        OutcomeUnknown: the store was asked and did not answer (writes only).
        StoreCorrupt: something other than a board stands in the board's place.
    """

    def increment(self, board: BoardName, member: MemberName, delta: float) -> Future[Entry]:
        """Add `delta` (finite) to the member's score, a new member's being 0, and tell score and rank after it.

        The update is under way when this returns, so that a caller can have many in flight without a task for
        each; the future brings the entry or the error. A future that was cancelled before its update was sent
        applies nothing.

        Raises (through the future):
            ScoreOutOfRange: the score would leave ±2^53; nothing was changed.
        """
        ...

    def increment_many(
        self, board: BoardName, deltas: Sequence[tuple[MemberName, float]]
    ) -> Future[list[Entry | ScoreOutOfRange]]:
        """Do the increments in order and give each one's outcome in its place; under way when this returns.

        One that is refused leaves the others alone. Each entry holds score and rank right after its own
        increment. Each increment is atomic; a long list as a whole is not.
        """
        ...

    async def set(self, board: BoardName, member: MemberName, score: float) -> Entry:
        """Put the member's score (within ±2^53) in place of what it had, and tell its rank."""
        ...

    async def set_many(self, board: BoardName, scores: Sequence[tuple[MemberName, float]]) -> None:
        """Set the scores in order; the last one said for a member holds."""
        ...

    async def remove(self, board: BoardName, member: MemberName) -> bool:
        """Take the member off the board; False: it was not there."""
        ...

    async def top(self, board: BoardName, limit: int) -> list[Entry]:
        """Give the first `limit` (≥ 1) entries, best first; an unknown board has none."""
        ...

    async def rank(self, board: BoardName, member: MemberName) -> Entry | None:
        """Give the member's entry, score and rank of one moment; None: it is not on the board."""
        ...

    async def count(self, board: BoardName) -> int:
        """Tell how many members the board has; an unknown board has 0."""
        ...

    async def delete(self, board: BoardName) -> bool:
        """Delete the board with all that belongs to it; False: there was none."""
        ...

    async def check(self) -> None:
        """Ask the store for a sign of life, within 2 seconds."""
        ...

    async def close(self) -> None:
        """Give back connections. What is under way is answered or fails; afterwards the store is of no use."""
        ...
