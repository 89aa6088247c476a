"""A board's rules: what may be said, what contradicts, and which periods they let be read."""

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goboard import Attempts, InvalidArgument, Leaderboards, Operator, Order, PeriodNotFound, Rules, Ties
from goboard.adapters.memory import MemoryBoardStore
from goboard.domain.periods import ALWAYS, PeriodChoice, window_and_name
from goboard.domain.rules import DEFAULT_RULES, MAX_ATTEMPTS, MAX_CAPACITY, MAX_KEPT, archived
from goboard.domain.scores import MAX_SCORE

NOON = datetime.fromisoformat("2026-11-24T12:00+01:00").timestamp()  # a Tuesday
DAILY = Rules.parse({"windows": ["all", "daily"], "timezone": "Europe/Berlin", "keep": 2})


def test_without_any_said_a_board_ranks_as_go_board_does() -> None:
    assert Rules.parse({}) == DEFAULT_RULES == Rules()
    assert (DEFAULT_RULES.order, DEFAULT_RULES.operator, DEFAULT_RULES.ties) == (
        Order.DESC,
        Operator.INCREMENT,
        Ties.MEMBER,
    )
    assert (DEFAULT_RULES.lowest, DEFAULT_RULES.highest) == (-MAX_SCORE, MAX_SCORE)
    assert DEFAULT_RULES.current(NOON) == (ALWAYS,)


@pytest.mark.parametrize(
    ("name", "said", "value"),
    [
        ("order", "desc", Order.DESC),
        ("order", "asc", Order.ASC),
        ("operator", "increment", Operator.INCREMENT),
        ("operator", "set", Operator.SET),
        ("operator", "best", Operator.BEST),
        ("ties", "member", Ties.MEMBER),
        ("ties", "earliest", Ties.EARLIEST),
        ("ties", "shared", Ties.SHARED),
        ("ties", "dense", Ties.DENSE),
        ("min_score", -5, -5.0),
        ("min_score", -(2**53), -MAX_SCORE),
        ("max_score", 0.5, 0.5),
        ("max_score", 2**53, MAX_SCORE),
        ("max_increment", 1e-3, 1e-3),
        ("windows", ["all"], ("all",)),
        ("windows", ("weekly", "hourly"), ("weekly", "hourly")),
        ("windows", ["all", " 0  18 * *  fri"], ("all", "0 18 * * fri")),
        ("windows", [f"{minute} * * * *" for minute in range(8)], tuple(f"{minute} * * * *" for minute in range(8))),
        ("timezone", "Australia/Lord_Howe", "Australia/Lord_Howe"),
        ("week_starts", "sunday", "sunday"),
        ("keep", 0, 0),
        ("keep", MAX_KEPT, MAX_KEPT),
        ("attempts", {"max": 1, "window": "all"}, Attempts(1, "all")),
        ("attempts", {"window": "all", "max": MAX_ATTEMPTS}, Attempts(MAX_ATTEMPTS, "all")),
        ("track", True, True),
    ],
)
def test_what_may_be_said(name: str, said: Any, value: Any) -> None:
    assert getattr(Rules.parse({name: said}), name) == value


