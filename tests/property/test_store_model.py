"""Each store against a dictionary that is sorted anew for every question."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from boards import AT, NOW, put, put_many, top
from fuzzing import runs
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from servers import STORES, Server

from goboard.adapters.memory import MemoryBoardStore
from goboard.adapters.redis import RedisBoardStore
from goboard.domain.errors import ScoreOutOfRange
from goboard.domain.names import BoardName, MemberName
from goboard.domain.scores import MAX_SCORE, add
from goboard.domain.standings import Entry
from goboard.ports.store import BoardStore

# Few of each, so that they meet; among them ties, prefixes of each other, and the order that UTF-16 would give.
BOARDS = st.sampled_from([BoardName.parse(name) for name in ("b", "b b", "ö")])
MEMBERS = st.sampled_from([MemberName.parse(name) for name in ("a", "A", "aa", " ", "x", "é", "\uff5e", "\U0001f600")])
EDGES = st.sampled_from([0.0, 1.0, -1.0, 0.1, MAX_SCORE, -MAX_SCORE, MAX_SCORE - 1, 2.0**52, 1e-320])
SCORES = EDGES | st.integers(-3, 3).map(float) | st.floats(-MAX_SCORE, MAX_SCORE)
DELTAS = SCORES | st.floats(allow_nan=False, allow_infinity=False)

Model = dict[str, dict[str, float]]


class StoreMachine(RuleBasedStateMachine):
    """Does the same to a store and to a dictionary of dictionaries."""

    open_store: Callable[[], BoardStore]
    runner: asyncio.Runner

    def __init__(self) -> None:
        super().__init__()
        self.store = type(self).open_store()
        self.model: Model = {}

    def teardown(self) -> None:
        self.run(self.store.close())

    def run(self, call: Any) -> Any:
        return self.runner.run(call)

    def board(self, board: str) -> dict[str, float]:
        return self.model.get(board, {})

    def put(self, board: str, member: str, score: float) -> Entry:
        self.model.setdefault(board, {})[member] = score + 0.0
        return next(entry for entry in self.standings(board) if entry.member == member)

    def add(self, board: str, member: str, delta: float) -> Entry | type[ScoreOutOfRange]:
        try:
            return self.put(board, member, add(self.board(board).get(member, 0.0), delta, member))
        except ScoreOutOfRange:
            return ScoreOutOfRange

    def standings(self, board: str) -> list[Entry]:
        best_first = sorted(self.board(board).items(), key=lambda pair: (pair[1], pair[0].encode()), reverse=True)
        return [Entry(member, score, rank) for rank, (member, score) in enumerate(best_first, 1)]

    @rule(board=BOARDS, deltas=st.lists(st.tuples(MEMBERS, DELTAS), min_size=1, max_size=6))
    def increment_at_once(self, board: BoardName, deltas: list[tuple[MemberName, float]]) -> None:
        async def all_in_flight() -> list[Any]:
            futures = [self.store.increment(board, member, delta, AT) for member, delta in deltas]
            return await asyncio.gather(*futures, return_exceptions=True)

        expected = [self.add(board, member, delta) for member, delta in deltas]
        assert comparable(self.run(all_in_flight())) == expected

    @rule(board=BOARDS, deltas=st.lists(st.tuples(MEMBERS, DELTAS), max_size=12))
    def increment_many(self, board: BoardName, deltas: list[tuple[MemberName, float]]) -> None:
        async def many() -> list[Any]:
            return await self.store.increment_many(board, deltas, AT)

        expected = [self.add(board, member, delta) for member, delta in deltas]
        assert comparable(self.run(many())) == expected

    @rule(board=BOARDS, member=MEMBERS, score=SCORES)
    def set(self, board: BoardName, member: MemberName, score: float) -> None:
        assert self.run(put(self.store, board, member, score)) == self.put(board, member, score)

    @rule(board=BOARDS, scores=st.lists(st.tuples(MEMBERS, SCORES), max_size=12))
    def set_many(self, board: BoardName, scores: list[tuple[MemberName, float]]) -> None:
        self.run(put_many(self.store, board, scores))
        for member, score in scores:
            self.put(board, member, score)

    @rule(board=BOARDS, member=MEMBERS)
    def remove(self, board: BoardName, member: MemberName) -> None:
        assert self.run(self.store.remove(board, member, AT)) is (self.board(board).pop(member, None) is not None)

    @rule(board=BOARDS)
    def delete(self, board: BoardName) -> None:
        assert self.run(self.store.delete(board, AT)) is bool(self.model.pop(board, None))

    @rule(board=BOARDS, member=MEMBERS)
    def rank(self, board: BoardName, member: MemberName) -> None:
        expected = [entry for entry in self.standings(board) if entry.member == member]
        assert self.run(self.store.rank(board, member, NOW)) == (expected[0] if expected else None)

    @rule(board=BOARDS, limit=st.integers(1, 10))
    def top(self, board: BoardName, limit: int) -> None:
        assert self.run(top(self.store, board, limit)) == self.standings(board)[:limit]

    @invariant()
    def counts_agree(self) -> None:
        for board in self.model:
            assert self.run(self.store.count(BoardName.parse(board), NOW)) == len(self.board(board))


def comparable(outcomes: list[Any]) -> list[Any]:
    return [type(outcome) if isinstance(outcome, Exception) else outcome for outcome in outcomes]


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as opened:
        yield opened


@pytest.mark.parametrize("kind", STORES)
def test_a_store_behaves_as_a_sorted_dictionary(
    kind: str, runner: asyncio.Runner, server_of: Callable[[str], Server], prefix: str
) -> None:
    numbers = itertools.count()

    def open_store() -> BoardStore:
        if kind == "memory":
            return MemoryBoardStore()
        return RedisBoardStore.from_url(server_of(kind).url, prefix=f"{prefix}{next(numbers)}:")

    machine = type("Machine", (StoreMachine,), {"open_store": staticmethod(open_store), "runner": runner})
    few = settings(
        max_examples=runs(usually=25),
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    run_state_machine_as_test(machine, settings=few)
