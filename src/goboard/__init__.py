"""goboard: a leaderboard engine, as a library or as a service.

from goboard import Leaderboards
from goboard.adapters.memory import MemoryBoardStore

boards = Leaderboards(MemoryBoardStore())
entry = await boards.increment("global", "ada", 10)
"""

from goboard.arguments import submission
from goboard.domain.errors import (
    ArchiveExists,
    AttemptsExhausted,
    AuthenticationError,
    BoardBusy,
    CursorStale,
    GoboardError,
    IdempotencyFull,
    IdempotencyMismatch,
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
    TooManyWatches,
    UpdateRefused,
)
from goboard.domain.idempotency import IdempotencyKey, Retention
from goboard.domain.periods import Period
from goboard.domain.rules import Attempts, BoardRules, Operator, Order, Rules, Ties
from goboard.domain.standings import Bin, BoardSize, Entry, Lookup, MemberDetails, Outcome, Stats, Submission
from goboard.domain.views import Sight, Version, View
from goboard.leaderboards import EntriesPage, Leaderboards
from goboard.live import Change, Ended, LiveStandings, Snapshot

__all__ = [
    "ArchiveExists",
    "Attempts",
    "AttemptsExhausted",
    "AuthenticationError",
    "Bin",
    "BoardBusy",
    "BoardRules",
    "BoardSize",
    "Change",
    "CursorStale",
    "Ended",
    "EntriesPage",
    "Entry",
    "GoboardError",
    "IdempotencyFull",
    "IdempotencyKey",
    "IdempotencyMismatch",
    "IncrementTooLarge",
    "InvalidArgument",
    "InvalidToken",
    "Leaderboards",
    "LiveStandings",
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
    "Retention",
    "RoleRequired",
    "Rules",
    "RulesConflict",
    "ScoreOutOfRange",
    "Sight",
    "Snapshot",
    "Stats",
    "StoreCorrupt",
    "StoreError",
    "StoreUnavailable",
    "Submission",
    "Ties",
    "TooManyWatches",
    "UpdateRefused",
    "Version",
    "View",
    "submission",
]
