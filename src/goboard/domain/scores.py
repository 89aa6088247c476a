"""Scores and deltas: finite doubles; a score stays within ±2^53, the range in which integers are exact."""

import math

from goboard.domain.errors import InvalidArgument, ScoreOutOfRange

MAX_SCORE = 2.0**53


def parse_number(value: float, what: str) -> float:
    """Turn `value` into a finite double; -0 becomes 0.

    Raises:
        InvalidArgument: it is no number (a bool is none), not finite, or an integer that no double is.
    """
    if type(value) is float and value - value == 0.0:  # nearly every one: inf - inf and NaN - NaN are NaN
        return value + 0.0  # IEEE 754: -0 + 0 is +0
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidArgument(f"{what} must be a number, not {type(value).__name__}")
    try:
        number = float(value)
    except OverflowError as exc:
        raise InvalidArgument(f"{what} must be a finite number") from exc
    if number != value and isinstance(value, int):
        raise InvalidArgument(f"{what} {value} is no double: integers are exact within ±2^53 (9007199254740992)")
    if not math.isfinite(number):
        raise InvalidArgument(f"{what} must be a finite number, not {number}")
    return number + 0.0


def parse_score(value: float, member: str) -> float:
    """Turn `value` into a score that may be stored for `member`.

    Raises:
        InvalidArgument: as `parse_number`.
        ScoreOutOfRange: it is beyond ±2^53.
    """
    return in_range(parse_number(value, "score"), member)


def in_range(score: float, member: str, low: float = -MAX_SCORE, high: float = MAX_SCORE) -> float:
    """Give `score` back.

    Raises:
        ScoreOutOfRange: it is not from `low` to `high`.
    """
    if not low <= score <= high:
        raise ScoreOutOfRange(member, low, high)
    return score + 0.0


def add(score: float, delta: float, member: str, low: float = -MAX_SCORE, high: float = MAX_SCORE) -> float:
    """Give the sum.

    Raises:
        ScoreOutOfRange: it would not be from `low` to `high`.
    """
    # Not the sum alone: 2^53 + 1 rounds to 2^53, and an update would be acknowledged and lost.
    if not -MAX_SCORE - score <= delta <= MAX_SCORE - score:
        raise ScoreOutOfRange(member, low, high)
    return in_range(score + delta, member, low, high)
