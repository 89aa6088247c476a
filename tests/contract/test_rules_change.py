"""Changes of rules: what is refused on a board with members, what is kept, and what goes."""

from typing import Any

import pytest
from boards import ADA, AT, BOARD, BOB, DAY, NOW, rule, scores, standings, submit, submit_all

from goboard.domain.errors import InvalidArgument, PeriodNotFound, RulesConflict
from goboard.domain.names import ArchiveName
from goboard.domain.rules import DEFAULT_RULES, BoardRules
from goboard.ports.store import BoardStore

TIED = {"bob": 5.0, "dan": 5.0, "ada": 5.0, "cyd": 7.0}
FALSIFYING: list[dict[str, Any]] = [
    {"order": "asc"},
    {"operator": "best"},
    {"ties": "earliest"},
    {"windows": ["all"]},
    {"windows": ["all", "daily", "weekly"]},
    {"timezone": "Europe/Berlin"},
    {"week_starts": "sunday"},
]
HARMLESS: list[dict[str, Any]] = [
    {"min_score": 1.0},
    {"max_score": 2.0},
    {"max_increment": 1.0},
    {"windows": ["daily", "all"]},
    {"keep": 5},
    {"attempts": {"max": 1, "window": "daily"}},
    {"track": True},
]
BOTH = {"windows": ["all", "daily"]}


async def test_each_change_raises_the_revision(store: BoardStore) -> None:
    assert (await rule(store, keep=1)).revision == 1
    assert (await rule(store, keep=2)).revision == 2
    assert (await rule(store, keep=1)).revision == 3


async def test_the_same_rules_again_are_no_change(store: BoardStore) -> None:
    first = await rule(store, keep=2)
    assert await rule(store, keep=2) == first
    assert await store.rules(BOARD) == first


async def test_the_default_rules_can_be_set(store: BoardStore) -> None:
    assert await rule(store) == BoardRules(DEFAULT_RULES, 1)
    assert await rule(store) == BoardRules(DEFAULT_RULES, 1)


@pytest.mark.parametrize("change", FALSIFYING, ids=str)
async def test_what_would_falsify_scores_is_refused_where_there_are_some(
    store: BoardStore, change: dict[str, Any]
) -> None:
    before = await rule(store, **BOTH)
    await submit(store, "ada", 1.0)
    [name] = change
    with pytest.raises(RulesConflict, match=f"a change of {name} would"):
        await rule(store, **(BOTH | change))
    assert await store.rules(BOARD) == before
    assert await scores(store, window="daily") == {"ada": 1.0}


@pytest.mark.parametrize("change", FALSIFYING, ids=str)
async def test_an_empty_board_s_rules_are_free(store: BoardStore, change: dict[str, Any]) -> None:
    await rule(store, **BOTH)
    await submit(store, "ada", 1.0)
    await store.remove(BOARD, ADA, AT)
    assert (await rule(store, **(BOTH | change))).revision == 2


@pytest.mark.parametrize("change", HARMLESS, ids=str)
async def test_what_falsifies_nothing_is_free(store: BoardStore, change: dict[str, Any]) -> None:
    await rule(store, **BOTH)
    await submit(store, "ada", 5.0)
    assert (await rule(store, **(BOTH | change))).revision == 2
    assert await scores(store, window="all") == {"ada": 5.0}
    assert await scores(store, window="daily") == {"ada": 5.0}


async def test_a_conflict_names_all_that_it_is_about(store: BoardStore) -> None:
    await rule(store, operator="set", **BOTH)
    await submit_all(store, TIED)
    with pytest.raises(RulesConflict, match="order, operator, windows, capacity"):
        await rule(store, order="asc", operator="best", capacity=3)


async def test_members_of_a_closed_period_are_scores_that_there_are(store: BoardStore) -> None:
    await rule(store, windows=["daily"])
    await submit(store, "ada", 1.0, AT - DAY)
    with pytest.raises(RulesConflict):
        await rule(store, windows=["daily"], order="asc")
    assert (await rule(store, AT + DAY, windows=["daily"], order="asc")).revision == 2


async def test_members_of_archives_are_in_nobody_s_way(store: BoardStore) -> None:
    await submit_all(store, TIED)
    await store.archive(BOARD, ArchiveName.parse("season 1"), NOW)
    assert (await rule(store, order="asc", ties="earliest")).revision == 1


async def test_a_capacity_below_the_number_of_members_is_refused(store: BoardStore) -> None:
    await rule(store, operator="set")
    await submit_all(store, TIED)
    with pytest.raises(RulesConflict, match="capacity"):
        await rule(store, operator="set", capacity=3)
    assert (await rule(store, operator="set", capacity=4)).revision == 2


async def test_a_capacity_below_the_number_of_a_closed_period_s_members_is_refused(store: BoardStore) -> None:
    await rule(store, operator="set", windows=["daily"])
    await submit_all(store, TIED, AT - DAY)
    with pytest.raises(RulesConflict, match="capacity"):
        await rule(store, operator="set", windows=["daily"], capacity=3)


async def test_a_capacity_is_not_about_periods_that_go(store: BoardStore) -> None:
    await rule(store, operator="set", windows=["all", "daily"])
    await submit_all(store, TIED)
    await store.archive(BOARD, ArchiveName.parse("season 1"), NOW)
    with pytest.raises(RulesConflict, match="a change of windows would"):
        await rule(store, operator="set", windows=["all"], capacity=1)


