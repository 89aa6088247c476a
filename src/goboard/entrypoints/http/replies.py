"""The JSON that is answered beyond go-board's: scores, pages, members, boards, periods."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from goboard.domain.errors import GoboardError
from goboard.domain.periods import Period
from goboard.domain.standings import BoardSize, MemberDetails, Outcome, Stats
from goboard.entrypoints.http.wire import MemberRecord, ProblemDetails, problem_details


class ScoreReply(msgspec.Struct):
    """What a submitted score has come to; `rank` is null and `kept` false where the board's capacity left it out."""

    member_id: str
    rank: int | None
    score: float
    improved: bool
    kept: bool | UnsetType = UNSET


class ScoreOutcomeReply(msgspec.Struct):
    """What came of one score among many: what a score alone is answered with, or a problem alone."""

    member_id: str | UnsetType = UNSET
    rank: int | UnsetType | None = UNSET
    score: float | UnsetType = UNSET
    improved: bool | UnsetType = UNSET
    kept: bool | UnsetType = UNSET
    problem: ProblemDetails | UnsetType = UNSET


class ScoreResultsReply(msgspec.Struct):
    """What came of many scores, each in its place."""

    results: list[ScoreOutcomeReply]


class EntriesReply(msgspec.Struct):
    """A page of the standings, best first, and the cursors to the pages after and before it; null: there is none."""

    members: list[MemberRecord]
    next: str | None
    previous: str | None


class MemberDetailsReply(msgspec.Struct):
    """All about a member: `percentile` is how many of a hundred others have a worse score.

    The times of its first and last update are there where the rules say `track`.
    """

    id: str
    rank: int
    score: float
    percentile: float
    metadata: dict[str, Any] | UnsetType = UNSET
    first_update: str | UnsetType = UNSET
    last_update: str | UnsetType = UNSET


class LookupReply(msgspec.Struct):
    """The members that are on the board, in its order, and those that are not."""

    members: list[MemberRecord]
    absent: list[str]


class PercentileRecord(msgspec.Struct):
    """A score that `percentile` of a hundred members have, or a worse one."""

    percentile: float
    score: float


class BinRecord(msgspec.Struct):
    """How many members have a score from `low` up to `high`, which the last bin alone includes."""

    low: float
    high: float
    members: int


class StatsReply(msgspec.Struct):
    """How many members a board has, and, in detail, their scores; without members there is no minimum and maximum."""

    total_members: int
    minimum: float | UnsetType | None = UNSET
    maximum: float | UnsetType | None = UNSET
    percentiles: list[PercentileRecord] | UnsetType = UNSET
    histogram: list[BinRecord] | UnsetType = UNSET


class DashboardRecord(msgspec.Struct):
    """A board, and how many members its default window has now."""

    name: str
    total_members: int


class DashboardsReply(msgspec.Struct):
    """Boards by name; `next`, said as `after`, leads to those that follow, and is null where there are none."""

    dashboards: list[DashboardRecord]
    next: str | None


class PeriodRecord(msgspec.Struct):
    """A period, from `start` (RFC 3339, in UTC) until before `end`; both are null of `all` and of archives."""

    name: str
    start: str | None
    end: str | None


class PeriodsReply(msgspec.Struct):
    """The periods that can be read, the latest first; archives by name."""

    periods: list[PeriodRecord]


class ArchiveReply(msgspec.Struct):
    """Under which name standings were set aside, and of how many members."""

    name: str
    total_members: int


class DeletedReply(msgspec.Struct):
    """Whether there was something to delete."""

    deleted: bool


def score_reply(outcome: Outcome) -> ScoreReply:
    """Say what a submitted score has come to."""
    member, score, rank, improved, kept = outcome
    return ScoreReply(str(member), rank, score, improved, UNSET if kept else False)


def score_outcome_reply(outcome: Outcome | GoboardError, instance: str) -> ScoreOutcomeReply:
    """Say what came of one score among many; `instance` is what its problem is told to be at."""
    if isinstance(outcome, GoboardError):
        return ScoreOutcomeReply(problem=problem_details(outcome, instance))
    member, score, rank, improved, kept = outcome
    return ScoreOutcomeReply(str(member), rank, score, improved, UNSET if kept else False)


def member_details(details: MemberDetails) -> MemberDetailsReply:
    """Say all about a member."""
    member, score, rank, metadata = details.entry
    reply = MemberDetailsReply(str(member), rank, score, details.percentile)
    if metadata is not None:
        reply.metadata = dict(metadata)
    if details.first_update is not None:
        reply.first_update = _utc(details.first_update, "milliseconds")
    if details.last_update is not None:
        reply.last_update = _utc(details.last_update, "milliseconds")
    return reply


def detailed_stats(stats: Stats) -> StatsReply:
    """Say all about a board's scores."""
    return StatsReply(
        stats.total,
        stats.minimum,
        stats.maximum,
        [PercentileRecord(*pair) for pair in stats.percentiles],
        [BinRecord(*each) for each in stats.histogram],
    )


def dashboards_reply(found: Sequence[BoardSize], limit: int) -> DashboardsReply:
    """Say the first `limit` boards of those found; where there are more, others follow."""
    shown = [DashboardRecord(str(board), members) for board, members in found[:limit]]
    return DashboardsReply(shown, shown[-1].name if len(found) > limit else None)


def periods_reply(periods: Sequence[Period]) -> PeriodsReply:
    """Say periods."""
    return PeriodsReply([PeriodRecord(str(each.name), _edge(each.start), _edge(each.end)) for each in periods])


def _edge(at: float) -> str | None:
    return _utc(at, "seconds") if math.isfinite(at) else None


def _utc(at: float, timespec: str) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec=timespec).replace("+00:00", "Z")
