"""Rules in company: each of these has gone wrong where every rule for itself was right."""

import asyncio
from typing import Any

import pytest
from boards import ADA, AT, BOARD, DAY, NOW, m, names, page, put, rule, scores, standings, submit, submit_all

from goboard.arguments import submission
from goboard.domain.errors import AttemptsExhausted, ScoreOutOfRange
from goboard.domain.names import ArchiveName
from goboard.domain.periods import PeriodChoice
from goboard.domain.scores import MAX_SCORE
from goboard.domain.standings import Outcome
from goboard.ports.store import BoardStore

TOURNAMENT: dict[str, Any] = {
    "operator": "best",
    "order": "asc",
    "ties": "earliest",
    "capacity": 2,
    "windows": ["all", "daily"],
    "attempts": {"max": 2, "window": "daily"},
    "min_score": 10.0,
    "track": True,
}


async def test_a_tournament_of_all_rules(store: BoardStore) -> None:
    await rule(store, **TOURNAMENT)
    await submit_all(store, {"bob": 20.0, "ada": 20.0}, AT - DAY)
    assert await submit(store, "cyd", 20.0) == Outcome("cyd", 20.0, None, improved=False, kept=False)
    assert await scores(store, window="daily") == {"cyd": 20.0}
    assert await submit(store, "cyd", 15.0) == Outcome("cyd", 15.0, 1, improved=True)
    with pytest.raises(AttemptsExhausted):
        await submit(store, "cyd", 12.0)
    with pytest.raises(ScoreOutOfRange):
        await submit(store, "ada", 9.0)
    assert await standings(store) == [("cyd", 15, 1), ("bob", 20, 2)]
    assert await standings(store, window="daily") == [("cyd", 15, 1)]
    assert await standings(store, window="daily", period="2026-11-23") == [("bob", 20, 1), ("ada", 20, 2)]


async def test_who_was_cut_off_stands_behind_its_equals_when_it_comes_back(store: BoardStore) -> None:
    await rule(store, operator="set", ties="earliest", capacity=2)
    await submit_all(store, {"ada": 5.0, "bob": 6.0, "cyd": 7.0})
    await store.remove(BOARD, m("cyd"), AT)
    await submit_all(store, {"dan": 5.0})
    assert await submit(store, "ada", 5.0) == Outcome("ada", 5.0, None, improved=False, kept=False)
    assert await standings(store) == [("bob", 6, 1), ("dan", 5, 2)]


async def test_dense_ranks_close_up_where_capacity_cuts(store: BoardStore) -> None:
    await rule(store, operator="set", ties="dense", capacity=3)
    await submit_all(store, {"a": 5.0, "b": 4.0, "c": 3.0, "d": 5.0, "e": 4.0})
    assert await standings(store) == [("d", 5, 1), ("a", 5, 1), ("e", 4, 2)]
    await put(store, BOARD, "a", 3.0)
    assert await standings(store) == [("d", 5, 1), ("e", 4, 2), ("a", 3, 3)]


async def test_an_overwrite_counts_in_all_windows_at_once(store: BoardStore) -> None:
    await rule(store, operator="best", windows=["all", "daily"])
    await submit(store, "ada", 9.0, AT - DAY)
    await submit(store, "ada", 5.0)
    await put(store, BOARD, "ada", 7.0)
    assert await scores(store, window="all") == {"ada": 7.0}
    assert await scores(store, window="daily") == {"ada": 7.0}
    assert await scores(store, window="daily", period="2026-11-23") == {"ada": 9.0}


async def test_one_list_may_cross_midnight_by_the_callers_clock(store: BoardStore) -> None:
    await rule(store, windows=["daily"], ties="earliest")
    midnight = AT - AT % DAY + DAY
    first = store.increment_many(BOARD, [(ADA, 1.0), (m("bob"), 1.0)], midnight - 0.001)
    second = store.increment_many(BOARD, [(m("bob"), 1.0), (ADA, 1.0)], midnight)
    assert [entry.rank for entry in [*await first, *await second] if not isinstance(entry, Exception)] == [1, 2, 1, 2]
    assert [member for member, _, _ in await standings(store, midnight)] == ["bob", "ada"]
    assert [member for member, _, _ in await standings(store, midnight, period="2026-11-24")] == ["ada", "bob"]


async def test_a_write_that_was_late_counts_in_the_period_of_its_instant(store: BoardStore) -> None:
    await rule(store, windows=["daily"])
    await submit(store, "ada", 1.0, AT)
    await submit(store, "ada", 2.0, AT - DAY)
    assert await scores(store) == {"ada": 1.0}
    assert await scores(store, period="2026-11-23") == {"ada": 2.0}


