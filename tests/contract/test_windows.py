"""Windows and their periods: what counts where, what stays readable, and what goes with it."""

import pytest
from boards import (
    ADA,
    AT,
    BOARD,
    BOB,
    DAY,
    HOUR,
    NOW,
    instant,
    m,
    metadata_of,
    rule,
    scores,
    standings,
    submit,
    submit_all,
)

from goboard.domain.errors import InvalidArgument, PeriodNotFound, ScoreOutOfRange
from goboard.domain.periods import PeriodChoice
from goboard.domain.standings import Entry, Outcome
from goboard.ports.store import BoardStore

EVERY_WINDOW = ["all", "hourly", "daily", "weekly", "monthly", "0 12 * * *"]


async def test_one_submission_counts_in_every_window(store: BoardStore) -> None:
    await rule(store, windows=EVERY_WINDOW)
    await store.increment(BOARD, ADA, 5.0, AT)
    for window in EVERY_WINDOW:
        assert await standings(store, window=window) == [("ada", 5, 1)]


@pytest.mark.parametrize(
    ("window", "last", "first"),
    [
        ("hourly", "2026-11-24T18:59:59.999+00:00", "2026-11-24T19:00:00+00:00"),
        ("daily", "2026-11-24T23:59:59.999+00:00", "2026-11-25T00:00:00+00:00"),
        ("weekly", "2026-11-29T23:59:59.999+00:00", "2026-11-30T00:00:00+00:00"),
        ("monthly", "2026-11-30T23:59:59.999+00:00", "2026-12-01T00:00:00+00:00"),
        ("0 12 * * *", "2026-11-25T11:59:59.999+00:00", "2026-11-25T12:00:00+00:00"),
    ],
)
async def test_a_period_s_last_moment_counts_in_it_and_the_next_one_s_first_in_the_next(
    store: BoardStore, window: str, last: str, first: str
) -> None:
    await rule(store, windows=[window])
    await submit(store, "ada", 1.0, instant(last))
    await submit(store, "bob", 2.0, instant(first))
    assert await scores(store, instant(last)) == {"ada": 1.0}
    assert await scores(store, instant(first)) == {"bob": 2.0}


@pytest.mark.parametrize(
    ("window", "names"),
    [
        ("hourly", ["2026-11-24T19:00+00:00", "2026-11-24T18:00+00:00"]),
        ("daily", ["2026-11-25", "2026-11-24"]),
        ("weekly", ["2026-11-30", "2026-11-23"]),
        ("monthly", ["2026-12-01", "2026-11-01"]),
        ("*/30 * * * *", ["2026-11-24T19:00+00:00", "2026-11-24T18:30+00:00"]),
    ],
)
async def test_a_closed_period_is_read_by_its_name(store: BoardStore, window: str, names: list[str]) -> None:
    board = await rule(store, windows=[window])
    later = board.rules.calendar.period_at(window, AT).end
    await submit(store, "ada", 1.0, AT)
    await submit(store, "bob", 2.0, later)
    assert [period.name for period in await store.periods(BOARD, window, later)] == names
    assert await scores(store, later, window, names[0]) == {"bob": 2.0}
    assert await scores(store, later, window, names[1]) == {"ada": 1.0}


async def test_a_window_s_scores_are_its_own(store: BoardStore) -> None:
    await rule(store, windows=["all", "daily"])
    await store.increment(BOARD, ADA, 5.0, AT - DAY)
    assert await store.increment(BOARD, ADA, 2.0, AT) == Entry("ada", 7.0, 1)
    assert await scores(store, window="daily") == {"ada": 2.0}
    assert await scores(store, window="daily", period="2026-11-23") == {"ada": 5.0}


async def test_the_default_window_is_all_wherever_it_stands(store: BoardStore) -> None:
    await rule(store, windows=["daily", "all"])
    await store.increment(BOARD, ADA, 5.0, AT - DAY)
    assert await store.increment(BOARD, ADA, 2.0, AT) == Entry("ada", 7.0, 1)
    assert await scores(store) == {"ada": 7.0}


