"""The query of a request, read strictly: what is wrong is refused, and the parameter named."""

import re
from collections.abc import Mapping, Sequence
from typing import TypedDict, TypeVar

from goboard.domain.errors import InvalidArgument
from goboard.domain.periods import ARCHIVE

DEFAULT_LIMIT = 10
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_MAX_DIGITS = 18
_MAX_SHOWN = 40

_Default = TypeVar("_Default")


class Standings(TypedDict):
    """Which standings of a board are asked for, as `Leaderboards` takes it."""

    window: str | None
    period: str | None


class Query:
    """The parameters of a query, each with its first value; an empty one counts as absent."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def text(self, name: str) -> str | None:
        """Give the parameter as it is."""
        return self._values.get(name) or None

    def standings(self) -> Standings:
        """Give `window` and `period`."""
        window, period = self.text("window"), self.text("period")
        if period and window != ARCHIVE:
            period = period.replace(" ", "+")  # as the plus sign of a UTC offset arrives that was not written %2B
        return {"window": window, "period": period}

    def boolean(self, name: str) -> bool:
        """Read true, 1, false or 0; absent: False.

        Raises:
            InvalidArgument: it is none of these.
        """
        text = self.text(name)
        if text is None:
            return False
        if text not in _BOOLEANS:
            raise InvalidArgument(f"{name} {shown(text)} is not allowed; it is one of {', '.join(_BOOLEANS)}")
        return _BOOLEANS[text]

    def integer(self, name: str, default: _Default, *, low: int, high: int) -> int | _Default:
        """Read an integer from `low` to `high`.

        Raises:
            InvalidArgument: it is none.
        """
        text = self.text(name)
        if text is None:
            return default
        if re.fullmatch(rf"-?[0-9]{{1,{_MAX_DIGITS}}}", text) and low <= int(text) <= high:
            return int(text)
        raise InvalidArgument(f"{name} {shown(text)} is not allowed; it is an integer from {low} to {high}")

    def limit(self, default: int, max_limit: int) -> int:
        """Read `limit`, from 1 to `max_limit`.

        Raises:
            InvalidArgument: it is none.
        """
        return self.integer("limit", min(default, max_limit), low=1, high=max_limit)

    def number(self, name: str) -> float | None:
        """Read a number as JSON writes it.

        Raises:
            InvalidArgument: it is none.
        """
        text = self.text(name)
        return None if text is None else _number(name, text)

    def numbers(self, name: str, default: Sequence[float]) -> Sequence[float]:
        """Read numbers with commas between them.

        Raises:
            InvalidArgument: one is none.
        """
        text = self.text(name)
        return default if text is None else [_number(name, part) for part in text.split(",")]


NO_QUERY = Query({})


def go_board_limit(query: Query, max_limit: int) -> int:
    """Read `limit` as go-board does: where it is absent, 0 or negative it is 10.

    Raises:
        InvalidArgument: it is no integer, or over `max_limit`.
    """
    text = query.text("limit")
    if text is None:
        return DEFAULT_LIMIT
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise InvalidArgument("invalid limit query parameter")
    if text[0] == "-":
        return DEFAULT_LIMIT
    digits = text.lstrip("+0")
    if len(digits) > len(str(max_limit)) or int(digits or "0") > max_limit:
        raise InvalidArgument(f"limit is over the maximum of {max_limit}")
    return int(digits or "0") or DEFAULT_LIMIT


def _number(name: str, text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise InvalidArgument(f"{name} {shown(text)} is not allowed; it is a number")
    return float(text)


def shown(text: str) -> str:
    """Show what somebody sent in a refusal, cut where it is long."""
    return repr(text) if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]!r}…"
