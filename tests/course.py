"""How a number goes in the course of a run: whether it grows, and a picture of it."""

from collections.abc import Sequence
from statistics import median

BARS = "▁▂▃▄▅▆▇█"


def levels(values: Sequence[float]) -> tuple[float, float]:
    """Give the middle of the second fifth, and of the last.

    In the first a process still takes what it will need; medians do not mind a moment that is out of the ordinary.
    """
    fifth = len(values) // 5
    return median(values[fifth : 2 * fifth]), median(values[-fifth:])


def growth(values: Sequence[float]) -> float:
    """Tell by what share it has grown from the one to the other."""
    before, after = levels(values)
    if not before:
        return float("inf") if after else 0.0
    return after / before - 1


def picture(values: Sequence[float], width: int = 60) -> str:
    """Draw the values, from zero, so that what is flat looks so."""
    count = min(width, len(values))
    drawn = [median(values[len(values) * at // count : len(values) * (at + 1) // count]) for at in range(count)]
    top = max(drawn) or 1
    return "".join(BARS[round(value / top * (len(BARS) - 1))] for value in drawn)