async def test_without_all_the_first_window_is_the_default(store: BoardStore) -> None:
    await rule(store, windows=["daily", "monthly"])
    await store.increment(BOARD, ADA, 5.0, AT - DAY)
    assert await store.increment(BOARD, ADA, 2.0, AT) == Entry("ada", 2.0, 1)
    assert await scores(store) == {"ada": 2.0}
    assert await store.count(BOARD, PeriodChoice(AT + DAY)) == 0


async def test_the_best_is_found_in_each_window(store: BoardStore) -> None:
    await rule(store, operator="best", windows=["all", "daily"])
    await submit(store, "ada", 9.0, AT - DAY)
    assert await submit(store, "ada", 5.0) == Outcome("ada", 9.0, 1, improved=False)
    assert await scores(store, window="daily") == {"ada": 5.0}


async def test_a_tie_position_is_of_its_window(store: BoardStore) -> None:
    await rule(store, operator="best", ties="earliest", windows=["all", "daily"])
    await submit_all(store, {"ada": 5.0}, AT - DAY)
    await submit_all(store, {"bob": 5.0, "ada": 5.0})
    assert [member for member, _, _ in await standings(store, window="all")] == ["ada", "bob"]
    assert [member for member, _, _ in await standings(store, window="daily")] == ["bob", "ada"]


async def test_a_period_in_which_nobody_submitted_is_empty(store: BoardStore) -> None:
    await rule(store, windows=["daily"], keep=2)
    await submit(store, "ada", 1.0)
    assert await standings(store, period="2026-11-23") == []
    assert await standings(store, AT + DAY) == []
    assert await store.rank(BOARD, ADA, PeriodChoice(AT, "daily", "2026-11-22")) is None


@pytest.mark.parametrize("keep", [0, 1, 3])
async def test_so_many_closed_periods_stay_readable(store: BoardStore, keep: int) -> None:
    await rule(store, windows=["daily"], keep=keep)
    await submit(store, "ada", 1.0)
    end = instant("2026-11-25T00:00:00+00:00") + keep * DAY
    assert await scores(store, end - 0.001, period="2026-11-24") == {"ada": 1.0}
    with pytest.raises(PeriodNotFound, match="2026-11-24"):
        await scores(store, end, period="2026-11-24")


async def test_a_period_that_has_not_begun_cannot_be_read(store: BoardStore) -> None:
    await rule(store, windows=["daily"])
    with pytest.raises(PeriodNotFound, match="2026-11-25"):
        await store.count(BOARD, PeriodChoice(AT, "daily", "2026-11-25"))


@pytest.mark.parametrize(
    ("window", "period"), [("weekly", None), ("daily", "2026-13-01"), ("daily", "all"), ("all", "2026-11-24")]
)
async def test_what_is_no_window_or_period_of_the_board_is_refused(
    store: BoardStore, window: str, period: str | None
) -> None:
    await rule(store, windows=["all", "daily"])
    choice = PeriodChoice(AT, window, period)
    for call in (
        store.top(BOARD, 1, choice, metadata=False),
        store.rank(BOARD, ADA, choice),
        store.count(BOARD, choice),
        store.member(BOARD, ADA, choice),
        store.around(BOARD, ADA, 1, 1, choice, metadata=False),
        store.lookup(BOARD, [ADA], choice, metadata=False),
        store.stats(BOARD, [50.0], 1, choice),
    ):
        with pytest.raises(InvalidArgument, match=f"window '{window}'"):
            await call


async def test_a_board_without_rules_has_the_window_all_alone(store: BoardStore) -> None:
    await submit(store, "ada", 1.0)
    assert await scores(store, window="all") == {"ada": 1.0}
    with pytest.raises(InvalidArgument, match="'daily'; it has all"):
        await scores(store, window="daily")


async def test_the_spaces_of_a_cron_expression_are_one(store: BoardStore) -> None:
    await rule(store, windows=["0  12 *   * *"])
    await submit(store, "ada", 1.0)
    assert await scores(store, window=" 0 12  * * *") == {"ada": 1.0}


