"""Order, operator and ties: who stands where, and what a submission does."""

import pytest
from boards import ADA, AT, BOARD, BOB, NOW, m, put, rule, scores, standings, submit, submit_all

from goboard.arguments import submission
from goboard.domain.errors import OperatorMismatch
from goboard.domain.names import BoardName
from goboard.domain.rules import DEFAULT_RULES, BoardRules, Rules
from goboard.domain.standings import Entry, Outcome
from goboard.ports.store import BoardStore

TIED = {"cyd": 5.0, "ada": 7.0, "dan": 1.0, "bob": 5.0}
"""Submitted in this order: cyd has 5 before bob."""


async def test_a_board_without_rules_has_the_default_ones(store: BoardStore) -> None:
    assert await store.rules(BOARD) == BoardRules(DEFAULT_RULES, 0)


async def test_rules_that_were_set_are_given_back_with_their_revision(store: BoardStore) -> None:
    said = {"order": "asc", "operator": "best", "capacity": 3, "windows": ["all", "daily"], "timezone": "Asia/Kolkata"}
    assert await rule(store, **said) == BoardRules(Rules.parse(said), 1)
    assert await store.rules(BOARD) == BoardRules(Rules.parse(said), 1)


@pytest.mark.parametrize(
    ("order", "ties", "expected"),
    [
        ("desc", "member", [("ada", 7, 1), ("cyd", 5, 2), ("bob", 5, 3), ("dan", 1, 4)]),
        ("desc", "earliest", [("ada", 7, 1), ("cyd", 5, 2), ("bob", 5, 3), ("dan", 1, 4)]),
        ("desc", "shared", [("ada", 7, 1), ("cyd", 5, 2), ("bob", 5, 2), ("dan", 1, 4)]),
        ("desc", "dense", [("ada", 7, 1), ("cyd", 5, 2), ("bob", 5, 2), ("dan", 1, 3)]),
        ("asc", "member", [("dan", 1, 1), ("bob", 5, 2), ("cyd", 5, 3), ("ada", 7, 4)]),
        ("asc", "earliest", [("dan", 1, 1), ("cyd", 5, 2), ("bob", 5, 3), ("ada", 7, 4)]),
        ("asc", "shared", [("dan", 1, 1), ("bob", 5, 2), ("cyd", 5, 2), ("ada", 7, 4)]),
        ("asc", "dense", [("dan", 1, 1), ("bob", 5, 2), ("cyd", 5, 2), ("ada", 7, 3)]),
    ],
)
async def test_each_tie_rule_governs_list_and_rank_alike(
    store: BoardStore, order: str, ties: str, expected: list[tuple[str, float, int]]
) -> None:
    await rule(store, order=order, ties=ties)
    await submit_all(store, TIED)
    assert await standings(store) == expected
    for member, score, rank in expected:
        assert await store.rank(BOARD, m(member), NOW) == Entry(member, score, rank)
        assert await store.increment(BOARD, m(member), 0.0, AT) == Entry(member, score, rank)


@pytest.mark.parametrize("order", ["desc", "asc"])
async def test_who_comes_first_stands_higher_whatever_the_names(store: BoardStore, order: str) -> None:
    await rule(store, order=order, ties="earliest")
    await submit_all(store, {"bob": 5.0, "cyd": 5.0, "ada": 5.0})
    assert await standings(store) == [("bob", 5, 1), ("cyd", 5, 2), ("ada", 5, 3)]


async def test_a_tie_position_changes_with_the_score(store: BoardStore) -> None:
    await rule(store, ties="earliest")
    await submit_all(store, {"bob": 5.0, "ada": 5.0})
    await store.increment_many(BOARD, [(BOB, 1.0), (BOB, -1.0)], AT)
    assert await standings(store) == [("ada", 5, 1), ("bob", 5, 2)]


async def test_a_tie_position_stays_where_the_score_stays(store: BoardStore) -> None:
    await rule(store, ties="earliest")
    await submit_all(store, {"bob": 5.0, "ada": 5.0})
    await store.increment(BOARD, BOB, 0.0, AT)
    await put(store, BOARD, "bob", 5.0)
    assert await standings(store) == [("bob", 5, 1), ("ada", 5, 2)]


async def test_earliest_follows_the_order_of_application_not_the_clock(store: BoardStore) -> None:
    await rule(store, ties="earliest")
    await submit(store, "ada", 5.0, AT)
    await submit(store, "bob", 5.0, AT - 10)
    await submit(store, "cyd", 5.0, AT)
    assert [member for member, _, _ in await standings(store)] == ["ada", "bob", "cyd"]


@pytest.mark.parametrize("score", [2.0**53, -(2.0**53), 2.0**53 - 1, 5e-324, 0.1 + 0.2, 0.0])
@pytest.mark.parametrize("order", ["desc", "asc"])
async def test_earliest_keeps_every_double_exactly(store: BoardStore, order: str, score: float) -> None:
    await rule(store, order=order, ties="earliest")
    await submit_all(store, {"bob": score, "ada": score})
    assert await standings(store) == [("bob", score, 1), ("ada", score, 2)]


