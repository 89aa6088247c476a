"""Standings: an ordered run of entries."""

from typing import NamedTuple


class Entry(NamedTuple):
    """A member's place on a board at one moment."""

    member: str
    """As stored; text that go-board stored outside our rules for names has U+FFFD in place of invalid bytes."""
    score: float
    """Within ±2^53; what go-board stored beyond that is shown clamped."""
    rank: int
    """1-based: 1 is the best."""