@pytest.mark.parametrize("capacity", [1, MAX_CAPACITY])
@pytest.mark.parametrize("operator", ["set", "best"])
def test_a_capacity_goes_with_scores_that_are_set(capacity: int, operator: str) -> None:
    assert Rules.parse({"capacity": capacity, "operator": operator}).capacity == capacity


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("order", "descending"),
        ("order", "DESC"),
        ("order", True),
        ("order", []),
        ("operator", "sum"),
        ("operator", 1),
        ("ties", "random"),
        ("ties", {}),
        ("min_score", "0"),
        ("min_score", True),
        ("min_score", float("nan")),
        ("min_score", -(2**53) - 2),
        ("max_score", float("inf")),
        ("max_score", 10**400),
        ("max_score", 2**53 + 2),
        ("max_increment", 0),
        ("max_increment", -1),
        ("max_increment", 2**53 + 2),
        ("capacity", 0),
        ("capacity", MAX_CAPACITY + 1),
        ("capacity", 10.0),
        ("capacity", True),
        ("windows", []),
        ("windows", "daily"),
        ("windows", {"daily": 1}),
        ("windows", ["daily", 5]),
        ("windows", ["yearly"]),
        ("windows", ["archive"]),
        ("windows", ["daily", "daily"]),
        ("windows", ["0 0 * * *", "0  0 * * *"]),
        ("windows", [f"{minute} * * * *" for minute in range(9)]),
        ("timezone", "Berlin"),
        ("timezone", 1),
        ("week_starts", "Monday"),
        ("week_starts", 1),
        ("keep", -1),
        ("keep", MAX_KEPT + 1),
        ("keep", 1.0),
        ("attempts", 3),
        ("attempts", {"max": 3}),
        ("attempts", {"max": 3, "window": "all", "per": "day"}),
        ("attempts", {"max": 0, "window": "all"}),
        ("attempts", {"max": MAX_ATTEMPTS + 1, "window": "all"}),
        ("attempts", {"max": None, "window": "all"}),
        ("attempts", {"max": 3, "window": None}),
        ("track", 1),
        ("track", "true"),
    ],
)
def test_what_is_not_allowed_is_refused_by_name(name: str, said: Any) -> None:
    rest = {"operator": "best"} if name == "capacity" else {}
    with pytest.raises(InvalidArgument, match=name.removesuffix("s")):
        Rules.parse({name: said, **rest})


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"colour": "red"}, "rules have no 'colour'; they have order, operator"),
        ({"windows": ["60 * * * *"]}, "'60' in the cron expression"),
        ({"min_score": 2, "max_score": 1}, "min_score 2.0 is over max_score 1.0"),
        ({"capacity": 10}, "could never climb back"),
        ({"max_increment": 1, "operator": "best"}, "not with best"),
        ({"max_increment": 1, "operator": "set"}, "not with set"),
        ({"windows": ["daily", "weekly"], "keep": 501}, "makes 1002 closed periods; at most 1000"),
        ({"attempts": {"max": 3, "window": "daily"}}, "'daily', which is none of windows"),
    ],
)
def test_contradictions_are_refused(said: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        Rules.parse(said)


def test_all_is_no_closed_period() -> None:
    assert Rules.parse({"windows": ["all", "daily"], "keep": MAX_KEPT}).keep == MAX_KEPT


def test_a_minimum_may_be_the_maximum() -> None:
    rules = Rules.parse({"min_score": 1, "max_score": 1})
    assert rules.lowest == rules.highest == 1


async def test_rules_that_were_never_parsed_are_checked_before_they_are_set() -> None:
    boards = Leaderboards(MemoryBoardStore(), now=lambda: NOON)
    for rules in (Rules(capacity=3), Rules(windows=("dayly",)), Rules(timezone="Berlin")):
        with pytest.raises(InvalidArgument):
            await boards.set_rules("race", rules)
    assert (await boards.rules("race")).revision == 0


BOUNDS = st.integers(-(2**53), 2**53) | st.floats(-MAX_SCORE, MAX_SCORE)
WINDOWS = st.sampled_from(["all", "hourly", "daily", "weekly", "monthly", "0 18 * * fri", " */5  * * * * "])


@st.composite
def anything_said(draw: st.DrawFn) -> dict[str, Any]:
    """Say rules that may stand, each of them or not."""
    windows = draw(st.lists(WINDOWS, min_size=1, max_size=7, unique=True))
    lowest, highest = sorted(draw(st.tuples(BOUNDS, BOUNDS)))
    operator = draw(st.sampled_from(["increment", "set", "best"]))
    attempts = st.builds(dict, max=st.integers(1, MAX_ATTEMPTS), window=st.sampled_from(windows))
    every = {
        "order": draw(st.sampled_from(["desc", "asc"])),
        "ties": draw(st.sampled_from(["member", "earliest", "shared", "dense"])),
        "min_score": lowest,
        "max_score": highest,
        "timezone": draw(st.sampled_from(["UTC", "Asia/Kolkata", "America/New_York"])),
        "week_starts": draw(st.sampled_from(["monday", "sunday", "friday"])),
        "keep": draw(st.integers(0, 100)),
        "track": draw(st.booleans()),
    }
    every["attempts"] = draw(attempts)
    left_out = draw(st.sets(st.sampled_from(sorted(every))))
    said = {name: value for name, value in every.items() if name not in left_out}
    only = {"max_increment": 0.5} if operator == "increment" else {"capacity": draw(st.integers(1, MAX_CAPACITY))}
    return said | {"windows": windows, "operator": operator} | (only if draw(st.booleans()) else {})


@given(anything_said())
def test_what_rules_say_of_themselves_is_the_same_rules(said: dict[str, Any]) -> None:
    rules = Rules.parse(said)
    again = Rules.parse(rules.said())
    assert again == rules
    assert again.text == rules.text
    assert hash(again) == hash(rules)
    assert Rules.of_text(rules.text) == rules
    assert Rules.parse(json.loads(json.dumps(rules.said()))) == rules
    assert rules.falsified_by(again) == []


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ({}, {}, []),
        ({}, {"order": "asc"}, ["order"]),
        ({}, {"operator": "set"}, ["operator"]),
        ({}, {"ties": "earliest"}, ["ties"]),
        ({}, {"order": "asc", "operator": "best", "ties": "dense", "windows": ["daily"]},
         ["order", "operator", "ties", "windows"]),
        ({}, {"windows": ["all", "daily"]}, ["windows"]),
        ({"windows": ["all", "daily"]}, {"windows": ["daily", "all"]}, []),
        ({"windows": ["all", "daily"]}, {"windows": ["all"]}, ["windows"]),
        # A board without periods has no calendar that could be falsified.
        ({}, {"timezone": "Europe/Berlin", "week_starts": "sunday"}, []),
        ({"windows": ["daily"]}, {"windows": ["daily"], "timezone": "Asia/Kolkata"}, ["timezone"]),
        ({"windows": ["all", "weekly"]}, {"windows": ["all", "weekly"], "week_starts": "sunday"}, ["week_starts"]),
        ({"operator": "set"}, {"operator": "set", "min_score": 0, "max_score": 9, "capacity": 1, "keep": 9,
                               "track": True, "attempts": {"max": 1, "window": "all"}}, []),
        ({}, {"max_increment": 5}, []),
    ],
)  # fmt: skip
def test_what_would_be_falsified(old: dict[str, Any], new: dict[str, Any], names: list[str]) -> None:
    assert Rules.parse(old).falsified_by(Rules.parse(new)) == names


