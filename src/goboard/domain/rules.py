"""How a board ranks: its rules, and what may be changed in them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum
from functools import cached_property
from typing import Any, NamedTuple, Self, TypeVar

from goboard.domain.errors import InvalidArgument, PeriodNotFound
from goboard.domain.periods import ALL, ARCHIVE, WEEKDAYS, Calendar, Period, PeriodChoice, parse_window, single_spaced
from goboard.domain.scores import MAX_SCORE, parse_number

MAX_WINDOWS = 8
MAX_KEPT = 1000
"""Closed periods of all windows of a board together: a member is removed from all of them at once."""
MAX_CAPACITY = 100_000_000
MAX_ATTEMPTS = 1_000_000


class Order(Enum):
    """Which score stands first."""

    DESC = "desc"
    """The highest."""
    ASC = "asc"
    """The lowest: a race."""


class Operator(Enum):
    """What a submitted score does to the one that the member has."""

    INCREMENT = "increment"
    """It is added."""
    SET = "set"
    """It takes its place."""
    BEST = "best"
    """It takes its place where it is better by the board's order."""


class Ties(Enum):
    """How members of equal score stand to each other."""

    MEMBER = "member"
    """By name: in `desc` the greatest bytes first, in `asc` the least; each has a rank of its own."""
    EARLIEST = "earliest"
    """Who reached the score first stands higher; each has a rank of its own."""
    SHARED = "shared"
    """They share a rank, and the next has the number of those above, plus one: 1, 2, 2, 4. Listed as `member`."""
    DENSE = "dense"
    """They share a rank, and the next has the next number: 1, 2, 2, 3. Listed as `member`."""


class Attempts(NamedTuple):
    """How often a member may submit."""

    max: int
    window: str
    """In whose periods the submissions are counted; a submission that is refused does not count."""


_Choice = TypeVar("_Choice", bound=Enum)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How a board ranks. Without any said, it ranks as go-board does."""

    order: Order = Order.DESC
    operator: Operator = Operator.INCREMENT
    ties: Ties = Ties.MEMBER
    min_score: float | None = None
    """The least score that a submission may lead to; None: -2^53."""
    max_score: float | None = None
    """The greatest score that a submission may lead to; None: 2^53."""
    max_increment: float | None = None
    """How far from 0 an increment may be; only with the operator increment."""
    capacity: int | None = None
    """How many members are kept, the best; None: all. Not with the operator increment: who is cut off starts at 0."""
    windows: tuple[str, ...] = (ALL,)
    """`all`, `hourly`, `daily`, `weekly`, `monthly`, and cron expressions; the first is what is read by default."""
    timezone: str = "UTC"
    week_starts: str = "monday"
    keep: int = 1
    """How many closed periods of each window stay readable."""
    attempts: Attempts | None = None
    track: bool = False
    """Whether the times of a member's first and last update are kept (about 110 bytes a member)."""

    @classmethod
    def parse(cls, said: Mapping[str, Any]) -> Self:
        """Read rules as JSON or TOML says them; what is absent or null has its default.

        Raises:
            InvalidArgument: a name is unknown, a value is not allowed, or two contradict each other.
        """
        names = [field.name for field in fields(cls)]
        for name in said:
            if name not in names:
                raise InvalidArgument(f"rules have no {name!r}; they have {', '.join(names)}")
        values = {name: value for name, value in said.items() if value is not None}
        rules = cls(**{name: _READERS[name](value, name) for name, value in values.items()})
        rules._check()
        return rules

    def said(self) -> dict[str, Any]:
        """Say the rules as `parse` reads them, every one of them."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}

    @cached_property
    def text(self) -> str:
        """The rules as canonical JSON: equal rules have equal texts."""
        return json.dumps(self.said(), sort_keys=True, separators=(",", ":"))

    @classmethod
    def of_text(cls, text: str) -> Self:
        """Read what `text` wrote."""
        return cls.parse(json.loads(text))

    @cached_property
    def calendar(self) -> Calendar:
        """The calendar by which the windows' periods are found."""
        return Calendar.of(self.timezone, self.week_starts)

    @cached_property
    def default_window(self) -> str:
        """The window that a reply's rank is of, and that is read where none is named: `all`, else the first."""
        return ALL if ALL in self.windows else self.windows[0]

    @property
    def lowest(self) -> float:
        """The least score that may be stored."""
        return -MAX_SCORE if self.min_score is None else self.min_score

    @property
    def highest(self) -> float:
        """The greatest score that may be stored."""
        return MAX_SCORE if self.max_score is None else self.max_score

    def current(self, at: float) -> tuple[Period, ...]:
        """Give each window's period at the instant `at`: the default window's first."""
        others = [window for window in self.windows if window != self.default_window]
        return tuple(self.calendar.period_at(window, at) for window in (self.default_window, *others))

    def chosen(self, choice: PeriodChoice) -> Period:
        """Give the period that is asked for.

        Raises:
            InvalidArgument: the board has no such window, or the window no such period.
            PeriodNotFound: it has not begun, or is not kept any more.
        """
        window = choice.window or self.default_window
        if window == ARCHIVE:
            if not choice.period:
                raise InvalidArgument("window archive has no current period; name one")
            return archived(choice.period)
        window = self.window(window)
        if not choice.period:
            return self.calendar.period_at(window, choice.at)
        period = self.calendar.period_named(window, choice.period)
        if not self.readable(period, choice.at):
            raise PeriodNotFound(window, period.name)
        return period

    def window(self, name: str) -> str:
        """Give the window that is called `name`.

        Raises:
            InvalidArgument: the board has none of this name.
        """
        window = single_spaced(name)
        if window not in self.windows:
            raise InvalidArgument(f"the dashboard has no window {window!r}; it has {', '.join(self.windows)}")
        return window

    def readable(self, period: Period, at: float) -> bool:
        """Tell whether the period has begun and is still kept."""
        return period.window == ARCHIVE or period.start <= at < self.expiry(period)

    def expiry(self, period: Period) -> float:
        """Tell until when the period is kept."""
        return self.calendar.expiry(period, self.keep)

    def falsified_by(self, new: "Rules") -> list[str]:
        """Name what `new` changes of that by which existing scores came about."""
        names = [name for name in ("order", "operator", "ties") if getattr(self, name) != getattr(new, name)]
        if set(self.windows) != set(new.windows):
            names.append("windows")
        windowed = any(window != ALL for window in self.windows)
        names += [
            name for name in ("timezone", "week_starts") if windowed and getattr(self, name) != getattr(new, name)
        ]
        return names

    def _check(self) -> None:
        if self.lowest > self.highest:
            raise InvalidArgument(f"min_score {self.min_score} is over max_score {self.max_score}")
        if self.operator is Operator.INCREMENT and self.capacity is not None:
            raise InvalidArgument(
                "capacity goes with the operators set and best: who is cut off could never climb back"
            )
        if self.operator is not Operator.INCREMENT and self.max_increment is not None:
            raise InvalidArgument(f"max_increment goes with the operator increment, not with {self.operator.value}")
        kept = self.keep * sum(window != ALL for window in self.windows)
        if kept > MAX_KEPT:
            raise InvalidArgument(f"keep {self.keep} makes {kept} closed periods; at most {MAX_KEPT} are allowed")
        if self.attempts and self.attempts.window not in self.windows:
            raise InvalidArgument(f"attempts count in window {self.attempts.window!r}, which is none of windows")
        _ = self.calendar  # the time zone shows here whether there is one


