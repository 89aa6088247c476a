"""Standings: an ordered run of entries, and what can be told of them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from goboard.domain.idempotency import IdempotencyKey
from goboard.domain.names import MemberName

DEFAULT_PERCENTILES = (50.0, 90.0, 99.0)
DEFAULT_BINS = 10


class Entry(NamedTuple):
    """A member's place on a board at one moment."""

    member: str
    """As stored; text that go-board stored outside our rules for names has U+FFFD in place of invalid bytes."""
    score: float
    """Within ±2^53; what go-board stored beyond that is shown clamped."""
    rank: int
    """1-based: 1 is the best."""
    metadata: Mapping[str, Any] | None = None
    """What was submitted with the member's score; None: nothing was, or it was not asked for."""


class Submission(NamedTuple):
    """A score for a member."""

    member: MemberName
    score: float
    """Within ±2^53; with the operator increment what is added."""
    metadata: str | None = None
    """As `parse_metadata` writes it; None: what the member has stays."""
    overwrite: bool = False
    """True: the score takes the place of the one there is, whatever the board's operator."""
    key: IdempotencyKey | None = None
    """With a key the submission is applied once, however often it comes."""


class Outcome(NamedTuple):
    """What a submission has come to."""

    member: str
    score: float
    """The member's score after it, in the board's default window; of one that is not kept, what it would have been."""
    rank: int | None
    """The member's rank after it; None: it is not among those that the board's capacity keeps."""
    improved: bool
    """Whether the member's score changed, or is its first; never where it is not kept."""
    kept: bool = True
    """Whether the member is on the board."""


class MemberDetails(NamedTuple):
    """All about a member."""

    entry: Entry
    percentile: float
    """How many of a hundred others have a worse score; alone: 100."""
    first_update: float | None
    """When the member's score was first submitted, in seconds since the epoch; None: the rules do not track it."""
    last_update: float | None
    """When it was last submitted."""


class Lookup(NamedTuple):
    """The places of members that were asked for."""

    entries: Sequence[Entry]
    """In the board's order."""
    absent: Sequence[str]
    """Who is not on the board, in the order asked for."""


class Bin(NamedTuple):
    """One bar of a histogram: how many members have a score from `low` up to `high`, which the last alone includes."""

    low: float
    high: float
    members: int


class Stats(NamedTuple):
    """What is known of a board's scores. Without members there is no minimum, maximum, percentile or bin."""

    total: int
    minimum: float | None = None
    maximum: float | None = None
    percentiles: Sequence[tuple[float, float]] = ()
    """Pairs (p, score): p of a hundred members have this score or a worse one (nearest rank)."""
    histogram: Sequence[Bin] = ()


class BoardSize(NamedTuple):
    """A board, and how many members its default window has now."""

    board: str
    members: int
