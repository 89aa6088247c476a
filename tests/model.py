"""A board with rules, slow and plain: it keeps dictionaries, and sorts anew for every question."""

import json
import math
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field

from goboard.domain.errors import (
    AttemptsExhausted,
    IncrementTooLarge,
    OperatorMismatch,
    RulesConflict,
)
from goboard.domain.periods import ALL, ARCHIVE, Period
from goboard.domain.rules import DEFAULT_RULES, BoardRules, Operator, Order, Rules, Ties, archived
from goboard.domain.scores import add, in_range
from goboard.domain.standings import Bin, Entry, Outcome, Stats, Submission

Key = tuple[float, int | bytes]
"""A place in the order: the score, and with `earliest` the change by which it was reached, else the member's bytes."""


@dataclass
class Standings:
    """The members of one period, or of an archive, which goes on ranking by the rules that it had."""

    rules: Rules
    scores: dict[str, float] = field(default_factory=dict)
    reached: dict[str, int] = field(default_factory=dict)
    """The number of the change by which each member reached its score."""

    @property
    def descending(self) -> bool:
        return self.rules.order is Order.DESC

    def better(self, one: float, other: float) -> bool:
        return one > other if self.descending else one < other

    def key(self, member: str) -> Key:
        tie = self.reached[member] if self.rules.ties is Ties.EARLIEST else member.encode()
        return self.scores[member], tie

    def ordered(self, keys: Iterable[Key]) -> list[Key]:
        """Sort by score, after those that are equal were sorted: Python's sort leaves equal ones as they were."""
        reverse = self.descending and self.rules.ties is not Ties.EARLIEST
        by_tie = sorted(keys, key=lambda key: key[1], reverse=reverse)
        return sorted(by_tie, key=lambda key: key[0], reverse=self.descending)

    def members(self) -> list[str]:
        """All members, best first."""
        owners = {self.key(member): member for member in self.scores}
        return [owners[key] for key in self.ordered(owners)]

    def members_after(self, key: Key) -> list[str]:
        """Give who stands after a place, whether or not somebody still holds it."""
        line = self.ordered({key, *map(self.key, self.scores)})
        behind = line[line.index(key) + 1 :]
        return [member for member in self.members() if self.key(member) in behind]

    def entries(self) -> list[Entry]:
        """All entries, best first."""
        members = self.members()
        return [Entry(member, self.scores[member], self._rank(members, member)) for member in members]

    def _rank(self, members: list[str], member: str) -> int:
        above = [score for score in self.scores.values() if self.better(score, self.scores[member])]
        if self.rules.ties is Ties.SHARED:
            return 1 + len(above)
        if self.rules.ties is Ties.DENSE:
            return 1 + len(set(above))
        return 1 + members.index(member)

    def put(self, member: str, score: float, change: int) -> bool:
        """Tell whether that changed anything; only then the member's place among equals changes."""
        if self.scores.get(member) == score:
            return False
        self.scores[member] = score
        self.reached[member] = change
        return True

    def drop(self, member: str) -> bool:
        self.reached.pop(member, None)
        return self.scores.pop(member, None) is not None

    def trim(self, capacity: int | None) -> None:
        for member in [] if capacity is None else self.members()[capacity:]:
            self.drop(member)

    def number_by_order(self) -> None:
        """Let those who stand higher have reached their score earlier."""
        self.reached = {member: number for number, member in enumerate(self.members(), -len(self.scores))}

    def percentile(self, member: str) -> float:
        others = len(self.scores) - 1
        worse = sum(self.better(self.scores[member], score) for score in self.scores.values())
        return 100 * worse / others if others else 100.0

    def stats(self, percentiles: Iterable[float], bins: int) -> Stats:
        if not self.scores:
            return Stats(0)
        worst_first = [self.scores[member] for member in reversed(self.members())]
        low, high = min(worst_first), max(worst_first)
        scored = [(p, worst_first[max(1, math.ceil(p * len(worst_first) / 100)) - 1]) for p in percentiles]
        return Stats(len(worst_first), low, high, scored, _histogram(sorted(worst_first), bins))


def _histogram(scores: list[float], bins: int) -> list[Bin]:
    low, high = scores[0], scores[-1]
    if low == high:
        return [Bin(low, high, len(scores))]
    edges = [low + bar * (high - low) / bins for bar in range(bins)]
    starts = [*(bisect_left(scores, edge) for edge in edges), len(scores)]
    ends = [*edges[1:], high]
    return [Bin(edges[bar], ends[bar], starts[bar + 1] - starts[bar]) for bar in range(bins)]


