"""Windows and their periods: which stretch of time an instant belongs to, on a wall clock with its changes.

An instant is in seconds since the epoch (UTC). A period begins at its start and ends before its end, which is the next
one's start: there is neither a gap nor an overlap, whatever the clocks do.
"""

import math
import re
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

from goboard.domain.cron import Cron
from goboard.domain.errors import InvalidArgument

ALL = "all"
"""The window that never ends: one period for ever."""
ARCHIVE = "archive"
"""Where standings are that were set aside: each under its name, which stands in the place of a period's."""
NAMED_WINDOWS = (ALL, "hourly", "daily", "weekly", "monthly")
BY_DAY = NAMED_WINDOWS[2:]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = timedelta(days=1)
_HOUR = 3600


class Period(NamedTuple):
    """One stretch of a windowed board."""

    window: str
    name: str
    """Its local start: `2026-11-24`, of an hour or a cron expression `2026-11-24T18:00+01:00`; `all` of `all`."""
    start: float
    end: float

    @property
    def place(self) -> str:
        """Name the standings of this period among all those of a board."""
        return ALL if self.window == ALL else f"{self.window}/{self.name}"


def window_and_name(place: str) -> tuple[str, str]:
    """Take a place (not that of `all`) apart: a cron expression may have a slash, and so may an archive's name."""
    window, _, name = place.partition("/") if place.startswith(f"{ARCHIVE}/") else place.rpartition("/")
    return window, name


ALWAYS = Period(ALL, ALL, float("-inf"), float("inf"))


class PeriodChoice(NamedTuple):
    """Which standings of a board are asked for."""

    at: float
    """The instant of the question."""
    window: str | None = None
    """None: the board's first window."""
    period: str | None = None
    """A period's name; None: the current one."""


def parse_window(text: str) -> str:
    """Give the window's name, a cron expression with single spaces.

    Raises:
        InvalidArgument: it is none of hourly, daily, weekly, monthly, all, and no cron expression.
    """
    if text in NAMED_WINDOWS:
        return text
    if len(text.split()) == 1:
        raise InvalidArgument(
            f"window {text!r} is unknown; there are {', '.join(NAMED_WINDOWS)}, and cron expressions of five fields"
        )
    Cron.parse(text)
    return single_spaced(text)


def single_spaced(window: str) -> str:
    """Write a window as boards have it: a cron expression with single spaces."""
    return " ".join(window.split())


