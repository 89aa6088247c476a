"""Forced changes: the standings are kept, in the form that the new rules ask for."""

import itertools

import pytest
from boards import AT, BOARD, DAY, instant, m, put, rule, scores, standings, submit, submit_all

from goboard.domain.periods import PeriodChoice
from goboard.ports.store import BoardStore

TIED = {"bob": 5.0, "dan": 5.0, "ada": 5.0, "cyd": 7.0}
BOTH = {"windows": ["all", "daily"]}


async def test_a_forced_change_of_order_turns_the_standings_round(store: BoardStore) -> None:
    await submit_all(store, {"ada": 3.0, "bob": 1.0, "cyd": 2.0})
    await rule(store, order="asc", force=True)
    assert await standings(store) == [("bob", 1, 1), ("cyd", 2, 2), ("ada", 3, 3)]


async def test_a_forced_change_of_operator_keeps_the_scores(store: BoardStore) -> None:
    await submit_all(store, {"ada": 3.0})
    await rule(store, operator="best", force=True)
    assert await scores(store) == {"ada": 3.0}
    assert (await submit(store, "ada", 2.0)).score == 3.0


RANKS = {"member": [1, 2, 3, 4], "earliest": [1, 2, 3, 4], "shared": [1, 2, 2, 2], "dense": [1, 2, 2, 2]}


@pytest.mark.parametrize(("old", "new"), list(itertools.permutations(RANKS, 2)))
@pytest.mark.parametrize("order", ["desc", "asc"])
async def test_a_forced_change_of_ties_keeps_members_and_scores(
    store: BoardStore, order: str, old: str, new: str
) -> None:
    await rule(store, order=order, ties=old)
    best = 7.0 if order == "desc" else 3.0
    await submit_all(store, TIED | {"cyd": best})
    before = [member for member, _, _ in await standings(store)]
    await rule(store, order=order, ties=new, force=True)
    by_name = ["cyd", *sorted(["ada", "bob", "dan"], reverse=order == "desc")]
    # To earliest from elsewhere: in the order in which they stood. From earliest: who was first is forgotten.
    expected = before if new == "earliest" else by_name
    scored = [best, 5.0, 5.0, 5.0]
    assert await standings(store) == list(zip(expected, scored, RANKS[new], strict=True))


async def test_who_comes_after_a_change_to_earliest_stands_behind(store: BoardStore) -> None:
    await submit_all(store, {"ada": 5.0, "bob": 5.0})
    await rule(store, ties="earliest", force=True)
    await submit_all(store, {"zoe": 5.0})
    await put(store, BOARD, "bob", 6.0)
    await put(store, BOARD, "bob", 5.0)
    assert [member for member, _, _ in await standings(store)] == ["ada", "zoe", "bob"]


async def test_earliest_keeps_who_was_first_over_a_change_of_order(store: BoardStore) -> None:
    await rule(store, ties="earliest")
    await submit_all(store, {"bob": 5.0, "ada": 5.0, "cyd": 7.0})
    await rule(store, ties="earliest", order="asc", force=True)
    await submit_all(store, {"abe": 5.0})
    assert await standings(store) == [("bob", 5, 1), ("ada", 5, 2), ("abe", 5, 3), ("cyd", 7, 4)]


async def test_a_change_to_earliest_and_of_order_keeps_equals_in_the_order_that_they_had(store: BoardStore) -> None:
    await submit_all(store, {"ada": 5.0, "bob": 5.0, "cyd": 7.0})
    await rule(store, ties="earliest", order="asc", force=True)
    assert await standings(store) == [("bob", 5, 1), ("ada", 5, 2), ("cyd", 7, 3)]


@pytest.mark.parametrize("ties", ["earliest", "dense"])
async def test_closed_periods_are_converted_too(store: BoardStore, ties: str) -> None:
    await rule(store, windows=["daily"])
    await submit_all(store, TIED, AT - DAY)
    before = [member for member, _, _ in await standings(store, period="2026-11-23")]
    await rule(store, windows=["daily"], ties=ties, force=True)
    found = await standings(store, period="2026-11-23")
    assert [member for member, _, _ in found] == before
    assert [rank for _, _, rank in found] == RANKS[ties]


async def test_many_members_are_converted_whole(store: BoardStore) -> None:
    members = [m(f"m{number:04}") for number in range(3000)]
    await store.increment_many(BOARD, [(member, float(number % 7)) for number, member in enumerate(members)], AT)
    before = await standings(store)
    for ties in ("earliest", "dense", "member"):
        await rule(store, ties=ties, force=True)
        assert [entry[:2] for entry in await standings(store)] == [entry[:2] for entry in before]
    assert await standings(store) == before


async def test_a_forced_change_of_all_at_once(store: BoardStore) -> None:
    await rule(store, ties="shared", windows=["weekly", "all"])
    await submit_all(store, {"ada": 3.0, "bob": 1.0, "cyd": 2.0, "dan": 1.0})
    changed = {"order": "asc", "operator": "best", "ties": "earliest", "capacity": 2, "windows": ["daily", "all"]}
    assert (await rule(store, force=True, timezone="Europe/Berlin", **changed)).revision == 2
    assert await standings(store) == [("dan", 1, 1), ("bob", 1, 2)]
    assert await store.count(BOARD, PeriodChoice(instant("2026-11-24T18:30:00+00:00"), "daily")) == 0