async def test_days_are_those_of_the_time_zone(store: BoardStore) -> None:
    await rule(store, windows=["daily"], timezone="Asia/Kolkata")
    await submit(store, "ada", 1.0, instant("2026-11-24T23:59:59+05:30"))
    await submit(store, "bob", 2.0, instant("2026-11-25T00:00:00+05:30"))
    assert await scores(store, instant("2026-11-25T01:00:00+05:30"), period="2026-11-24") == {"ada": 1.0}
    assert await scores(store, instant("2026-11-25T01:00:00+05:30")) == {"bob": 2.0}


async def test_an_hour_that_comes_twice_is_two_periods(store: BoardStore) -> None:
    await rule(store, windows=["hourly"], timezone="Europe/Berlin")
    await submit(store, "ada", 1.0, instant("2026-10-25T02:30:00+02:00"))
    later = instant("2026-10-25T02:30:00+01:00")
    await submit(store, "bob", 2.0, later)
    assert await scores(store, later, period="2026-10-25T02:00+02:00") == {"ada": 1.0}
    assert await scores(store, later, period="2026-10-25T02:00+01:00") == {"bob": 2.0}


@pytest.mark.parametrize(("day", "name"), [("monday", "2026-11-23"), ("sunday", "2026-11-22")])
async def test_weeks_begin_on_the_day_that_the_rules_say(store: BoardStore, day: str, name: str) -> None:
    await rule(store, windows=["weekly"], week_starts=day)
    await submit(store, "ada", 1.0)
    assert [period.name for period in await store.periods(BOARD, "weekly", AT)] == [name]


async def test_periods_are_listed_latest_first_while_they_can_be_read(store: BoardStore) -> None:
    await rule(store, windows=["daily"], keep=2)
    for day in (0, 1, 3):
        await submit(store, "ada", 1.0, AT + day * DAY)
    found = await store.periods(BOARD, "daily", AT + 3 * DAY)
    assert [period.name for period in found] == ["2026-11-27", "2026-11-25"]
    assert (found[0].start, found[0].end) == (instant("2026-11-27T00:00:00Z"), instant("2026-11-28T00:00:00Z"))
    assert [period.name for period in await store.periods(BOARD, "daily", found[0].end)] == ["2026-11-27"]


async def test_the_window_all_has_its_one_period_where_it_has_members(store: BoardStore) -> None:
    assert await store.periods(BOARD, "all", AT) == []
    await submit(store, "ada", 1.0)
    assert [period.name for period in await store.periods(BOARD, "all", AT)] == ["all"]


async def test_periods_of_no_window_of_the_board_are_refused(store: BoardStore) -> None:
    with pytest.raises(InvalidArgument, match="'weekly'; it has all"):
        await store.periods(BOARD, "weekly", AT)


async def test_metadata_goes_with_the_last_period_of_a_member(store: BoardStore) -> None:
    await rule(store, windows=["daily"], keep=1)
    await submit(store, "ada", 1.0, AT, metadata={"car": "r5"})
    await submit(store, "bob", 1.0, AT + DAY)
    closed = PeriodChoice(AT + DAY, "daily", "2026-11-24")
    assert await metadata_of(store, "ada", closed) == {"car": "r5"}
    await submit(store, "ada", 1.0, AT + 2 * DAY)
    assert await metadata_of(store, "ada", PeriodChoice(AT + 2 * DAY)) is None


async def test_metadata_stays_as_long_as_one_period_of_the_member_does(store: BoardStore) -> None:
    await rule(store, windows=["all", "daily"], keep=0)
    await submit(store, "ada", 1.0, AT, metadata={"car": "r5"})
    await submit(store, "bob", 1.0, AT + 5 * DAY)
    assert await metadata_of(store, "ada", PeriodChoice(AT + 5 * DAY)) == {"car": "r5"}


async def test_the_times_of_a_member_go_with_its_last_period(store: BoardStore) -> None:
    await rule(store, windows=["hourly"], keep=0, track=True)
    await submit(store, "ada", 1.0)
    await submit(store, "ada", 1.0, AT + HOUR)
    details = await store.member(BOARD, ADA, PeriodChoice(AT + HOUR))
    assert details is not None
    assert (details.first_update, details.last_update) == (AT + HOUR, AT + HOUR)


