"""Pages of a range of scores, and from a rank on."""

import pytest
from boards import (
    names,
    next_of,
    onward,
    page,
    previous_of,
    rule,
    submit_all,
)

from goboard.domain.pages import ScoreRange
from goboard.domain.standings import Entry
from goboard.ports.store import BoardStore

LETTERS = {"a": 9.0, "b": 8.0, "c": 7.0, "d": 6.0, "e": 5.0}
TIED = {"g": 9.0, "f": 7.0, "e": 7.0, "d": 7.0, "c": 4.0, "b": 4.0, "a": 1.0}
"""In the order of a board with the tie rule `member`."""


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (None, None, "gfedcba"),
        (4.0, 7.0, "fedcb"),
        (4.0, None, "gfedcb"),
        (None, 4.0, "cba"),
        (7.0, 7.0, "fed"),
        (4.5, 6.5, ""),
        (8.0, 2.0, ""),
        (-100.0, 100.0, "gfedcba"),
    ],
)
async def test_a_range_of_scores_has_both_its_ends(
    store: BoardStore, low: float | None, high: float | None, expected: str
) -> None:
    await submit_all(store, TIED)
    found = await onward(store, 2, await page(store, 2, scores=ScoreRange(low, high)))
    assert "".join([names(each) for each in found]) == expected
    assert found[0].previous is None


@pytest.mark.parametrize("ties", ["member", "earliest", "shared", "dense"])
async def test_a_range_is_of_scores_in_a_race_too(store: BoardStore, ties: str) -> None:
    await rule(store, order="asc", ties=ties)
    await submit_all(store, LETTERS)
    first = await page(store, 2, scores=ScoreRange(6.0, 8.0))
    assert list(first.entries) == [Entry("d", 6.0, 2), Entry("c", 7.0, 3)]
    assert first.previous is None
    assert names(await page(store, 2, next_of(first))) == "b"


async def test_the_pages_of_a_range_end_where_it_does(store: BoardStore) -> None:
    await submit_all(store, LETTERS)
    first = await page(store, 2, scores=ScoreRange(6.0, 8.0))
    last = await page(store, 2, next_of(first))
    assert (names(first), first.previous) == ("bc", None)
    assert (names(last), last.next) == ("d", None)
    back = await page(store, 9, previous_of(last))
    assert (names(back), back.previous) == ("bc", None)


FROM_RANK = {
    "member": ["gf", "fe", "ed", "dc", "cb", "ba", "a", ""],
    "earliest": ["gf", "fe", "ed", "dc", "cb", "ba", "a", ""],
    "shared": ["gf", "fe", "cb", "cb", "cb", "a", "a", ""],
    "dense": ["gf", "fe", "cb", "a", "", "", "", ""],
}


@pytest.mark.parametrize("ties", FROM_RANK)
async def test_a_page_begins_at_the_first_entry_of_at_least_a_rank(store: BoardStore, ties: str) -> None:
    await rule(store, ties=ties)
    await submit_all(store, TIED)
    found = [names(await page(store, 2, from_rank=rank)) for rank in range(1, 9)]
    assert found == FROM_RANK[ties]


async def test_a_page_from_a_rank_leads_both_ways(store: BoardStore) -> None:
    await submit_all(store, LETTERS)
    found = await page(store, 2, from_rank=3)
    assert names(await page(store, 2, next_of(found))) == "e"
    assert names(await page(store, 9, previous_of(found))) == "ab"


async def test_a_rank_beyond_the_last_gives_an_empty_page_that_leads_back(store: BoardStore) -> None:
    await submit_all(store, LETTERS)
    empty = await page(store, 2, from_rank=10**15)
    assert (names(empty), empty.next) == ("", None)
    assert names(await page(store, 2, previous_of(empty))) == "de"


@pytest.mark.parametrize(("rank", "expected"), [(1, "fe"), (4, "dc"), (5, "cb"), (7, "")])
async def test_a_rank_within_a_range_is_that_on_the_whole_board(store: BoardStore, rank: int, expected: str) -> None:
    await submit_all(store, TIED)
    found = await page(store, 2, scores=ScoreRange(4.0, 7.0), from_rank=rank)
    assert names(found) == expected
    assert (found.previous is None) is (rank == 1)
