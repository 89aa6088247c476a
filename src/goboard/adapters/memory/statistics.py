"""What is told of one period's scores, each number in O(log n)."""

import math
from collections.abc import Sequence

from goboard.adapters.memory.standings import Standings
from goboard.domain.standings import Bin, Stats


def stats_of(standings: Standings, percentiles: Sequence[float], bins: int) -> Stats:
    """Give the extremes, the scores at `percentiles` (each 0 to 100) and a histogram of `bins` (≥ 1) bars."""
    total = len(standings)
    if total == 0:
        return Stats(0)
    minimum, maximum = sorted((standings.key_at(0)[0], standings.key_at(total - 1)[0]))
    return Stats(
        total,
        minimum,
        maximum,
        [(percentile, _score_at(standings, percentile)) for percentile in percentiles],
        _histogram(standings, minimum, maximum, bins),
    )


def percentile_of(standings: Standings, score: float) -> float:
    """Tell how many of a hundred others have a worse score than a member with this one; alone: 100."""
    others = len(standings) - 1
    return 100 * standings.worse(score) / others if others else 100.0


def _score_at(standings: Standings, percentile: float) -> float:
    # The product first: 7 / 100 * 100 is over 7, and would be rounded up to 8.
    from_worst = max(1, math.ceil(percentile * len(standings) / 100))
    return standings.key_at(len(standings) - from_worst)[0]


def _histogram(standings: Standings, minimum: float, maximum: float, bins: int) -> list[Bin]:
    if minimum == maximum:
        return [Bin(minimum, maximum, len(standings))]
    edges = [minimum + index * (maximum - minimum) / bins for index in range(bins)]
    below = [standings.below(edge) for edge in edges]
    return [
        Bin(low, high, up_to - under)
        for low, high, under, up_to in zip(
            edges, [*edges[1:], maximum], below, [*below[1:], len(standings)], strict=True
        )
    ]