async def test_a_removed_member_is_gone_from_closed_periods_too(store: BoardStore) -> None:
    await rule(store, windows=["daily"], keep=2)
    await submit_all(store, {"ada": 1.0, "bob": 2.0}, AT - DAY)
    assert await store.remove(BOARD, ADA, AT) is True
    assert await scores(store, AT, period="2026-11-23") == {"bob": 2.0}
    assert await store.remove(BOARD, ADA, AT) is False
    assert await store.remove(BOARD, BOB, AT) is True
    assert await store.periods(BOARD, "daily", AT) == []


async def test_members_of_a_closed_period_make_a_deleted_board_one_that_had_members(store: BoardStore) -> None:
    await rule(store, windows=["daily"])
    await submit(store, "ada", 1.0, AT - DAY)
    assert await store.delete(BOARD, AT) is True
    assert (await store.rules(BOARD)).revision == 0


async def test_members_of_an_expired_period_are_none_to_remove_or_delete(store: BoardStore) -> None:
    await rule(store, windows=["daily"], keep=0)
    await submit_all(store, {"ada": 1.0, "bob": 1.0})
    assert await store.remove(BOARD, ADA, AT + DAY) is False
    assert await store.delete(BOARD, AT + DAY) is False


async def test_reads_of_a_period_are_all_of_that_period(store: BoardStore) -> None:
    await rule(store, windows=["all", "daily"])
    await submit_all(store, {"ada": 3.0, "bob": 1.0}, AT - DAY)
    await submit_all(store, {"bob": 5.0})
    choice = PeriodChoice(AT, "daily", "2026-11-23")
    ada, bob = Entry("ada", 3.0, 1), Entry("bob", 1.0, 2)
    assert await store.rank(BOARD, BOB, choice) == bob
    assert await store.count(BOARD, choice) == 2
    assert await store.around(BOARD, ADA, 0, 1, choice, metadata=False) == [ada, bob]
    assert list((await store.lookup(BOARD, [BOB, m("cyd")], choice, metadata=False)).entries) == [bob]
    assert (await store.stats(BOARD, [], 1, choice)).maximum == 3.0
    assert await store.rank(BOARD, BOB, NOW) == Entry("bob", 6.0, 1)


async def test_a_window_may_be_kept_to_the_calendar_s_end(store: BoardStore) -> None:
    """29 February falls on a Sunday every 28 years, and a thousand times that is beyond the year 9999."""
    rare = "0 0 29 2 */7"
    await rule(store, windows=[rare], keep=1000)
    await submit(store, "ada", 1.0, metadata={"a": 1})
    [period] = await store.periods(BOARD, rare, AT)
    assert period.name == "2004-02-29T00:00+00:00"
    await rule(store, windows=[rare], keep=999)
    assert await standings(store, window=rare, period=period.name) == [("ada", 1.0, 1)]
    assert await store.remove(BOARD, ADA, AT) is True
    assert await store.periods(BOARD, rare, AT) == []


async def test_what_one_window_alone_refuses_is_refused_in_all(store: BoardStore) -> None:
    """For ever ada has 3 and may lose 4; today it has nothing to lose."""
    await rule(store, windows=["all", "daily"], min_score=-2.0, max_score=9.0)
    await submit(store, "ada", 3.0, AT - DAY)
    with pytest.raises(ScoreOutOfRange):
        await store.increment(BOARD, ADA, -4.0, AT)
    assert await scores(store) == {"ada": 3.0}
    assert await scores(store, window="daily") == {}
    assert (await store.increment(BOARD, ADA, -2.0, AT)).score == 1.0
    assert await scores(store, window="daily") == {"ada": -2.0}


async def test_a_period_that_a_clock_ahead_has_begun_is_not_listed_before_it_begins(store: BoardStore) -> None:
    await rule(store, windows=["daily"])
    await submit(store, "ada", 1.0, AT + DAY)
    assert await store.periods(BOARD, "daily", AT) == []
    assert [period.name for period in await store.periods(BOARD, "daily", AT + DAY)] == ["2026-11-25"]
