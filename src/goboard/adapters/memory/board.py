"""One board: its rules, its places, and what its members show and leave."""

import json
import math
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from goboard.adapters.memory.places import Place, Places
from goboard.adapters.memory.standings import Standings
from goboard.domain.errors import (
    ArchiveExists,
    AttemptsExhausted,
    IncrementTooLarge,
    InvalidArgument,
    OperatorMismatch,
    RulesConflict,
)
from goboard.domain.names import MemberName
from goboard.domain.periods import ALL, ARCHIVE, Period, PeriodChoice
from goboard.domain.rules import DEFAULT_RULES, BoardRules, Operator, Rules, archived
from goboard.domain.scores import add, in_range
from goboard.domain.standings import Entry, Outcome, Submission


class Board:
    """A board in memory. What has expired goes at the first read or write that comes later."""

    def __init__(self, name: str) -> None:
        self.rules = DEFAULT_RULES
        self.revision = 0
        self._name = name
        self._places = Places()
        self._metadata: dict[str, str] = {}
        self._track: dict[str, tuple[float, float]] = {}

    @property
    def is_empty(self) -> bool:
        """Whether there are no members, not in a closed period or an archive either."""
        return not any(place.standings for _, place in self._places)

    def has_members(self, at: float) -> bool:
        """Tell whether there are members at the instant `at`, be it in a closed period or an archive."""
        self._expire(at)
        return not self.is_empty

    @property
    def tag(self) -> str:
        """The state of the rules, for cursors."""
        return f"{self.revision}-{zlib.crc32(self.rules.text.encode()):08x}"

    def standings(self, choice: PeriodChoice) -> Standings:
        """Give the standings of the period that is asked for; they are empty where nobody submitted.

        Raises:
            InvalidArgument, PeriodNotFound: as `Rules.chosen`.
        """
        self._expire(choice.at)
        place = self._places.get(self.rules.chosen(choice))
        return place.standings if place else self._no_standings()

    def periods(self, window: str, at: float) -> list[Period]:
        """Give the periods of `window` that have members and can be read, the latest first; archives by name.

        Raises:
            InvalidArgument: there is no such window.
        """
        self._expire(at)
        window = window if window == ARCHIVE else self.rules.window(window)
        found = [period for period, place in self._places if period.window == window and place.standings]
        return sorted((period for period in found if period.start <= at), key=lambda each: (-each.start, each.name))

    def metadata(self, member: str) -> Mapping[str, Any] | None:
        """Give what the member shows; None: nothing."""
        text = self._metadata.get(member)
        return None if text is None else json.loads(text)

    def track(self, member: str) -> tuple[float | None, float | None]:
        """Tell when the member's first and last update were, where the rules track it."""
        return self._track.get(member, (None, None))

    def increment(self, member: MemberName, delta: float, at: float) -> Entry:
        """Add `delta` to the member's score.

        Raises:
            UpdateRefused: the rules do not allow it; nothing was changed.
        """
        if self.rules.operator is not Operator.INCREMENT:
            raise OperatorMismatch(self._name, self.rules.operator.value)
        standings, _, _ = self._apply(Submission(member, delta), at)
        return standings.entry(member)

    def submit(self, submitted: Submission, at: float) -> Outcome:
        """Apply a submission.

        Raises:
            UpdateRefused: the rules do not allow it; nothing was changed.
        """
        standings, score, improved = self._apply(submitted, at)
        kept = submitted.member in standings
        rank = standings.rank(submitted.member) if kept else None
        return Outcome(submitted.member, score, rank, improved and kept, kept)

    def remove(self, member: str, at: float) -> bool:
        """Take the member off everything; False: it was nowhere."""
        self._expire(at)
        found = self._places.remove(member)
        self._forget([member])
        return found

    def archive(self, name: str, choice: PeriodChoice) -> int:
        """Set the current standings of a window aside and tell how many members they have.

        Raises:
            ArchiveExists: there is one of this name.
            InvalidArgument: `choice` names no window of the board, or it names a period.
        """
        if choice.period is not None:
            raise InvalidArgument("only the current period can be archived; name no period")
        current = self.rules.chosen(choice)
        self._expire(choice.at)
        if archived(name) in self._places:
            raise ArchiveExists(self._name, name)
        place = self._places.get(current)
        if not place or not place.standings:
            return 0
        self._places.take(current)
        self._places.put(archived(name), Place(place.standings, math.inf))
        return len(place.standings)

    def set_rules(self, rules: Rules, at: float, *, force: bool) -> BoardRules:
        """Put `rules` in place of those there are, and the standings in the form that they ask for.

        Raises:
            RulesConflict: `force` is not said, and scores would be falsified.
        """
        self._expire(at)
        if not self.revision or rules != self.rules:
            conflicts = self._conflicts(rules)
            if conflicts and not force:
                raise RulesConflict(self._name, conflicts)
            self._change(rules, at)
        return BoardRules(self.rules, self.revision)

    def _apply(self, submitted: Submission, at: float) -> tuple[Standings, float, bool]:
        """Apply a submission in all windows; give the default one's standings, the score there and if it improved."""
        self._expire(at)
        current = [(period, self._places.get(period) or self._new_place(period)) for period in self.rules.current(at)]
        counting = self._counting(submitted, current)
        self._check(submitted, counting)
        scores = [self._score_after(submitted, place.standings) for _, place in current]
        standings = current[0][1].standings
        improved = standings.score(submitted.member) != scores[0]
        for (period, place), score in zip(current, scores, strict=True):
            self._places.put(period, place)
            place.standings.put(submitted.member, score)
        if counting:
            counting.attempts[submitted.member] += 1
        self._cut([place.standings for _, place in current])
        if any(submitted.member in place.standings for _, place in current):
            self._note(submitted, at)
        return standings, scores[0], improved

    def _counting(self, submitted: Submission, current: Sequence[tuple[Period, Place]]) -> Place | None:
        """Give the place where the submission counts as an attempt; None: it is none."""
        attempts = self.rules.attempts
        if attempts is None or submitted.overwrite:
            return None
        return next(place for period, place in current if period.window == attempts.window)

    def _check(self, submitted: Submission, counting: Place | None) -> None:
        rules, member = self.rules, submitted.member
        if rules.max_increment is not None and not submitted.overwrite and abs(submitted.score) > rules.max_increment:
            raise IncrementTooLarge(member, rules.max_increment)
        if rules.attempts and counting and counting.attempts[member] >= rules.attempts.max:
            raise AttemptsExhausted(member, *rules.attempts)

    def _score_after(self, submitted: Submission, standings: Standings) -> float:
        rules, member = self.rules, submitted.member
        before = standings.score(member)
        if rules.operator is Operator.INCREMENT and not submitted.overwrite:
            return add(before or 0.0, submitted.score, member, rules.lowest, rules.highest)
        score = in_range(submitted.score, member, rules.lowest, rules.highest)
        best = rules.operator is Operator.BEST and not submitted.overwrite
        return before if best and before is not None and not standings.better(score, before) else score

    def _note(self, submitted: Submission, at: float) -> None:
        member = submitted.member
        if submitted.metadata is not None:
            self._metadata[member] = submitted.metadata
        if self.rules.track:
            first, _ = self._track.get(member, (at, at))
            self._track[member] = first, at

    def _cut(self, all_standings: Iterable[Standings]) -> None:
        self._forget([member for standings in all_standings for member in standings.trim(self.rules.capacity)])

    def _expire(self, at: float) -> None:
        self._forget(self._places.expire(at))

    def _forget(self, members: Iterable[str]) -> None:
        """Let go of what those of the members left who stand nowhere any more."""
        for member in members:
            if (member in self._metadata or member in self._track) and not self._places.holds(member):
                self._metadata.pop(member, None)
                self._track.pop(member, None)

    def _conflicts(self, rules: Rules) -> list[str]:
        """Name what in `rules` would falsify scores that there are in periods."""
        periods = [(period, place) for period, place in self._places if period.window != ARCHIVE]
        if not any(place.standings for _, place in periods):
            return []
        names = self.rules.falsified_by(rules)
        most = max((len(place.standings) for period, place in periods if not self._ends(period, rules)), default=0)
        if rules.capacity is not None and most > rules.capacity:
            names.append("capacity")
        return names

    def _change(self, rules: Rules, at: float) -> None:
        self._forget(self._places.drop(lambda period, _: self._ends(period, rules)))
        self.rules = rules
        self.revision += 1
        for period, place in self._places:
            if period.window != ARCHIVE:
                place.standings = place.standings.converted(rules.order, rules.ties)
                place.expiry = rules.expiry(period)
                self._places.put(period, place)
                self._cut([place.standings])
        if not rules.track:
            self._track.clear()
        self._expire(at)

    def _ends(self, period: Period, rules: Rules) -> bool:
        """Tell whether the period is none of `rules` any more."""
        if period.window in (ALL, ARCHIVE):
            return period.window == ALL and ALL not in rules.windows
        same_clock = (self.rules.timezone, self.rules.week_starts) == (rules.timezone, rules.week_starts)
        return period.window not in rules.windows or not same_clock

    def _new_place(self, period: Period) -> Place:
        return Place(self._no_standings(), self.rules.expiry(period))

    def _no_standings(self) -> Standings:
        return Standings(self.rules.order, self.rules.ties)
