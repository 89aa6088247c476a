"""Bounds, capacity and attempts: what is refused, what is cut off, and that a refusal leaves nothing behind."""

import pytest
from boards import ADA, AT, BOARD, BOB, DAY, NOW, m, metadata_of, put, rule, scores, standings, submit, submit_all

from goboard.arguments import submission
from goboard.domain.errors import AttemptsExhausted, IncrementTooLarge, OperatorMismatch, ScoreOutOfRange
from goboard.domain.periods import PeriodChoice
from goboard.domain.rules import Attempts
from goboard.domain.standings import Entry, Outcome
from goboard.ports.store import BoardStore

TWICE = {"max": 2, "window": "daily"}


@pytest.mark.parametrize("operator", ["increment", "set", "best"])
@pytest.mark.parametrize("outside", [-2.5, 10.5, 2.0**53])
async def test_scores_stay_within_the_board_s_bounds(store: BoardStore, operator: str, outside: float) -> None:
    await rule(store, operator=operator, min_score=-2.0, max_score=10.0)
    with pytest.raises(ScoreOutOfRange, match="-2 to 10"):
        await submit(store, "ada", outside)
    assert await standings(store) == []


@pytest.mark.parametrize("operator", ["increment", "set", "best"])
async def test_the_bounds_belong_to_the_range(store: BoardStore, operator: str) -> None:
    await rule(store, operator=operator, min_score=-2.0, max_score=10.0)
    await submit_all(store, {"ada": -2.0, "bob": 10.0})
    assert await standings(store) == [("bob", 10, 1), ("ada", -2, 2)]


async def test_of_an_increment_the_resulting_score_counts(store: BoardStore) -> None:
    await rule(store, min_score=0.0, max_score=10.0)
    await submit(store, "ada", 8.0)
    for delta in (3.0, -9.0):
        with pytest.raises(ScoreOutOfRange, match="'ada'"):
            await store.increment(BOARD, ADA, delta, AT)
    assert await store.increment(BOARD, ADA, 2.0, AT) == Entry("ada", 10.0, 1)


async def test_a_new_member_s_score_must_be_within_the_bounds_too(store: BoardStore) -> None:
    await rule(store, min_score=5.0)
    with pytest.raises(ScoreOutOfRange):
        await store.increment(BOARD, ADA, 4.0, AT)
    assert await store.increment(BOARD, ADA, 5.0, AT) == Entry("ada", 5.0, 1)


async def test_of_best_the_submitted_score_counts_though_it_would_change_nothing(store: BoardStore) -> None:
    await rule(store, operator="best", min_score=0.0)
    await submit(store, "ada", 5.0)
    with pytest.raises(ScoreOutOfRange):
        await submit(store, "ada", -1.0)


async def test_an_overwrite_keeps_to_the_bounds(store: BoardStore) -> None:
    await rule(store, max_score=10.0)
    with pytest.raises(ScoreOutOfRange):
        await put(store, BOARD, "ada", 11.0)


async def test_bounds_that_come_later_leave_stored_scores_alone(store: BoardStore) -> None:
    await submit_all(store, {"ada": 20.0, "bob": 1.0})
    await rule(store, max_score=10.0)
    assert await standings(store) == [("ada", 20, 1), ("bob", 1, 2)]
    with pytest.raises(ScoreOutOfRange):
        await store.increment(BOARD, ADA, -1.0, AT)
    assert await store.increment(BOARD, ADA, -10.0, AT) == Entry("ada", 10.0, 1)


async def test_bounds_in_one_window_refuse_in_all(store: BoardStore) -> None:
    await rule(store, windows=["daily", "all"], max_score=10.0)
    await submit(store, "ada", 8.0, AT - DAY)
    with pytest.raises(ScoreOutOfRange):
        await submit(store, "ada", 3.0)
    assert await scores(store, window="daily") == {}
    assert await scores(store, window="all") == {"ada": 8.0}


