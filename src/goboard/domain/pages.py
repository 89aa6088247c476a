"""Pages of standings, and the cursors that lead from one to the next.

A cursor holds an entry's place in the order, not a number of places: what comes and goes elsewhere does not move it.
"""

import base64
import json
import math
from collections.abc import Sequence
from types import NoneType
from typing import Any, NamedTuple, Self

from goboard.domain.errors import InvalidArgument
from goboard.domain.standings import Entry

MAX_CURSOR = 4096


class ScoreRange(NamedTuple):
    """The scores that are listed, both ends included; None: no end."""

    low: float | None = None
    high: float | None = None


class Cursor(NamedTuple):
    """Where a page begins or ends."""

    tag: str
    """The state of the rules under which it was made."""
    place: str
    """The period it belongs to."""
    backward: bool
    """True: the page before; False: the page after."""
    scores: ScoreRange
    score: float | None
    """The score of the entry beside which the page lies; None: the page begins or ends where the range does."""
    tie: str
    """That entry's place among equals, in the store's own words."""

    def text(self) -> str:
        """Write it as the opaque text that callers hold."""
        plain = json.dumps([self.tag, self.place, self.backward, *self.scores, self.score, self.tie])
        return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `text` wrote.

        Raises:
            InvalidArgument: it is none of ours.
        """
        try:
            if len(text) <= MAX_CURSOR:
                plain = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
                if _is_ours(plain):
                    tag, place, backward, low, high, score, tie = plain
                    (tag + place + tie).encode()  # JSON may say lone surrogates, with which no store can be asked
                    return cls(tag, place, backward, ScoreRange(low, high), score, tie)
        except (ValueError, RecursionError):
            pass
        raise InvalidArgument("cursor is malformed; take it as it was given, or leave it out")


_NUMBER = (float, NoneType)
_FORM: tuple[type | tuple[type, ...], ...] = (str, str, bool, _NUMBER, _NUMBER, _NUMBER, str)


def _is_ours(plain: Any) -> bool:
    if not isinstance(plain, list) or len(plain) != len(_FORM):
        return False
    return all(
        isinstance(part, kind) and not (isinstance(part, float) and not math.isfinite(part))
        for part, kind in zip(plain, _FORM, strict=True)
    )


class PageRequest(NamedTuple):
    """Which entries are asked for: from a cursor, from a rank, or from the first."""

    limit: int
    scores: ScoreRange = ScoreRange()
    from_rank: int | None = None
    """Begin at the first entry of at least this rank."""
    cursor: Cursor | None = None
    metadata: bool = False


class Page(NamedTuple):
    """A run of entries, and the ways on; None: there are none that way."""

    entries: Sequence[Entry]
    next: Cursor | None
    previous: Cursor | None