@pytest.mark.parametrize(
    ("windows", "default", "current"),
    [
        (["all"], "all", ["all"]),
        (["daily", "all"], "all", ["all", "2026-11-24"]),
        (["weekly", "daily"], "weekly", ["2026-11-23", "2026-11-24"]),
        (["0 18 * * fri", "monthly", "all"], "all", ["all", "2026-11-20T18:00+01:00", "2026-11-01"]),
    ],
)
def test_a_submission_counts_in_every_window_the_default_s_first(
    windows: list[str], default: str, current: list[str]
) -> None:
    rules = Rules.parse({"windows": windows, "timezone": "Europe/Berlin"})
    assert rules.default_window == default
    assert [period.name for period in rules.current(NOON)] == current


@pytest.mark.parametrize(
    ("window", "period", "name"),
    [
        (None, None, "all"),
        ("", "", "all"),
        ("all", None, "all"),
        ("daily", None, "2026-11-24"),
        ("daily", "", "2026-11-24"),
        (" daily ", "2026-11-24", "2026-11-24"),
        ("daily", "2026-11-22", "2026-11-22"),
        ("archive", "season 1", "season 1"),
    ],
)
def test_a_choice_names_a_period(window: str | None, period: str | None, name: str) -> None:
    assert DAILY.chosen(PeriodChoice(NOON, window, period)).name == name


@pytest.mark.parametrize("period", ["2026-11-25", "2026-11-21", "1999-12-31"])
def test_a_period_that_has_not_begun_or_is_not_kept_cannot_be_read(period: str) -> None:
    with pytest.raises(PeriodNotFound, match=f"daily period {period}"):
        DAILY.chosen(PeriodChoice(NOON, "daily", period))


@pytest.mark.parametrize(
    ("window", "period", "message"),
    [
        ("weekly", None, "no window 'weekly'; it has all, daily"),
        ("Daily", None, "no window 'Daily'"),
        ("archive", None, "archive has no current period; name one"),
        ("archive", "", "archive has no current period; name one"),
        ("daily", "yesterday", "no period 'yesterday'"),
        (None, "2026-11-24", "window 'all' has no period"),
    ],
)
def test_a_choice_that_names_nothing_is_refused(window: str | None, period: str | None, message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        DAILY.chosen(PeriodChoice(NOON, window, period))


def test_a_cron_window_is_chosen_however_it_is_spaced() -> None:
    rules = Rules.parse({"windows": ["0 18 * * fri"]})
    assert rules.chosen(PeriodChoice(NOON, " 0  18 * * fri")).window == "0 18 * * fri"


def test_a_period_can_be_read_from_its_start_until_it_is_not_kept_any_more() -> None:
    [_, today] = DAILY.current(NOON)
    until = datetime.fromisoformat("2026-11-27T00:00+01:00").timestamp()
    assert DAILY.expiry(today) == until
    assert DAILY.readable(today, today.start)
    assert DAILY.readable(today, until - 1e-3)
    assert not DAILY.readable(today, until)
    assert not DAILY.readable(today, today.start - 1e-3)


def test_an_archive_can_be_read_always() -> None:
    assert DAILY.readable(archived("season 1"), 0.0)
    assert archived("season 1").place == "archive/season 1"
    assert window_and_name(archived("2026/27").place) == ("archive", "2026/27")
