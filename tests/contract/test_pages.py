"""Pages: both ways, and while others write."""

import pytest
from boards import (
    AT,
    BOARD,
    NOW,
    backward,
    forward,
    line,
    m,
    names,
    next_of,
    page,
    previous_of,
    put,
    rule,
    submit,
    submit_all,
)

from goboard.domain.pages import Cursor, Page
from goboard.domain.standings import Entry
from goboard.leaderboards import Leaderboards
from goboard.ports.store import BoardStore

LETTERS = {"a": 9.0, "b": 8.0, "c": 7.0, "d": 6.0, "e": 5.0}


@pytest.mark.parametrize(("limit", "expected"), [(1, "a b c d e"), (2, "ab cd e"), (5, "abcde"), (9, "abcde")])
async def test_pages_follow_each_other(store: BoardStore, limit: int, expected: str) -> None:
    await submit_all(store, LETTERS)
    assert " ".join([names(found) for found in await forward(store, limit)]) == expected


async def test_pages_lead_back(store: BoardStore) -> None:
    await submit_all(store, LETTERS)
    last = (await forward(store, 2))[-1]
    middle = await page(store, 2, previous_of(last))
    first = await page(store, 2, previous_of(middle))
    assert [names(found) for found in (last, middle, first)] == ["e", "cd", "ab"]
    assert first.previous is None
    assert names(await page(store, 2, next_of(first))) == "cd"


async def test_a_last_page_that_leads_back_may_be_short(store: BoardStore) -> None:
    await submit_all(store, LETTERS)
    second = await page(store, 2, next_of(await page(store, 1)))
    first = await page(store, 2, previous_of(second))
    assert (names(second), names(first), first.previous) == ("bc", "a", None)


async def test_entries_have_the_ranks_of_the_whole_board(store: BoardStore) -> None:
    await submit_all(store, LETTERS)
    second = await page(store, 2, next_of(await page(store, 2)))
    assert list(second.entries) == [Entry("c", 7.0, 3), Entry("d", 6.0, 4)]


async def test_the_only_page_leads_nowhere(store: BoardStore) -> None:
    assert await page(store, 2) == Page([], None, None)
    await submit_all(store, {"a": 1.0, "b": 0.0})
    found = await page(store, 2)
    assert (names(found), found.next, found.previous) == ("ab", None, None)


@pytest.mark.parametrize("order", ["desc", "asc"])
@pytest.mark.parametrize("ties", ["member", "earliest", "shared", "dense"])
async def test_equals_are_neither_skipped_nor_repeated(store: BoardStore, order: str, ties: str) -> None:
    await rule(store, order=order, ties=ties)
    await submit_all(store, dict.fromkeys("cgbadfe", 5.0) | {"x": 6.0, "y": 4.0})
    listed = await store.top(BOARD, 20, NOW, metadata=False)
    for limit in (1, 2, 4):
        found = await forward(store, limit)
        assert line(found) == listed
        assert line(await backward(store, limit, found[-1])) == listed


@pytest.mark.parametrize("score", [2.0**53, 2.0**53 - 1, 0.1 + 0.2, 5e-324, -(2.0**53)])
async def test_pages_tell_scores_apart_exactly(store: BoardStore, score: float) -> None:
    await submit_all(store, {"c": score, "a": score, "b": 0.0})
    assert line(await forward(store, 1)) == await store.top(BOARD, 3, NOW, metadata=False)


@pytest.mark.parametrize("ties", ["member", "earliest", "shared", "dense"])
async def test_the_entry_beside_the_page_may_have_moved(store: BoardStore, ties: str) -> None:
    await rule(store, ties=ties)
    await submit_all(store, LETTERS)
    cursor = next_of(await page(store, 2))
    await put(store, BOARD, "b", 0.0)
    assert names(await page(store, 9, cursor)) == "cdeb"
    await put(store, BOARD, "b", 10.0)
    assert names(await page(store, 9, cursor)) == "cde"