@pytest.mark.parametrize("sign", [1, -1])
async def test_an_increment_is_no_further_from_0_than_max_increment(store: BoardStore, sign: int) -> None:
    await rule(store, max_increment=2.5)
    assert await store.increment(BOARD, ADA, sign * 2.5, AT) == Entry("ada", sign * 2.5, 1)
    with pytest.raises(IncrementTooLarge, match=r"'ada' .* 2\.5"):
        await store.increment(BOARD, ADA, sign * 2.75, AT)
    with pytest.raises(IncrementTooLarge):
        await submit(store, "ada", sign * 2.75)
    assert await scores(store) == {"ada": sign * 2.5}


async def test_max_increment_is_not_about_overwrites(store: BoardStore) -> None:
    await rule(store, max_increment=2.0)
    assert await put(store, BOARD, "ada", 50.0) == Entry("ada", 50.0, 1)


async def test_too_large_an_increment_is_told_before_the_range(store: BoardStore) -> None:
    await rule(store, max_increment=2.0, max_score=10.0)
    with pytest.raises(IncrementTooLarge):
        await store.increment(BOARD, ADA, 1e300, AT)


@pytest.mark.parametrize(("order", "expected"), [("desc", ["cyd", "bob"]), ("asc", ["ada", "bob"])])
async def test_only_the_best_are_kept(store: BoardStore, order: str, expected: list[str]) -> None:
    await rule(store, operator="set", order=order, capacity=2)
    await submit_all(store, {"bob": 2.0, "cyd": 3.0, "ada": 1.0})
    assert [member for member, _, _ in await standings(store)] == expected


async def test_who_does_not_make_it_is_told_so(store: BoardStore) -> None:
    await rule(store, operator="best", capacity=2)
    await submit_all(store, {"bob": 2.0, "cyd": 3.0})
    assert await submit(store, "ada", 1.0) == Outcome("ada", 1.0, None, improved=False, kept=False)
    assert await store.rank(BOARD, ADA, NOW) is None
    assert await store.count(BOARD, NOW) == 2


async def test_who_makes_it_pushes_out_the_last(store: BoardStore) -> None:
    await rule(store, operator="best", capacity=2)
    await submit_all(store, {"bob": 2.0, "cyd": 3.0})
    assert await submit(store, "ada", 2.5) == Outcome("ada", 2.5, 2, improved=True)
    assert await standings(store) == [("cyd", 3, 1), ("ada", 2.5, 2)]


async def test_a_member_that_sinks_on_a_full_board_stays(store: BoardStore) -> None:
    await rule(store, operator="set", capacity=2)
    await submit_all(store, {"bob": 2.0, "cyd": 3.0})
    assert await submit(store, "cyd", 1.0) == Outcome("cyd", 1.0, 2, improved=True)


@pytest.mark.parametrize(
    ("ties", "expected"),
    [("member", ["cyd", "bob"]), ("shared", ["cyd", "bob"]), ("dense", ["cyd", "bob"]), ("earliest", ["bob", "ada"])],
)
async def test_among_equals_the_last_by_the_tie_rule_goes(store: BoardStore, ties: str, expected: list[str]) -> None:
    await rule(store, operator="set", ties=ties, capacity=2)
    await submit_all(store, {"bob": 5.0, "ada": 5.0, "cyd": 5.0})
    assert [member for member, _, _ in await standings(store)] == expected


async def test_of_many_submissions_each_is_cut_off_after_itself(store: BoardStore) -> None:
    await rule(store, operator="set", capacity=1)
    written = [submission(member, score) for member, score in (("ada", 1), ("bob", 2), ("ada", 1.5), ("cyd", 3))]
    assert await store.submit_many(BOARD, written, AT) == [
        Outcome("ada", 1.0, 1, improved=True),
        Outcome("bob", 2.0, 1, improved=True),
        Outcome("ada", 1.5, None, improved=False, kept=False),
        Outcome("cyd", 3.0, 1, improved=True),
    ]


async def test_capacity_is_of_each_window(store: BoardStore) -> None:
    await rule(store, operator="best", windows=["all", "daily"], capacity=1)
    await submit(store, "bob", 9.0, AT - DAY)
    assert await submit(store, "ada", 5.0) == Outcome("ada", 5.0, None, improved=False, kept=False)
    assert await scores(store) == {"bob": 9.0}
    assert await scores(store, window="daily") == {"ada": 5.0}


