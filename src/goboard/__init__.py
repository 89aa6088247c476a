"""goboard: a leaderboard engine, as a library or as a service.

from goboard import Leaderboards
from goboard.adapters.memory import MemoryBoardStore

boards = Leaderboards(MemoryBoardStore())
entry = await boards.increment("global", "ada", 10)
"""

from goboard.domain.errors import (
    ArchiveExists,
    AttemptsExhausted,
    AuthenticationError,
    BoardBusy,
    CursorStale,
    GoboardError,
    IncrementTooLarge,
    InvalidArgument,
    InvalidToken,
    MemberForbidden,
    MemberNotFound,
    MissingToken,
    OperatorMismatch,
    OutcomeUnknown,
    PeriodNotFound,
    RoleRequired,
    RulesConflict,
    ScoreOutOfRange,
    StoreCorrupt,
    StoreError,
    StoreUnavailable,
    UpdateRefused,
)
from goboard.domain.periods import Period
from goboard.domain.rules import Attempts, BoardRules, Operator, Order, Rules, Ties
from goboard.domain.standings import Bin, BoardSize, Entry, Lookup, MemberDetails, Outcome, Stats, Submission
from goboard.leaderboards import EntriesPage, Leaderboards, submission

__all__ = [
    "ArchiveExists",
    "Attempts",
    "AttemptsExhausted",
    "AuthenticationError",
    "Bin",
    "BoardBusy",
    "BoardRules",
    "BoardSize",
    "CursorStale",
    "EntriesPage",
    "Entry",
    "GoboardError",
    "IncrementTooLarge",
    "InvalidArgument",
    "InvalidToken",
    "Leaderboards",
    "Lookup",
    "MemberDetails",
    "MemberForbidden",
    "MemberNotFound",
    "MissingToken",
    "Operator",
    "OperatorMismatch",
    "Order",
    "Outcome",
    "OutcomeUnknown",
    "Period",
    "PeriodNotFound",
    "RoleRequired",
    "Rules",
    "RulesConflict",
    "ScoreOutOfRange",
    "Stats",
    "StoreCorrupt",
    "StoreError",
    "StoreUnavailable",
    "Submission",
    "Ties",
    "UpdateRefused",
    "submission",
]
