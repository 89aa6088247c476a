"""Cron expressions of five fields, as crontab(5) reads them, for windows whose periods begin when one strikes.

Written here because the domain knows the standard library alone; tests/unit/test_cron.py holds it against cronsim.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

from goboard.domain.errors import InvalidArgument

_DAY = timedelta(days=1)
MAX_TEXT = 256
"""Characters of an expression: it is part of keys and cursors."""
MAX_DAYS = 366 * 40 + 2
"""How far a strike may be: from one Sunday, 29 February, to the next where a century leaves one out."""
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class Field(NamedTuple):
    """What one of the five fields may hold."""

    name: str
    low: int
    high: int
    words: tuple[str, ...] = ()


FIELDS = (
    Field("minute", 0, 59),
    Field("hour", 0, 23),
    Field("day of the month", 1, 31),
    Field("month", 1, 12, _MONTHS),
    Field("day of the week", 0, 7, _WEEKDAYS),
)


class Cron(NamedTuple):
    """An expression that was understood.

    A time of the wall clock that a leap of the clocks leaves out strikes as much later as they leap; one that comes
    twice strikes the first time alone.
    """

    times: tuple[time, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    """0 is Sunday."""
    any_day: bool
    """Both the day of the month and that of the week are restricted, so a day that fits one of them will do."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `minute hour day-of-month month day-of-week`.

        Raises:
            InvalidArgument: it is no such expression, or never strikes.
        """
        parts = text.split()
        if len(text) > MAX_TEXT:
            raise InvalidArgument(f"a cron expression has {len(text)} characters; at most {MAX_TEXT} are allowed")
        if len(parts) != len(FIELDS):
            raise InvalidArgument(f"the cron expression {text!r} has {len(parts)} fields; five are needed")
        minutes, hours, days, months, weekdays = (
            _parse_field(part, field, text) for part, field in zip(parts, FIELDS, strict=True)
        )
        cron = cls(
            times=tuple(time(hour, minute) for hour in sorted(hours) for minute in sorted(minutes)),
            days=days,
            months=months,
            weekdays=frozenset(day % 7 for day in weekdays),
            any_day=not parts[2].startswith("*") and not parts[4].startswith("*"),
        )
        if not any(cron._on(date(2000, 1, 1) + day * _DAY) for day in range(MAX_DAYS)):
            raise InvalidArgument(f"the cron expression {text!r} names no day that there is")
        return cron

    def last(self, at: float, zone: ZoneInfo) -> float:
        """Tell when it struck last, at or before `at` (seconds since the epoch)."""
        day = datetime.fromtimestamp(at, zone).date() + _DAY
        while not (struck := [strike for strike in self._strikes(day, zone) if strike <= at]):
            day -= _DAY
        # A leap of the clocks may take a strike of the day before beyond the first of this one.
        return max(strike for strike in (*struck, *self._strikes(day - _DAY, zone)) if strike <= at)

    def next(self, at: float, zone: ZoneInfo) -> float:
        """Tell when it strikes next after `at`."""
        return next(self.after(at, zone))

    def after(self, at: float, zone: ZoneInfo) -> Iterator[float]:
        """Give the strikes after `at` in order, to the end of the calendar.

        Raises:
            OverflowError: the calendar ends: with the year 9999.
        """
        coming: set[float] = set()
        for day in self._days(datetime.fromtimestamp(at, zone).date() - _DAY):
            strikes = self._strikes(day, zone)
            first = min(strikes)
            yield from sorted(strike for strike in coming if strike < first)
            # A leap of the clocks may take a strike beyond the first of the next day.
            coming = {strike for strike in (*coming, *strikes) if strike > at and strike >= first}

    def _days(self, day: date) -> Iterator[date]:
        while True:
            if self._on(day):
                yield day
            # What strikes once a year is found fast enough only where the other months are passed over.
            day = day + _DAY if day.month in self.months else (day.replace(day=1) + 31 * _DAY).replace(day=1)

    def _strikes(self, day: date, zone: ZoneInfo) -> list[float]:
        if not self._on(day):
            return []
        return [datetime.combine(day, at, zone).timestamp() for at in self.times]

    def _on(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        of_month, of_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return of_month or of_week if self.any_day else of_month and of_week


def _parse_field(part: str, field: Field, text: str) -> frozenset[int]:
    values: set[int] = set()
    for item in part.split(","):
        match = re.fullmatch(r"(\*|(\w+)(?:-(\w+))?)(?:/([0-9]{1,2}))?", item, re.ASCII)
        if match is None:
            raise _bad(item, field, text)
        every, low, high, step = match.groups()
        first, last = field.low, field.high
        if every != "*":
            first = _number(low, field, text)
            last = _number(high, field, text) if high else field.high if step else first
        if first > last or (step is not None and int(step) == 0):
            raise _bad(item, field, text)
        values.update(range(first, last + 1, int(step or 1)))
    return frozenset(values)


def _number(word: str, field: Field, text: str) -> int:
    if word.lower() in field.words:
        return field.words.index(word.lower()) + field.low
    if not re.fullmatch(r"[0-9]{1,2}", word) or not field.low <= int(word) <= field.high:
        raise _bad(word, field, text)
    return int(word)


def _bad(item: str, field: Field, text: str) -> InvalidArgument:
    return InvalidArgument(
        f"{item!r} in the cron expression {text!r} is no {field.name}: {field.low} to {field.high}, lists, ranges and"
        " steps are allowed"
    )