async def test_who_is_kept_nowhere_leaves_no_metadata(store: BoardStore) -> None:
    await rule(store, operator="set", capacity=1, track=True)
    await submit(store, "bob", 2.0, metadata={"car": "r5"})
    await submit(store, "ada", 1.0, metadata={"car": "2cv"})
    await submit(store, "cyd", 3.0)
    for member in ("ada", "bob"):
        await submit(store, member, 4.0 + len(member), AT + 5)
        details = await store.member(BOARD, m(member), PeriodChoice(AT + 5))
        assert details is not None
        assert (details.entry.metadata, details.first_update) == (None, AT + 5)
        await store.remove(BOARD, m(member), AT)


async def test_who_is_cut_off_one_window_keeps_metadata_while_in_another(store: BoardStore) -> None:
    await rule(store, operator="best", windows=["all", "daily"], capacity=1)
    await submit(store, "bob", 9.0, AT - DAY)
    await submit(store, "ada", 5.0, metadata={"car": "r5"})
    assert await metadata_of(store, "ada", PeriodChoice(AT, "daily")) == {"car": "r5"}


async def test_a_submission_that_is_kept_nowhere_changes_nothing_of_what_an_older_one_left(store: BoardStore) -> None:
    await rule(store, operator="set", windows=["daily"], capacity=1, track=True)
    await submit(store, "ada", 1.0, AT - DAY, metadata={"car": "r5"})
    closed = PeriodChoice(AT, "daily", "2026-11-23")
    before = await store.member(BOARD, ADA, closed)
    await submit(store, "bob", 2.0)
    await submit(store, "ada", 1.0, metadata={"car": "2cv"})
    assert await store.member(BOARD, ADA, closed) == before


async def test_a_member_has_so_many_attempts_in_a_period(store: BoardStore) -> None:
    await rule(store, operator="set", windows=["all", "daily"], attempts=TWICE)
    await submit(store, "ada", 1.0)
    await submit(store, "ada", 2.0)
    with pytest.raises(AttemptsExhausted, match="'ada' has made all 2 attempts of this daily period"):
        await submit(store, "ada", 3.0)
    assert await scores(store) == {"ada": 2.0}


async def test_attempts_are_each_member_s_own(store: BoardStore) -> None:
    await rule(store, windows=["daily"], attempts={"max": 1, "window": "daily"})
    await store.increment(BOARD, ADA, 1.0, AT)
    assert await store.increment(BOARD, BOB, 1.0, AT) == Entry("bob", 1.0, 1)
    with pytest.raises(AttemptsExhausted):
        await store.increment(BOARD, ADA, 1.0, AT)


async def test_attempts_begin_afresh_with_the_period(store: BoardStore) -> None:
    await rule(store, windows=["all", "daily"], attempts=TWICE)
    await store.increment_many(BOARD, [(ADA, 1.0)] * 2, AT)
    assert await store.increment(BOARD, ADA, 1.0, AT + DAY) == Entry("ada", 3.0, 1)


async def test_attempts_count_in_the_window_that_they_name(store: BoardStore) -> None:
    await rule(store, windows=["all", "daily"], attempts={"max": 2, "window": "all"})
    await store.increment(BOARD, ADA, 1.0, AT - DAY)
    await store.increment(BOARD, ADA, 1.0, AT)
    with pytest.raises(AttemptsExhausted, match="all period"):
        await store.increment(BOARD, ADA, 1.0, AT + 30 * DAY)


async def test_one_that_does_not_improve_is_an_attempt_all_the_same(store: BoardStore) -> None:
    await rule(store, operator="best", windows=["daily"], attempts=TWICE)
    await submit_all(store, {"ada": 5.0})
    await submit(store, "ada", 1.0)
    with pytest.raises(AttemptsExhausted):
        await submit(store, "ada", 9.0)