async def test_a_full_board_is_paged_over_its_cut(store: BoardStore) -> None:
    await rule(store, operator="set", ties="earliest", capacity=3)
    await submit_all(store, {"a": 5.0, "b": 5.0, "c": 5.0})
    first = await page(store, 2)
    await submit_all(store, {"d": 6.0})
    assert first.next is not None
    last = await page(store, 2, first.next)
    assert (names(last), last.next) == ("", None)
    assert last.previous is not None
    assert names(await page(store, 9, last.previous)) == "dab"


async def test_an_archive_of_a_window_leaves_ties_and_attempts_of_the_others(store: BoardStore) -> None:
    await rule(store, **(TOURNAMENT | {"attempts": {"max": 1, "window": "all"}}))
    await submit_all(store, {"bob": 20.0, "ada": 20.0})
    await store.archive(BOARD, ArchiveName.parse("day 1"), PeriodChoice(AT, "daily"))
    with pytest.raises(AttemptsExhausted):
        await submit(store, "ada", 15.0)
    assert await standings(store) == [("bob", 20, 1), ("ada", 20, 2)]
    assert await standings(store, window="daily") == []


async def test_metadata_of_a_tie_that_was_cut_is_gone_and_of_the_kept_one_there(store: BoardStore) -> None:
    await rule(store, operator="best", ties="earliest", capacity=1)
    cars = [submission(member, 5.0, {"car": member}) for member in ("bob", "ada")]
    await store.submit_many(BOARD, cars, AT)
    await store.remove(BOARD, m("bob"), AT)
    await submit(store, "ada", 5.0)
    [entry] = await store.top(BOARD, 1, NOW, metadata=True)
    assert (entry.member, entry.metadata) == ("ada", None)


async def test_bounds_hold_for_the_sum_in_the_longest_window(store: BoardStore) -> None:
    await rule(store, windows=["daily", "all"], min_score=-5.0, ties="shared")
    await submit_all(store, {"ada": -4.0, "bob": 1.0}, AT - DAY)
    outcomes = await store.increment_many(BOARD, [(ADA, -2.0), (m("bob"), -2.0)], AT)
    assert isinstance(outcomes[0], ScoreOutOfRange)
    assert await scores(store, window="daily") == {"bob": -2.0}
    assert await scores(store, window="all") == {"ada": -4.0, "bob": -1.0}


async def test_who_was_cut_off_leaves_no_rank_behind(store: BoardStore) -> None:
    """With `dense`, a score that nobody has any more counts for nothing."""
    await rule(store, operator="best", ties="dense", capacity=2)
    await submit_all(store, {"ada": 3.0, "bob": 2.0, "cyd": 1.0})
    await store.remove(BOARD, m("ada"), AT)
    await submit_all(store, {"dan": 0.5})
    assert await standings(store) == [("bob", 2.0, 1), ("dan", 0.5, 2)]


@pytest.mark.parametrize("said", [{"ties": "earliest"}, {"ties": "dense"}, {"windows": ["all", "daily"]}])
@pytest.mark.parametrize("sign", [1, -1])
async def test_a_sum_that_only_rounds_into_the_range_is_refused(
    store: BoardStore, said: dict[str, Any], sign: int
) -> None:
    """2^53 + 1 is 2^53 as a double: an update would be acknowledged and lost."""
    await rule(store, **said)
    await put(store, BOARD, "ada", sign * (MAX_SCORE - 1))
    for delta in (1.5, 2.0, 3.0):
        with pytest.raises(ScoreOutOfRange):
            await store.increment(BOARD, m("ada"), sign * delta, AT)
    assert (await store.increment(BOARD, m("ada"), sign * 1.0, AT)).score == sign * MAX_SCORE


async def test_many_who_come_back_after_their_period_come_without_a_past(store: BoardStore) -> None:
    await rule(store, windows=["daily"], keep=0, track=True)
    names = [f"m{number:02}" for number in range(60)]
    written = [submission(name, 1.0, {"of": name}) for name in names]
    await store.submit_many(BOARD, written, AT - DAY)
    for name in reversed(names):
        await submit(store, name, 1.0)
        details = await store.member(BOARD, m(name), NOW)
        assert details is not None
        assert (details.entry.metadata, details.first_update) == (None, AT)


async def test_order_of_arrival_survives_a_removal_between(store: BoardStore) -> None:
    """All three wait together, and go to the store in one call."""
    await rule(store, ties="earliest")
    await submit_all(store, {"one": 1.0})
    calls = [submit(store, "abe", 5.0), store.remove(BOARD, m("one"), AT), submit(store, "zed", 5.0)]
    await asyncio.gather(*[asyncio.create_task(call) for call in calls])
    assert await standings(store) == [("abe", 5.0, 1), ("zed", 5.0, 2)]