async def test_dense_ranks_close_up_where_the_last_of_a_score_goes(store: BoardStore) -> None:
    await rule(store, ties="dense")
    await submit_all(store, TIED)
    await store.remove(BOARD, BOB, AT)
    assert await standings(store) == [("ada", 7, 1), ("cyd", 5, 2), ("dan", 1, 3)]
    await store.remove(BOARD, m("cyd"), AT)
    assert await standings(store) == [("ada", 7, 1), ("dan", 1, 2)]
    await put(store, BOARD, "ada", 1.0)
    assert await standings(store) == [("dan", 1, 1), ("ada", 1, 1)]


async def test_the_operator_increment_adds_what_is_submitted(store: BoardStore) -> None:
    await rule(store, operator="increment")
    assert await submit(store, "ada", 5.0) == Outcome("ada", 5.0, 1, improved=True)
    assert await submit(store, "ada", -2.0) == Outcome("ada", 3.0, 1, improved=True)
    assert await submit(store, "ada", 0.0) == Outcome("ada", 3.0, 1, improved=False)


async def test_the_operator_set_takes_the_last(store: BoardStore) -> None:
    await rule(store, operator="set")
    assert await submit(store, "ada", 5.0) == Outcome("ada", 5.0, 1, improved=True)
    assert await submit(store, "ada", 5.0) == Outcome("ada", 5.0, 1, improved=False)
    assert await submit(store, "ada", -2.0) == Outcome("ada", -2.0, 1, improved=True)


@pytest.mark.parametrize(("order", "better", "worse"), [("desc", 6.0, 4.0), ("asc", 4.0, 6.0)])
async def test_the_operator_best_takes_what_is_better_by_the_order(
    store: BoardStore, order: str, better: float, worse: float
) -> None:
    await rule(store, operator="best", order=order)
    assert await submit(store, "ada", 5.0) == Outcome("ada", 5.0, 1, improved=True)
    assert await submit(store, "ada", worse) == Outcome("ada", 5.0, 1, improved=False)
    assert await submit(store, "ada", 5.0) == Outcome("ada", 5.0, 1, improved=False)
    assert await submit(store, "ada", better) == Outcome("ada", better, 1, improved=True)


async def test_a_submission_that_is_not_the_best_changes_no_tie_position(store: BoardStore) -> None:
    await rule(store, operator="best", ties="earliest")
    await submit_all(store, {"bob": 5.0, "ada": 5.0})
    await submit(store, "bob", 5.0)
    await submit(store, "bob", 1.0)
    assert await standings(store) == [("bob", 5, 1), ("ada", 5, 2)]


@pytest.mark.parametrize("operator", ["set", "best"])
async def test_increments_need_the_operator_increment(store: BoardStore, operator: str) -> None:
    await rule(store, operator=operator)
    with pytest.raises(OperatorMismatch, match=f"'world cup' has the operator {operator}"):
        await store.increment(BOARD, ADA, 1.0, AT)
    outcomes = await store.increment_many(BOARD, [(ADA, 1.0), (BOB, 1.0)], AT)
    assert [type(outcome) for outcome in outcomes] == [OperatorMismatch] * 2
    assert await standings(store) == []


@pytest.mark.parametrize("operator", ["increment", "set", "best"])
async def test_an_overwrite_sets_whatever_the_operator(store: BoardStore, operator: str) -> None:
    await rule(store, operator=operator)
    await submit(store, "ada", 5.0)
    overwrite = submission("ada", 2.0, overwrite=True)
    assert await store.submit_many(BOARD, [overwrite] * 2, AT) == [
        Outcome("ada", 2.0, 1, improved=True),
        Outcome("ada", 2.0, 1, improved=False),
    ]
    assert await scores(store) == {"ada": 2.0}


async def test_each_of_many_submissions_is_told_as_of_right_after_itself(store: BoardStore) -> None:
    await rule(store, operator="best", ties="shared")
    written = [submission(member, score) for member, score in (("ada", 1), ("bob", 1), ("ada", 0), ("bob", 3))]
    assert await store.submit_many(BOARD, written, AT) == [
        Outcome("ada", 1.0, 1, improved=True),
        Outcome("bob", 1.0, 1, improved=True),
        Outcome("ada", 1.0, 1, improved=False),
        Outcome("bob", 3.0, 1, improved=True),
    ]


async def test_rules_of_one_board_are_not_another_s(store: BoardStore) -> None:
    await rule(store, operator="set", order="asc")
    other = BoardName.parse("world")
    assert await store.increment(other, ADA, 1.0, AT) == Entry("ada", 1.0, 1)
    assert await store.increment(other, BOB, 2.0, AT) == Entry("bob", 2.0, 1)
