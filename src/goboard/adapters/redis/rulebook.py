"""What this process knows of boards' rules. Every script checks that it is still so, and tells what holds where not."""

import hashlib
from dataclasses import dataclass, field

from goboard.domain.names import BoardName
from goboard.domain.periods import Period
from goboard.domain.rules import DEFAULT_RULES, BoardRules, Rules

MAX_KNOWN = 10_000
"""Boards whose rules are remembered; of more, the one learnt of first is asked about again."""
DIGEST_BYTES = 8


class Stale(Exception):
    """A script has found that the board has other rules than those it was called with; they are known now."""


@dataclass(slots=True)
class KnownRules:
    """A board's rules as of some moment."""

    tag: str
    """Revision and digest: a board that was deleted and made anew may have the same revision and other rules."""
    rules: Rules
    revision: int
    _current: tuple[Period, ...] = ()
    _expiries: dict[str, float] = field(default_factory=dict)

    def current(self, at: float) -> tuple[Period, ...]:
        """Give each window's period at `at`, the default window's first; found anew only when one has ended."""
        if not self._current or any(not period.start <= at < period.end for period in self._current):
            self._current = self.rules.current(at)
            self._expiries = {period.place: self.rules.expiry(period) for period in self._current}
        return self._current

    def span(self, at: float) -> tuple[float, float]:
        """Tell from when until before when the periods are those of `at`."""
        periods = self.current(at)
        return max(period.start for period in periods), min(period.end for period in periods)

    def kept_for(self, period: Period, at: float) -> float:
        """Tell for how many seconds from `at` on a current period can be read."""
        return self._expiries[period.place] - at

    @property
    def board_rules(self) -> BoardRules:
        """The rules as the port gives them."""
        return BoardRules(self.rules, self.revision)


UNRULED = KnownRules("", DEFAULT_RULES, 0)
"""What holds for a board without rules."""


def written(rules: Rules, revision: int) -> str:
    """Write rules as they are stored: the tag, and in the second line the rules."""
    digest = hashlib.blake2b(rules.text.encode(), digest_size=DIGEST_BYTES).hexdigest()
    return f"{revision}-{digest}\n{rules.text}"


class Rulebook:
    """The rules of all boards that this process has met."""

    def __init__(self) -> None:
        self._known: dict[BoardName, KnownRules] = {}

    def get(self, board: BoardName) -> KnownRules:
        """Give what is known of the board; of one never met, that it has no rules."""
        return self._known.get(board, UNRULED)

    def learn(self, board: BoardName, stored: bytes) -> KnownRules:
        """Take in what is stored of a board's rules; empty: it has none."""
        self._known.pop(board, None)
        if not stored:
            return UNRULED
        tag, _, text = stored.decode().partition("\n")
        known = self._known[board] = KnownRules(tag, Rules.of_text(text), int(tag.partition("-")[0]))
        while len(self._known) > MAX_KNOWN:
            del self._known[next(iter(self._known))]
        return known
