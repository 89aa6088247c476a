"""A hundred thousand random updates under each tie rule, half of them in a race, held against plain sorted lists."""

import random
from bisect import bisect_left, bisect_right, insort
from collections.abc import AsyncIterator, Callable
from functools import cache
from typing import Any, NamedTuple

import pytest
from boards import AT, BOARD, m, rule, standings
from servers import Server

from goboard.adapters.memory import MemoryBoardStore
from goboard.adapters.redis import RedisBoardStore
from goboard.domain.errors import UpdateRefused
from goboard.domain.names import MemberName
from goboard.domain.standings import Submission
from goboard.ports.store import BoardStore

BATCHES, BATCH = 50, 1000
MEMBERS = [m(f"{number:x}") for number in range(500)]
CHANGES = [-2.0, -1.0, -1.0, 0.0, 0.1, 1.0, 1.0, 2.0]
"""Few and small, so that many members are equal."""


class SortedBoard:
    """Ascending lists: of the places, of the scores, and of the scores without those that come again."""

    def __init__(self, order: str, ties: str) -> None:
        self.descending, self.ties = order == "desc", ties
        self.held: dict[str, tuple[float, str | int]] = {}
        self.places: list[tuple[float, str | int]] = []
        self.scores: list[float] = []
        self.distinct: list[float] = []
        self.changes = 0

    def put(self, member: str, score: float) -> None:
        if member in self.held and self.held[member][0] == score:
            return
        self.remove(member)
        self.changes += 1
        # Who comes later stands lower, which in a descending order is before the others.
        late = -self.changes if self.descending else self.changes
        self.held[member] = score, late if self.ties == "earliest" else member
        insort(self.places, self.held[member])
        if not holds(self.scores, score):
            insort(self.distinct, score)
        insort(self.scores, score)

    def remove(self, member: str) -> None:
        if member in self.held:
            place = self.held.pop(member)
            del self.places[bisect_left(self.places, place)]
            del self.scores[bisect_left(self.scores, place[0])]
            if not holds(self.scores, place[0]):
                del self.distinct[bisect_left(self.distinct, place[0])]

    def score(self, member: str) -> float:
        return self.held[member][0] if member in self.held else 0.0

    def rank(self, member: str) -> int:
        place = self.held[member]
        if self.ties == "shared":
            return self._number(self.scores, place[0])
        if self.ties == "dense":
            return self._number(self.distinct, place[0])
        return self._number(self.places, place)

    def _number(self, line: list[Any], one: Any) -> int:
        return len(line) - bisect_right(line, one) + 1 if self.descending else bisect_left(line, one) + 1

    def standings(self) -> list[tuple[str, float, int]]:
        members = {place: member for member, place in self.held.items()}
        best_first = reversed(self.places) if self.descending else self.places
        return [(members[place], place[0], self.rank(members[place])) for place in best_first]


def holds(line: list[float], score: float) -> bool:
    found = bisect_left(line, score)
    return found < len(line) and line[found] == score


class Script(NamedTuple):
    """What to do, and what must come of it."""

    batches: list[list[Submission]]
    removed: list[MemberName]
    """Who goes after each batch."""
    expected: list[list[tuple[float, int]]]
    standings: list[tuple[str, float, int]]


@cache
def script(order: str, ties: str) -> Script:
    """The same for all stores; every second batch is of increments alone."""
    dice, board = random.Random(f"{order} {ties}"), SortedBoard(order, ties)
    batches, removed, expected = [], [], []
    for number in range(BATCHES):
        batch = [some_submission(dice, overwrites=number % 2 == 0) for _ in range(BATCH)]
        outcomes = []
        for member, score, _, overwrite, _ in batch:
            board.put(member, score if overwrite else board.score(member) + score)
            outcomes.append((board.score(member), board.rank(member)))
        gone = dice.choice(MEMBERS)
        board.remove(gone)
        batches.append(batch)
        removed.append(gone)
        expected.append(outcomes)
    return Script(batches, removed, expected, board.standings())


def some_submission(dice: random.Random, *, overwrites: bool) -> Submission:
    if overwrites and dice.random() < 0.4:
        score = float(dice.randint(-9, 9)) if dice.random() < 0.9 else dice.uniform(-(2.0**52), 2.0**52)
        return Submission(dice.choice(MEMBERS), score, None, overwrite=True)
    return Submission(dice.choice(MEMBERS), dice.choice(CHANGES))


@pytest.fixture(params=["memory", "valkey"])
async def store(
    request: pytest.FixtureRequest, server_of: Callable[[str], Server], prefix: str
) -> AsyncIterator[BoardStore]:
    opened: BoardStore = (
        MemoryBoardStore()
        if request.param == "memory"
        else RedisBoardStore.from_url(server_of(request.param).url, prefix=prefix)
    )
    yield opened
    await opened.close()


async def apply(store: BoardStore, batch: list[Submission]) -> list[tuple[float, int | None]]:
    outcomes = (
        await store.submit_many(BOARD, batch, AT)
        if any(each.overwrite for each in batch)
        else await store.increment_many(BOARD, [(each.member, each.score) for each in batch], AT)
    )
    return [(outcome.score, outcome.rank) for outcome in outcomes if not isinstance(outcome, UpdateRefused)]


@pytest.mark.parametrize("ties", ["member", "earliest", "shared", "dense"])
@pytest.mark.parametrize("order", ["desc", pytest.param("asc", marks=pytest.mark.slow)])
async def test_random_updates_rank_as_in_a_sorted_list(store: BoardStore, order: str, ties: str) -> None:
    todo = script(order, ties)
    await rule(store, order=order, ties=ties)
    for batch, gone, expected in zip(todo.batches, todo.removed, todo.expected, strict=True):
        assert await apply(store, batch) == expected
        await store.remove(BOARD, gone, AT)
    assert await standings(store) == todo.standings