async def test_a_refusal_is_no_attempt(store: BoardStore) -> None:
    await rule(store, windows=["daily"], attempts={"max": 1, "window": "daily"}, max_score=5.0, max_increment=10.0)
    for delta, refusal in ((11.0, IncrementTooLarge), (6.0, ScoreOutOfRange)):
        with pytest.raises(refusal):
            await store.increment(BOARD, ADA, delta, AT)
    assert await store.increment(BOARD, ADA, 5.0, AT) == Entry("ada", 5.0, 1)


async def test_an_overwrite_is_no_attempt_and_needs_none(store: BoardStore) -> None:
    await rule(store, windows=["daily"], attempts={"max": 1, "window": "daily"})
    await put(store, BOARD, "ada", 1.0)
    await store.increment(BOARD, ADA, 1.0, AT)
    assert await put(store, BOARD, "ada", 7.0) == Entry("ada", 7.0, 1)


async def test_attempts_survive_being_cut_off(store: BoardStore) -> None:
    await rule(store, operator="best", windows=["daily"], attempts={"max": 1, "window": "daily"}, capacity=1)
    await submit_all(store, {"ada": 1.0, "bob": 2.0})
    with pytest.raises(AttemptsExhausted):
        await submit(store, "ada", 3.0)


async def test_removal_gives_a_member_all_its_attempts_back(store: BoardStore) -> None:
    await rule(store, windows=["daily"], attempts={"max": 1, "window": "daily"})
    await store.increment(BOARD, ADA, 1.0, AT)
    await store.remove(BOARD, ADA, AT)
    assert await store.increment(BOARD, ADA, 1.0, AT) == Entry("ada", 1.0, 1)


async def test_attempts_may_be_raised(store: BoardStore) -> None:
    said = {"operator": "set", "windows": ["daily"]}
    await rule(store, **said, attempts=Attempts(1, "daily")._asdict())
    await submit(store, "ada", 1.0)
    await rule(store, **said, attempts=TWICE)
    await submit(store, "ada", 2.0)
    with pytest.raises(AttemptsExhausted):
        await submit(store, "ada", 3.0)


async def test_too_many_attempts_are_told_before_the_range(store: BoardStore) -> None:
    await rule(store, operator="set", windows=["daily"], attempts={"max": 1, "window": "daily"}, max_score=5.0)
    await submit(store, "ada", 1.0)
    with pytest.raises(AttemptsExhausted):
        await submit(store, "ada", 6.0)


async def test_a_wrong_operator_is_told_before_all_else(store: BoardStore) -> None:
    await rule(store, operator="set", windows=["daily"], attempts={"max": 1, "window": "daily"}, max_score=5.0)
    await submit(store, "ada", 1.0)
    with pytest.raises(OperatorMismatch):
        await store.increment(BOARD, ADA, 6.0, AT)


async def test_a_refusal_changes_no_metadata_and_no_times(store: BoardStore) -> None:
    await rule(store, operator="set", track=True, max_score=5.0)
    await submit(store, "ada", 1.0, AT, metadata={"car": "r5"})
    before = await store.member(BOARD, ADA, NOW)
    with pytest.raises(ScoreOutOfRange):
        await submit(store, "ada", 6.0, AT + 1, metadata={"car": "2cv"})
    assert await store.member(BOARD, ADA, NOW) == before


async def test_a_refused_first_submission_leaves_no_board(store: BoardStore) -> None:
    refused = await store.increment_many(BOARD, [(ADA, 1e300)], AT)
    assert [type(outcome) for outcome in refused] == [ScoreOutOfRange]
    assert await store.boards("", 10, AT) == []
    assert await store.delete(BOARD, AT) is False


async def test_of_many_submissions_a_refused_one_leaves_the_others_alone(store: BoardStore) -> None:
    await rule(store, operator="set", max_score=5.0)
    outcomes = await store.submit_many(BOARD, [submission("ada", 1), submission("bob", 9), submission("ada", 2)], AT)
    assert outcomes[0] == Outcome("ada", 1.0, 1, improved=True)
    assert isinstance(outcomes[1], ScoreOutOfRange)
    assert outcomes[2] == Outcome("ada", 2.0, 1, improved=True)
    assert await scores(store) == {"ada": 2.0}