@pytest.mark.parametrize("ties", ["member", "earliest", "shared", "dense"])
async def test_the_entry_beside_the_page_may_be_gone(store: BoardStore, ties: str) -> None:
    await rule(store, ties=ties)
    await submit_all(store, LETTERS)
    second = await page(store, 2, next_of(await page(store, 2)))
    for gone in "bc":
        await store.remove(BOARD, m(gone), AT)
    assert names(await page(store, 9, next_of(second))) == "e"
    assert names(await page(store, 9, previous_of(second))) == "a"


async def test_an_equal_that_moved_behind_the_cursor_is_listed_once_more(store: BoardStore) -> None:
    await rule(store, ties="earliest")
    await submit_all(store, dict.fromkeys("abcd", 5.0))
    cursor = next_of(await page(store, 2))
    await store.increment_many(BOARD, [(m("a"), 1.0), (m("a"), -1.0)], AT)
    assert names(await page(store, 9, cursor)) == "cda"


async def test_nobody_who_stood_still_is_skipped_or_repeated_while_others_write(store: BoardStore) -> None:
    still = [f"s{number:02}" for number in range(40)]
    await submit_all(store, {member: 100.0 - number for number, member in enumerate(still)})
    found: list[str] = []
    cursor: Cursor | None = None
    for turn in range(20):
        turned = await page(store, 3, cursor)
        found += [entry.member for entry in turned.entries if entry.member in still]
        if turned.next is None:
            break
        cursor = turned.next
        await submit_all(store, {f"new{turn}": 200.0, f"low{turn}": -1.0})
        await put(store, BOARD, "mover", 100.0 - 7 * turn % 40)
    assert found == still


async def test_a_page_that_came_to_be_empty_leads_back(store: BoardStore) -> None:
    await submit_all(store, LETTERS)
    cursor = next_of(await page(store, 4))
    await store.remove(BOARD, m("e"), AT)
    empty = await page(store, 4, cursor)
    assert (names(empty), empty.next) == ("", None)
    assert names(await page(store, 2, previous_of(empty))) == "cd"


async def test_a_page_before_all_others_leads_on(store: BoardStore) -> None:
    await submit_all(store, LETTERS)
    cursor = previous_of(await page(store, 1, next_of(await page(store, 1))))
    await store.remove(BOARD, m("a"), AT)
    empty = await page(store, 4, cursor)
    assert (names(empty), empty.previous) == ("", None)
    assert names(await page(store, 2, next_of(empty))) == "bc"


async def test_metadata_comes_with_pages_where_it_is_asked_for(store: BoardStore) -> None:
    await submit(store, "a", 2.0, metadata={"car": "r5"})
    await submit(store, "b", 1.0, metadata={"car": "2cv"})
    assert [entry.metadata for entry in (await page(store, 2)).entries] == [None, None]
    first = await page(store, 1, metadata=True)
    second = await page(store, 1, next_of(first), metadata=True)
    assert [entry.metadata for entry in (*first.entries, *second.entries)] == [{"car": "r5"}, {"car": "2cv"}]


async def test_cursors_are_texts_to_who_uses_the_library(store: BoardStore) -> None:
    boards = Leaderboards(store, lambda: AT)
    await boards.set_many("b", [("né \U0001f600 " + letter, 5.0) for letter in "abc"] + [("d" * 256, 5.5)])
    listed, cursor = [], None
    for _ in range(3):
        found = await boards.entries("b", 1, cursor=cursor, min_score=5.0, max_score=5.25)
        listed += [entry.member[-1] for entry in found.entries]
        cursor = found.next
    assert (listed, cursor) == (["c", "b", "a"], None)
    assert found.previous is not None
    assert [entry.member[-1] for entry in (await boards.entries("b", 9, cursor=found.previous)).entries] == ["c", "b"]