class BoardModel:
    """One board. Errors are raised as a store raises them; time must not run backwards."""

    def __init__(self) -> None:
        self.rules = DEFAULT_RULES
        self.revision = 0
        self.places: dict[Period, Standings] = {}
        self.metadata: dict[str, str] = {}
        self.updates: dict[str, tuple[float, float]] = {}
        self.attempts: dict[tuple[Period, str], int] = {}
        self._changes = 0

    def standings(self, period: Period) -> Standings:
        return self.places.get(period, Standings(self.rules))

    def everywhere(self) -> set[str]:
        return {member for standings in self.places.values() for member in standings.scores}

    def pass_time(self, at: float) -> None:
        """Drop what cannot be read any more."""
        self.places = {period: found for period, found in self.places.items() if self.rules.readable(period, at)}
        self.attempts = {key: count for key, count in self.attempts.items() if self.rules.readable(key[0], at)}
        self._forget()

    def increment(self, member: str, delta: float, at: float) -> Entry:
        if self.rules.operator is not Operator.INCREMENT:
            raise OperatorMismatch("", self.rules.operator.value)
        outcome = self.submit(Submission(member, delta), at)
        assert outcome.rank is not None
        return Entry(outcome.member, outcome.score, outcome.rank)

    def submit(self, submitted: Submission, at: float) -> Outcome:
        member = str(submitted.member)
        current = {period: self.standings(period) for period in self.rules.current(at)}
        self._check(submitted, at)
        results = {period: self._result(standings, submitted) for period, standings in current.items()}
        self._count(submitted, at)
        self._changes += 1
        # The default window's comes first.
        changed = [standings.put(member, results[period], self._changes) for period, standings in current.items()]
        for period, standings in current.items():
            standings.trim(self.rules.capacity)
            self.places[period] = standings
        self._note(submitted, at)
        default = next(iter(current))
        rank = next((entry.rank for entry in current[default].entries() if entry.member == member), None)
        return Outcome(member, results[default], rank, changed[0] and rank is not None, rank is not None)

    def _check(self, submitted: Submission, at: float) -> None:
        rules, member = self.rules, str(submitted.member)
        if submitted.overwrite:
            return
        increments = rules.operator is Operator.INCREMENT
        if increments and rules.max_increment is not None and abs(submitted.score) > rules.max_increment:
            raise IncrementTooLarge(member, rules.max_increment)
        if rules.attempts and self.attempts.get((self._counting(at), member), 0) >= rules.attempts.max:
            raise AttemptsExhausted(member, *rules.attempts)

    def _result(self, standings: Standings, submitted: Submission) -> float:
        member, rules = str(submitted.member), self.rules
        old = standings.scores.get(member)
        if rules.operator is Operator.INCREMENT and not submitted.overwrite:
            return add(old or 0.0, submitted.score, member, rules.lowest, rules.highest)
        score = in_range(submitted.score, member, rules.lowest, rules.highest)
        keeps = rules.operator is Operator.BEST and not submitted.overwrite and old is not None
        return old if keeps and old is not None and not standings.better(score, old) else score

    def _counting(self, at: float) -> Period:
        assert self.rules.attempts
        return self.rules.calendar.period_at(self.rules.attempts.window, at)

    def _count(self, submitted: Submission, at: float) -> None:
        if self.rules.attempts and not submitted.overwrite:
            key = self._counting(at), str(submitted.member)
            self.attempts[key] = self.attempts.get(key, 0) + 1

    def _note(self, submitted: Submission, at: float) -> None:
        member = str(submitted.member)
        if any(member in self.standings(period).scores for period in self.rules.current(at)):
            if submitted.metadata is not None:
                self.metadata[member] = submitted.metadata
            if self.rules.track:
                self.updates[member] = self.updates.get(member, (at, at))[0], at
        self._forget()

    def _forget(self) -> None:
        """Drop what is known of those who are nowhere, and standings that have nobody."""
        self.places = {period: standings for period, standings in self.places.items() if standings.scores}
        known = self.everywhere()
        self.metadata = {member: text for member, text in self.metadata.items() if member in known}
        self.updates = {member: times for member, times in self.updates.items() if member in known}

    def remove(self, member: str) -> bool:
        found = [standings.drop(member) for standings in self.places.values()]
        self.attempts = {key: count for key, count in self.attempts.items() if key[1] != member}
        self._forget()
        return any(found)

    def archive(self, name: str, window: str, at: float) -> int:
        """Set aside under a name that is new."""
        period = self.rules.calendar.period_at(window, at)
        standings = self.places.pop(period, None)
        if standings is None:
            return 0
        self.places[archived(name)] = standings
        self.attempts = {key: count for key, count in self.attempts.items() if key[0] != period}
        return len(standings.scores)

    def set_rules(self, rules: Rules, at: float, *, force: bool) -> BoardRules:
        old = self.rules
        if self.revision and rules == old:
            return BoardRules(old, self.revision)
        self._check_change(rules, at, force=force)
        staying = {period: found for period, found in self._live().items() if self._stays(period, rules, at)}
        for standings in staying.values():
            if old.ties is not Ties.EARLIEST:
                standings.number_by_order()
            standings.rules = rules
            standings.trim(rules.capacity)
        self.places = staying | {period: found for period, found in self.places.items() if period.window == ARCHIVE}
        self.attempts = {key: count for key, count in self.attempts.items() if self._stays(key[0], rules, at)}
        self.updates = self.updates if rules.track else {}
        self.rules, self.revision = rules, self.revision + 1
        self._forget()
        return BoardRules(rules, self.revision)

    def _check_change(self, rules: Rules, at: float, *, force: bool) -> None:
        live = self._live()
        staying = [len(found.scores) for period, found in live.items() if self._stays(period, rules, at)]
        conflicts = self.rules.falsified_by(rules) if live else []
        if rules.capacity is not None and max(staying, default=0) > rules.capacity:
            conflicts.append("capacity")
        if conflicts and not force:
            raise RulesConflict("", conflicts)

    def _live(self) -> dict[Period, Standings]:
        return {period: found for period, found in self.places.items() if period.window != ARCHIVE}

    def _stays(self, period: Period, rules: Rules, at: float) -> bool:
        same = (self.rules.timezone, self.rules.week_starts) == (rules.timezone, rules.week_starts)
        return period.window in rules.windows and (same or period.window == ALL) and rules.readable(period, at)

    def with_metadata(self, entry: Entry) -> Entry:
        text = self.metadata.get(entry.member)
        return entry._replace(metadata=None if text is None else json.loads(text))
