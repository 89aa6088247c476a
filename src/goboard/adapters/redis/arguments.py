"""How a board's rules are told to the scripts."""

from goboard.adapters.redis.rulebook import KnownRules
from goboard.domain.idempotency import Retention
from goboard.domain.periods import ALL, Period

LONGEST = 1e11
"""Seconds: 3,170 years. A rare cron expression's periods may be kept beyond the calendar's end, which is no number."""


def rule_arguments(known: KnownRules, at: float) -> list[str]:
    """Give the first arguments of submit.lua, for changes in the periods that are current at `at`."""
    rules, periods = known.rules, known.current(at)
    attempts = rules.attempts
    counted = next((i for i, period in enumerate(periods, 1) if attempts and period.window == attempts.window), 0)
    arguments = [
        known.tag,
        rules.order.value,
        rules.ties.value,
        rules.operator.value,
        repr(rules.lowest),
        repr(rules.highest),
        _or_empty(rules.max_increment),
        _or_empty(rules.capacity),
        "1" if rules.track else "",
        _or_empty(attempts and attempts.max),
        str(counted),
        milliseconds(at),
        str(len(periods)),
    ]
    for period in periods:
        arguments += (period.place, kept_for(known, period, at))
    return arguments


def key_arguments(keyed: int, retention: Retention) -> list[str]:
    """Give the next arguments of submit.lua: how many changes have a key, for how long and how many are remembered."""
    return [str(keyed), milliseconds(retention.seconds), str(retention.most)] if keyed else ["0"]


def kept_for(known: KnownRules, period: Period, at: float) -> str:
    """Tell for how many milliseconds a current period is to be kept; empty: for ever."""
    return "" if period.window == ALL else milliseconds(known.kept_for(period, at))


def milliseconds(seconds: float) -> str:
    """Write seconds as whole milliseconds."""
    return str(int(min(seconds, LONGEST) * 1000))


def _or_empty(value: float | None) -> str:
    return "" if value is None else repr(value)