async def test_a_forced_capacity_keeps_the_best_of_each_period(store: BoardStore) -> None:
    await rule(store, operator="set", **BOTH)
    await submit_all(store, {"ada": 3.0, "bob": 1.0}, AT - DAY)
    await submit_all(store, {"bob": 5.0, "cyd": 4.0})
    await rule(store, operator="set", capacity=1, force=True, **BOTH)
    assert await standings(store) == [("bob", 5, 1)]
    assert await standings(store, window="daily") == [("bob", 5, 1)]
    assert await standings(store, window="daily", period="2026-11-23") == [("ada", 3, 1)]


async def test_periods_of_windows_that_go_are_deleted(store: BoardStore) -> None:
    await rule(store, **BOTH)
    await submit(store, "ada", 5.0, AT - DAY)
    await submit(store, "ada", 5.0)
    await rule(store, windows=["all"], force=True)
    assert await scores(store) == {"ada": 10.0}
    with pytest.raises(InvalidArgument, match="'daily'"):
        await scores(store, window="daily")
    await rule(store, force=True, **BOTH)
    assert await scores(store, window="daily") == {}
    assert await store.periods(BOARD, "daily", AT) == []


async def test_who_was_only_in_a_window_that_goes_leaves_no_metadata(store: BoardStore) -> None:
    await rule(store, windows=["weekly"])
    await submit(store, "ada", 1.0, metadata={"car": "r5"})
    await rule(store, windows=["daily"], force=True)
    await submit(store, "ada", 1.0)
    details = await store.member(BOARD, ADA, NOW)
    assert details is not None
    assert details.entry.metadata is None


async def test_attempts_go_with_their_window(store: BoardStore) -> None:
    said: dict[str, Any] = {"windows": ["all", "daily"], "attempts": {"max": 1, "window": "daily"}}
    await rule(store, **said)
    await store.increment(BOARD, ADA, 1.0, AT)
    await rule(store, windows=["all"], force=True)
    await rule(store, force=True, **said)
    assert (await store.increment(BOARD, ADA, 1.0, AT)).score == 2.0


async def test_a_window_that_comes_begins_empty(store: BoardStore) -> None:
    await submit(store, "ada", 5.0)
    await rule(store, force=True, **BOTH)
    await submit(store, "ada", 1.0)
    assert await scores(store, window="all") == {"ada": 6.0}
    assert await scores(store, window="daily") == {"ada": 1.0}


@pytest.mark.parametrize("change", [{"timezone": "Europe/Berlin"}, {"week_starts": "sunday"}], ids=str)
async def test_a_forced_change_of_the_calendar_begins_all_windows_but_all_afresh(
    store: BoardStore, change: dict[str, Any]
) -> None:
    said = {"windows": ["all", "daily", "weekly"]}
    await rule(store, **said)
    await submit_all(store, TIED)
    await rule(store, force=True, **(said | change))
    assert await store.count(BOARD, NOW) == 4
    assert await scores(store, window="daily") == {}
    assert await scores(store, window="weekly") == {}


async def test_fewer_kept_periods_are_kept_at_once(store: BoardStore) -> None:
    await rule(store, windows=["daily"], keep=2)
    await submit(store, "ada", 1.0, AT - 2 * DAY)
    await rule(store, windows=["daily"], keep=1)
    with pytest.raises(PeriodNotFound):
        await scores(store, period="2026-11-22")
    assert await store.periods(BOARD, "daily", AT) == []


async def test_more_kept_periods_bring_no_expired_one_back(store: BoardStore) -> None:
    await rule(store, windows=["daily"], keep=0)
    await submit(store, "ada", 1.0, AT - DAY)
    await rule(store, windows=["daily"], keep=3)
    assert await scores(store, period="2026-11-23") == {}


async def test_tracking_that_is_switched_off_forgets_the_times(store: BoardStore) -> None:
    await rule(store, track=True)
    await submit(store, "ada", 1.0)
    await rule(store, track=False)
    await rule(store, track=True)
    details = await store.member(BOARD, ADA, NOW)
    assert details is not None
    assert (details.first_update, details.last_update) == (None, None)


async def test_rules_outlast_the_last_member(store: BoardStore) -> None:
    set_ = await rule(store, order="asc")
    await submit(store, "ada", 1.0)
    await store.remove(BOARD, ADA, AT)
    assert await store.rules(BOARD) == set_
    await submit_all(store, {"ada": 2.0, "bob": 1.0})
    assert await standings(store) == [("bob", 1, 1), ("ada", 2, 2)]


async def test_a_deleted_board_has_no_rules(store: BoardStore) -> None:
    await rule(store, order="asc", operator="set")
    await submit(store, "ada", 1.0)
    assert await store.delete(BOARD, AT) is True
    assert await store.rules(BOARD) == BoardRules(DEFAULT_RULES, 0)
    await store.increment(BOARD, ADA, 1.0, AT)
    await store.increment(BOARD, BOB, 2.0, AT)
    assert await standings(store) == [("bob", 2, 1), ("ada", 1, 2)]


async def test_deleting_a_board_that_has_rules_alone_takes_them(store: BoardStore) -> None:
    await rule(store, order="asc")
    assert await store.delete(BOARD, AT) is False
    assert (await store.rules(BOARD)).revision == 0


async def test_writes_and_changes_of_rules_take_effect_in_the_order_of_the_calls(store: BoardStore) -> None:
    await rule(store, ties="shared")
    before = store.increment_many(BOARD, [(ADA, 2.0), (BOB, 1.0)], AT)
    await rule(store, ties="shared", max_score=1.5)
    refused = await store.increment_many(BOARD, [(BOB, 1.0)], AT)
    assert [type(outcome).__name__ for outcome in [*await before, *refused]] == ["Entry", "Entry", "ScoreOutOfRange"]
