"""What a cursor belongs to, and when it is stale."""

import pytest
from boards import (
    AT,
    BOARD,
    DAY,
    NOW,
    forward,
    instant,
    names,
    next_of,
    page,
    rule,
    submit_all,
)

from goboard.domain.errors import CursorStale, InvalidArgument, PeriodNotFound
from goboard.domain.names import ArchiveName
from goboard.domain.periods import PeriodChoice
from goboard.ports.store import BoardStore

LETTERS = {"a": 9.0, "b": 8.0, "c": 7.0, "d": 6.0, "e": 5.0}


@pytest.mark.parametrize("change", [{"order": "asc"}, {"ties": "shared"}, {"keep": 5}, {"max_score": 50.0}], ids=str)
async def test_a_cursor_ends_with_the_rules(store: BoardStore, change: dict[str, object]) -> None:
    await rule(store)
    await submit_all(store, LETTERS)
    cursor = next_of(await page(store, 2))
    await rule(store)
    assert names(await page(store, 2, cursor)) == "cd"
    await rule(store, force=True, **change)
    with pytest.raises(CursorStale):
        await page(store, 2, cursor)


async def test_a_cursor_of_rules_that_came_and_went_is_stale(store: BoardStore) -> None:
    await submit_all(store, LETTERS)
    cursor = next_of(await page(store, 2))
    await rule(store)
    with pytest.raises(CursorStale):
        await page(store, 2, cursor)


async def test_a_cursor_belongs_to_its_window(store: BoardStore) -> None:
    await rule(store, windows=["all", "daily"])
    await submit_all(store, LETTERS)
    cursor = next_of(await page(store, 2, choice=PeriodChoice(AT, "daily")))
    with pytest.raises(CursorStale):
        await page(store, 2, cursor)
    assert names(await page(store, 2, cursor, PeriodChoice(AT, "daily"))) == "cd"


async def test_a_cursor_belongs_to_its_period(store: BoardStore) -> None:
    await rule(store, windows=["daily"])
    await submit_all(store, LETTERS)
    cursor = next_of(await page(store, 2))
    with pytest.raises(CursorStale):
        await page(store, 2, cursor, PeriodChoice(AT + DAY))
    assert names(await page(store, 2, cursor, PeriodChoice(AT + DAY, "daily", "2026-11-24"))) == "cd"


async def test_a_closed_period_is_paged_while_it_is_kept(store: BoardStore) -> None:
    await rule(store, windows=["daily"], keep=1)
    await submit_all(store, LETTERS)
    end = instant("2026-11-26T00:00:00+00:00")
    cursor = next_of(await page(store, 2))
    assert names(await page(store, 2, cursor, PeriodChoice(end - 1, "daily", "2026-11-24"))) == "cd"
    with pytest.raises(PeriodNotFound):
        await page(store, 2, cursor, PeriodChoice(end, "daily", "2026-11-24"))


async def test_an_archive_is_paged(store: BoardStore) -> None:
    await rule(store, ties="earliest")
    await submit_all(store, dict.fromkeys("cabed", 5.0))
    await store.archive(BOARD, ArchiveName.parse("season 1"), NOW)
    choice = PeriodChoice(AT, "archive", "season 1")
    assert [names(found) for found in await forward(store, 2, choice)] == ["ca", "be", "d"]


async def test_pages_of_no_window_of_the_board_are_refused(store: BoardStore) -> None:
    with pytest.raises(InvalidArgument, match="'weekly'"):
        await page(store, 2, choice=PeriodChoice(AT, "weekly"))
