"""Each store against a board with rules that is sorted anew for every question, over changes of rules and of time."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, NamedTuple

import pytest
from boards import BOARD
from fuzzing import runs
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from model import BoardModel, Key, Standings
from ranking_strategies import BEGINNINGS, CHANGES, LEAPS, MEMBERS, SCORES, SUBMISSIONS, some_rules
from servers import STORES, Server

from goboard.adapters.memory import MemoryBoardStore
from goboard.adapters.redis import RedisBoardStore
from goboard.domain.errors import CursorStale, GoboardError
from goboard.domain.names import ArchiveName, MemberName
from goboard.domain.pages import Cursor, PageRequest, ScoreRange
from goboard.domain.periods import ARCHIVE, Period, PeriodChoice
from goboard.domain.rules import Attempts, Operator, Rules
from goboard.domain.standings import BoardSize, Entry, Lookup, MemberDetails, Stats, Submission
from goboard.ports.store import BoardStore

PERCENTILES = (0.0, 37.5, 50.0, 100.0)


class Held(NamedTuple):
    """A cursor, and what the model knows of it."""

    cursor: Cursor
    period: Period
    revision: int
    key: Key


class RankingMachine(RuleBasedStateMachine):
    """Does the same to a store's board and to the model's."""

    open_store: Callable[[], BoardStore]
    runner: asyncio.Runner

    def __init__(self) -> None:
        super().__init__()
        self.store = type(self).open_store()
        self.archives = itertools.count()
        self.held: Held | None = None
        self.attempts: Attempts | None = None

    def teardown(self) -> None:
        self.run(self.store.close)

    def run(self, call: Callable[..., Awaitable[Any]], *args: Any, **named: Any) -> Any:
        """Give what comes of it, of an error its type."""

        async def awaited() -> Any:
            return await call(*args, **named)

        try:
            return self.runner.run(awaited())
        except GoboardError as error:
            return type(error)

    def choice(self, period: Period) -> PeriodChoice:
        return PeriodChoice(self.at, period.window, None if period.name == "all" else period.name)

    @initialize(rules=some_rules(), at=st.sampled_from(BEGINNINGS), attempts=st.sampled_from([None, 1, 3]))
    def begin(self, rules: Rules, at: float, attempts: int | None) -> None:
        self.model, self.at = BoardModel(), at
        if attempts is not None:
            self.attempts = Attempts(attempts, rules.windows[-1])
        self.change(rules, force=False)

    def change(self, rules: Rules, *, force: bool) -> None:
        # Where their window goes, so do attempts, and never come back: when a count begins anew is left open.
        stay = self.attempts and self.attempts.window in rules.windows
        rules = Rules.parse(rules.said() | {"attempts": self.attempts._asdict() if self.attempts and stay else None})
        expected = attempt(lambda: self.model.set_rules(rules, self.at, force=force))
        assert self.run(self.store.set_rules, BOARD, rules, self.at, force=force) == expected
        self.model.pass_time(self.at)
        self.attempts = self.model.rules.attempts

    @rule(rules=some_rules(), force=st.sampled_from([False, False, True]))
    def change_all(self, rules: Rules, *, force: bool) -> None:
        self.change(rules, force=force)

    @rule(changes=CHANGES, force=st.booleans())
    def change_some(self, changes: dict[str, Any], *, force: bool) -> None:
        if self.model.rules.operator is Operator.INCREMENT:
            changes = changes | {"capacity": None}
        self.change(Rules.parse(self.model.rules.said() | changes), force=force)

    @rule(leap=LEAPS)
    def let_time_pass(self, leap: float) -> None:
        self.at += leap
        self.model.pass_time(self.at)

    @rule(submissions=st.lists(SUBMISSIONS, min_size=1, max_size=10))
    def submit(self, submissions: list[Submission]) -> None:
        expected = [attempt(lambda each=each: self.model.submit(each, self.at)) for each in submissions]
        assert types_of_errors(self.run(self.store.submit_many, BOARD, submissions, self.at)) == expected

    @rule(deltas=st.lists(st.tuples(MEMBERS, SCORES), min_size=1, max_size=4))
    def increment(self, deltas: list[tuple[MemberName, float]]) -> None:
        expected = [attempt(lambda each=each: self.model.increment(*each, self.at)) for each in deltas]
        assert types_of_errors(self.run(self.store.increment_many, BOARD, deltas, self.at)) == expected

    @rule(member=MEMBERS)
    def remove(self, member: MemberName) -> None:
        assert self.run(self.store.remove, BOARD, member, self.at) is self.model.remove(member)
        if self.held and self.held.period not in self.model.places:
            self.held = None  # who comes to a place that was emptied may stand on either side of it

    @precondition(lambda self: self.model.revision > 2)  # what is deleted at once teaches little
    @rule(rules=some_rules())
    def delete(self, rules: Rules) -> None:
        assert self.run(self.store.delete, BOARD, self.at) is bool(self.model.places)
        self.model, self.attempts, self.held = BoardModel(), None, None
        self.the_rest_reads_the_same()
        self.change(rules, force=False)

    @rule(data=st.data())
    def archive(self, data: st.DataObject) -> None:
        window = data.draw(st.sampled_from(self.model.rules.windows))
        name = ArchiveName.parse(f"season {next(self.archives)}")
        found = self.run(self.store.archive, BOARD, name, PeriodChoice(self.at, window))
        assert found == self.model.archive(name, window, self.at)
        self.held = None  # as in `remove`

    @rule(data=st.data(), limit=st.integers(1, 3))
    def hold_a_cursor(self, data: st.DataObject, limit: int) -> None:
        if self.model.places:
            period = data.draw(st.sampled_from(sorted(self.model.places)))
            page = self.run(self.store.page, BOARD, PageRequest(limit), self.choice(period))
            if page.next is not None:
                key = self.model.places[period].key(page.entries[-1].member)
                self.held = Held(page.next, period, self.model.revision, key)

    @rule(limit=st.integers(1, 3))
    def go_on_from_the_cursor(self, limit: int) -> None:
        if self.held is None or not self.model.rules.readable(self.held.period, self.at):
            self.held = None
            return
        request = PageRequest(limit, cursor=self.held.cursor)
        found = self.run(self.store.page, BOARD, request, self.choice(self.held.period))
        if self.held.revision != self.model.revision:
            gone = self.held.period.window not in (*self.model.rules.windows, ARCHIVE)
            assert gone or found is CursorStale
            self.held = None
            return
        standings = self.model.standings(self.held.period)
        behind = standings.members_after(self.held.key)
        assert [entry.member for entry in found.entries] == behind[:limit]
        assert (found.next is None) is (len(behind) <= limit)
        assert (found.previous is None) is (len(behind) == len(standings.scores))

    @invariant()
    def every_period_reads_the_same(self) -> None:
        for period in self.periods():
            entries = self.model.standings(period).entries()
            choice = self.choice(period)
            assert self.run(self.store.top, BOARD, 100, choice, metadata=False) == entries
            expected = [self.model.with_metadata(entry) for entry in entries]
            assert self.run(self.store.top, BOARD, 2, choice, metadata=True) == expected[:2]
            assert self.run(self.store.count, BOARD, choice) == len(entries)

    def periods(self) -> list[Period]:
        """Those that have members, and the current ones."""
        return sorted({*self.model.places, *self.model.rules.current(self.at)})

    @invariant()
    def the_rest_reads_the_same(self) -> None:
        assert self.run(self.store.rules, BOARD) == (self.model.rules, self.model.revision)
        default = self.model.standings(self.model.rules.current(self.at)[0])
        listed = [BoardSize(BOARD, len(default.scores))] if self.model.revision else []
        assert self.run(self.store.boards, "", 5, self.at) == listed
        for window in (*self.model.rules.windows, ARCHIVE):
            found = self.run(self.store.periods, BOARD, window, self.at)
            expected = [period for period in self.model.places if period.window == window]
            by_name = window == ARCHIVE
            assert found == sorted(expected, key=lambda each: each.name if by_name else -each.start)

    @rule(data=st.data(), member=MEMBERS, above=st.integers(0, 3), below=st.integers(0, 3))
    def ask_about_a_member(self, data: st.DataObject, member: MemberName, above: int, below: int) -> None:
        period = data.draw(st.sampled_from(self.periods()))
        standings, choice = self.model.standings(period), self.choice(period)
        entries = standings.entries()
        place = next((index for index, entry in enumerate(entries) if entry.member == member), None)
        found = self.run(self.store.around, BOARD, member, above, below, choice, metadata=False)
        assert found == ([] if place is None else entries[max(0, place - above) : place + below + 1])
        entry = None if place is None else entries[place]
        assert self.run(self.store.rank, BOARD, member, choice) == entry
        assert self.run(self.store.member, BOARD, member, choice) == self.details(standings, entry)

    def details(self, standings: Standings, entry: Entry | None) -> MemberDetails | None:
        if entry is None:
            return None
        first, last = self.model.updates.get(entry.member, (None, None))
        return MemberDetails(self.model.with_metadata(entry), standings.percentile(entry.member), first, last)

    @rule(data=st.data(), members=st.lists(MEMBERS, unique=True, max_size=7), bins=st.integers(1, 4))
    def ask_about_many(self, data: st.DataObject, members: list[MemberName], bins: int) -> None:
        period = data.draw(st.sampled_from(self.periods()))
        standings, choice = self.model.standings(period), self.choice(period)
        found: Lookup = self.run(self.store.lookup, BOARD, members, choice, metadata=False)
        assert list(found.entries) == [entry for entry in standings.entries() if entry.member in members]
        assert list(found.absent) == [member for member in members if member not in standings.scores]
        stats: Stats = self.run(self.store.stats, BOARD, PERCENTILES, bins, choice)
        assert with_lists(stats) == with_lists(standings.stats(PERCENTILES, bins))

    @rule(data=st.data(), limit=st.integers(1, 3), from_rank=st.none() | st.integers(1, 8))
    def turn_all_pages(self, data: st.DataObject, limit: int, from_rank: int | None) -> None:
        period = data.draw(st.sampled_from(self.periods()))
        scores = data.draw(st.builds(ScoreRange, st.none() | SCORES, st.none() | SCORES))
        line = [entry for entry in self.model.standings(period).entries() if within(entry.score, scores)]
        begin = next((index for index, entry in enumerate(line) if entry.rank >= (from_rank or 1)), len(line))
        choice, request = self.choice(period), PageRequest(limit, scores, from_rank)
        while True:
            page = self.run(self.store.page, BOARD, request, choice)
            assert list(page.entries) == line[begin : begin + limit]
            assert (page.previous is None) is (begin == 0)
            assert (page.next is None) is (begin + limit >= len(line))
            if page.next is None:
                break
            begin, request = begin + limit, PageRequest(limit, scores, None, page.next)
        while begin:
            page = self.run(self.store.page, BOARD, PageRequest(limit, scores, None, page.previous), choice)
            assert list(page.entries) == line[max(0, begin - limit) : begin]
            begin = max(0, begin - limit)
            assert (page.previous is None) is (begin == 0)
            assert (page.next is None) is (begin + len(page.entries) >= len(line))


def within(score: float, scores: ScoreRange) -> bool:
    return (scores.low is None or scores.low <= score) and (scores.high is None or score <= scores.high)


def attempt(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except GoboardError as error:
        return type(error)


def types_of_errors(outcomes: list[Any]) -> list[Any]:
    return [type(outcome) if isinstance(outcome, Exception) else outcome for outcome in outcomes]


def with_lists(stats: Stats) -> Stats:
    return stats._replace(percentiles=[(p, x) for p, x in stats.percentiles], histogram=list(stats.histogram))


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as opened:
        yield opened


@pytest.mark.parametrize("kind", STORES)
def test_a_store_ranks_as_one_that_sorts_anew(
    kind: str, runner: asyncio.Runner, server_of: Callable[[str], Server], prefix: str
) -> None:
    numbers = itertools.count()

    def open_store() -> BoardStore:
        if kind == "memory":
            return MemoryBoardStore()
        return RedisBoardStore.from_url(server_of(kind).url, prefix=f"{prefix}{next(numbers)}:")

    machine = type("Machine", (RankingMachine,), {"open_store": staticmethod(open_store), "runner": runner})
    few = settings(
        max_examples=runs(usually=40 if kind == "memory" else 25),
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    run_state_machine_as_test(machine, settings=few)