DEFAULT_RULES = Rules()


class BoardRules(NamedTuple):
    """A board's rules, and how often they were set."""

    rules: Rules
    revision: int
    """0: they were never set."""


def archived(name: str) -> Period:
    """Give the period that stands for standings that were set aside under `name`."""
    return Period(ARCHIVE, name, float("-inf"), float("inf"))


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Attempts):
        return value._asdict()
    return list(value) if isinstance(value, tuple) else value


def _choice(kind: type[_Choice]) -> Any:
    allowed = [each.value for each in kind]

    def read(value: Any, name: str) -> _Choice:
        if value not in allowed:
            raise InvalidArgument(f"{name} {value!r} is not allowed; it is one of {', '.join(allowed)}")
        return kind(value)

    return read


def _bound(value: Any, name: str) -> float:
    number = parse_number(value, name)
    if abs(number) > MAX_SCORE:
        raise InvalidArgument(f"{name} {value} is beyond ±2^53")
    return number


def _increment(value: Any, name: str) -> float:
    number = _bound(value, name)
    if number <= 0:
        raise InvalidArgument(f"{name} {value} must be over 0")
    return number


def _integer(low: int, high: int) -> Any:
    def read(value: Any, name: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise InvalidArgument(f"{name} {value!r} is not allowed; it is an integer from {low} to {high}")
        return value

    return read


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise InvalidArgument(f"{name} {value!r} is not allowed; it is a text")
    return value


def _windows(value: Any, name: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= MAX_WINDOWS:
        raise InvalidArgument(f"{name} {value!r} is not allowed; it is a list of 1 to {MAX_WINDOWS}")
    found = tuple(parse_window(_text(window, "a window")) for window in value)
    if len(set(found)) != len(found):
        raise InvalidArgument(f"{name} {list(found)} names a window twice")
    return found


def _weekday(value: Any, name: str) -> str:
    if value not in WEEKDAYS:
        raise InvalidArgument(f"{name} {value!r} is not allowed; it is one of {', '.join(WEEKDAYS)}")
    return str(value)


def _attempts(value: Any, name: str) -> Attempts:
    if not isinstance(value, Mapping) or set(value) != {"max", "window"}:
        raise InvalidArgument(f"{name} {value!r} is not allowed; it has max and window")
    return Attempts(
        _integer(1, MAX_ATTEMPTS)(value["max"], "max of attempts"),
        parse_window(_text(value["window"], "window of attempts")),
    )


def _boolean(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidArgument(f"{name} {value!r} is not allowed; it is true or false")
    return value


_READERS: dict[str, Any] = {
    "order": _choice(Order),
    "operator": _choice(Operator),
    "ties": _choice(Ties),
    "min_score": _bound,
    "max_score": _bound,
    "max_increment": _increment,
    "capacity": _integer(1, MAX_CAPACITY),
    "windows": _windows,
    "timezone": _text,
    "week_starts": _weekday,
    "keep": _integer(0, MAX_KEPT),
    "attempts": _attempts,
    "track": _boolean,
}
