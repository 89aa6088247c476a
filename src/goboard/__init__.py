"""goboard: a leaderboard engine, as a library or as a service.

from goboard import Leaderboards
from goboard.adapters.memory import MemoryBoardStore

boards = Leaderboards(MemoryBoardStore())
entry = await boards.increment("global", "ada", 10)
"""

from goboard.domain.errors import (
    AuthenticationError,
    GoboardError,
    InvalidArgument,
    InvalidToken,
    MemberForbidden,
    MemberNotFound,
    MissingToken,
    OutcomeUnknown,
    ScoreOutOfRange,
    StoreCorrupt,
    StoreError,
    StoreUnavailable,
)
from goboard.domain.standings import Entry
from goboard.leaderboards import Leaderboards

__all__ = [
    "AuthenticationError",
    "Entry",
    "GoboardError",
    "InvalidArgument",
    "InvalidToken",
    "Leaderboards",
    "MemberForbidden",
    "MemberNotFound",
    "MissingToken",
    "OutcomeUnknown",
    "ScoreOutOfRange",
    "StoreCorrupt",
    "StoreError",
    "StoreUnavailable",
]