class Calendar:
    """Finds periods in a time zone, with weeks that begin on a given day."""

    def __init__(self, zone: ZoneInfo, week_starts: str) -> None:
        self._zone = zone
        self._first_weekday = WEEKDAYS.index(week_starts)
        self._crons: dict[str, Cron] = {}
        self._latest: dict[str, Period] = {}  # nearly every question is about the period of the one before
        """The period found last of each window: nearly every question is about the same one."""

    @classmethod
    def of(cls, timezone: str, week_starts: str) -> Self:
        """Make the calendar of an IANA time zone.

        Raises:
            InvalidArgument: there is no such time zone.
        """
        try:
            return cls(ZoneInfo(timezone), week_starts)
        except (KeyError, ValueError, OSError) as exc:
            raise InvalidArgument(f"timezone {timezone!r} is unknown; an IANA name is like Europe/Berlin") from exc

    def period_at(self, window: str, at: float) -> Period:
        """Give the period of `window` to which the instant `at` belongs."""
        period = self._latest.get(window)
        if period is None or not period.start <= at < period.end:
            period = self._latest[window] = self._find(window, at)
        return period

    def period_named(self, window: str, name: str) -> Period:
        """Give the period of `window` that is called `name`.

        Raises:
            InvalidArgument: there is none, or the window has no periods.
        """
        with suppress(ValueError, OverflowError):  # no date, or one at an end of the calendar
            period = self._find(window, self._parse_name(window, name))
            if period.name == name:
                return period
        example = "2026-11-24" if window in BY_DAY else "2026-11-24T18:00+01:00"
        raise InvalidArgument(
            f"window {window!r} has no period {name!r}; one is named by its local start, as {example}"
        )

    def expiry(self, period: Period, keep: int) -> float:
        """Tell until when `period` can be read where `keep` closed periods stay: the end of the keep-th after it.

        Where the calendar ends before that, with the year 9999, it can be read for ever.
        """
        if period.window == ALL or keep == 0:
            return period.end
        with suppress(OverflowError):
            if period.window not in NAMED_WINDOWS:
                strikes = self._cron(period.window).after(period.end, self._zone)
                return next(islice(strikes, keep - 1, None))
            end = period.end
            for _ in range(keep):
                end = self._find(period.window, end).end
            return end
        return math.inf

    def _find(self, window: str, at: float) -> Period:
        if window == ALL:
            return ALWAYS
        second = math.floor(at)  # periods begin with whole seconds, and a datetime would round to microseconds
        if window == "hourly":
            return self._hour_at(second)
        if window in NAMED_WINDOWS:
            return self._days_at(window, second)
        cron = self._cron(window)
        start = cron.last(second, self._zone)
        return Period(window, self._name(start), start, cron.next(second, self._zone))

    def _cron(self, window: str) -> Cron:
        if window not in self._crons:
            self._crons[window] = Cron.parse(window)
        return self._crons[window]

    def _days_at(self, window: str, at: int) -> Period:
        day = datetime.fromtimestamp(at, self._zone).date()
        if self._midnight(day + _DAY) <= at:  # the clocks were put back over midnight, and the next day had begun
            day += _DAY
        if window == "weekly":
            first = day - (day.weekday() - self._first_weekday) % 7 * _DAY
            after = first + 7 * _DAY
        elif window == "monthly":
            first = day.replace(day=1)
            after = (first + 31 * _DAY).replace(day=1)
        else:
            first, after = day, day + _DAY
        return Period(window, first.isoformat(), self._midnight(first), self._midnight(after))

    def _midnight(self, day: date) -> float:
        """Tell when `day` begins: where midnight comes twice the first, where it is left out the moment of the leap."""
        return datetime.combine(day, time(), self._zone).timestamp()

    def _hour_at(self, at: int) -> Period:
        """Give the hour of the wall clock; a change of the clocks within it ends it, and begins another.

        The clocks of Lord Howe Island change by half an hour.
        """
        local = datetime.fromtimestamp(at, self._zone)
        start = at - local.minute * 60 - local.second
        end = start + _HOUR
        offset = local.utcoffset()
        if self._offset(start) != offset:
            start = self._change(start, at)
        if self._offset(end - 1) != offset:
            end = self._change(at, end - 1)
        return Period("hourly", self._name(start), start, end)

    def _change(self, before: int, after: int) -> int:
        """Find the second in which the clocks have changed, after `before` and not after `after`."""
        old = self._offset(before)
        while after - before > 1:
            middle = (before + after) // 2
            if self._offset(middle) == old:
                before = middle
            else:
                after = middle
        return after

    def _offset(self, at: float) -> timedelta | None:
        return datetime.fromtimestamp(at, self._zone).utcoffset()

    def _name(self, start: float) -> str:
        return datetime.fromtimestamp(start, self._zone).isoformat(timespec="minutes")

    def _parse_name(self, window: str, name: str) -> float:
        by_day = window in BY_DAY
        form = r"[0-9]{4}-[0-9]{2}-[0-9]{2}" + ("" if by_day else r"T[0-9]{2}:[0-9]{2}[+-][0-9]{2}:[0-9]{2}")
        if window == ALL or not re.fullmatch(form, name):
            raise ValueError(name)
        return self._midnight(date.fromisoformat(name)) if by_day else datetime.fromisoformat(name).timestamp()
