"""The operations of REST, free of any framework: the shortcut and the framework's routes answer with the same."""

from typing import NamedTuple, Self

from goboard.entrypoints.http.reading import Reads
from goboard.entrypoints.http.writing import Writes
from goboard.leaderboards import Leaderboards


class Operations(NamedTuple):
    """What REST offers. The names that an operation takes are path segments as they were sent."""

    reads: Reads
    writes: Writes

    @classmethod
    def on(cls, boards: Leaderboards, max_limit: int, *, allow_self_delete: bool) -> Self:
        """Offer these boards; `allow_self_delete` lets a member without the role server remove itself."""
        return cls(Reads(boards, max_limit), Writes(boards, allow_self_delete))
