"""How the crowd's points become scores, as the rules of a board want them."""

from math import expm1, floor, log1p

from goboard.domain.rules import Operator, Order, Rules
from goboard.entrypoints.simulation.crowd import Play

SPAN = 60_000
"""How far from its end a way begins where the rules leave that open: a time of a minute in milliseconds, say."""

_SLOWEST = 3000  # where there is little room, this many points go two thirds of the way


class Scoring:
    """The way of a member's score: with points it comes ever nearer to the best that the rules allow.

    Where the rules leave nothing better than the beginning, as for sums that may not be negative and rank the lowest
    first, it leads the other way.
    """

    def __init__(self, rules: Rules) -> None:
        self.adds = rules.operator is Operator.INCREMENT
        self._most = rules.max_increment
        self._start, end = _way(rules)
        self._sign = 1 if end >= self._start else -1
        self._room = abs(end - self._start)
        self._slow = max(self._room, _SLOWEST)

    def score(self, points: int) -> float:
        """Give the score of who has `points`: whole steps from the way's beginning."""
        way = round(-self._room * expm1(-points / self._slow))
        return self._start + self._sign * float(min(way, floor(self._room)))

    def points(self, score: float) -> int:
        """Give the points of who has this score, as nearly as they can be told."""
        part = self._sign * (score - self._start) / self._room if self._room else 0.0
        return round(-self._slow * log1p(-min(max(part, 0.0), 0.999)))

    def increment(self, play: Play) -> float:
        """Give what `play` adds to a score, within what the rules let one increment add."""
        before = play.total - play.points
        delta = self.score(play.total) - (self.score(before) if before else 0.0)
        return delta if self._most is None else min(max(delta, -self._most), self._most)


def _way(rules: Rules) -> tuple[float, float]:
    """Give where the way begins, and where it leads to."""
    if rules.order is Order.ASC and rules.operator is Operator.INCREMENT:
        zero = min(max(0.0, rules.lowest), rules.highest)  # or as near to it as the rules let
        return zero, rules.lowest if rules.lowest < zero else rules.highest
    low = max(0.0, rules.lowest) if rules.highest > 0 else max(rules.lowest, rules.highest - SPAN)
    return (low, rules.highest) if rules.order is Order.DESC else (min(rules.highest, low + SPAN), low)
