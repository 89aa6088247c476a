"""Windows and their periods on wall clocks that change."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from goboard.domain.errors import InvalidArgument
from goboard.domain.periods import ALL, ALWAYS, WEEKDAYS, Calendar, Period, parse_window

BERLIN = Calendar.of("Europe/Berlin", "monday")


def instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def ends(period: Period, zone: str) -> tuple[str, str]:
    """Give the period's start and end as the zone's clock shows them."""
    start, end = (datetime.fromtimestamp(at, ZoneInfo(zone)) for at in (period.start, period.end))
    return start.isoformat(timespec="minutes"), end.isoformat(timespec="minutes")


@pytest.mark.parametrize(
    ("zone", "at", "start", "end", "hours"),
    [
        ("Europe/Berlin", "2026-11-24T12:00+01:00", "2026-11-24T00:00+01:00", "2026-11-25T00:00+01:00", 24),
        ("Europe/Berlin", "2026-03-29T12:00+02:00", "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00", 23),
        ("Europe/Berlin", "2026-10-25T12:00+01:00", "2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00", 25),
        ("America/New_York", "2026-03-08T12:00-04:00", "2026-03-08T00:00-05:00", "2026-03-09T00:00-04:00", 23),
        ("America/New_York", "2026-11-01T12:00-05:00", "2026-11-01T00:00-04:00", "2026-11-02T00:00-05:00", 25),
        ("Australia/Lord_Howe", "2026-10-04T12:00+11:00", "2026-10-04T00:00+10:30", "2026-10-05T00:00+11:00", 23.5),
        ("Australia/Lord_Howe", "2026-04-05T12:00+10:30", "2026-04-05T00:00+11:00", "2026-04-06T00:00+10:30", 24.5),
        ("Asia/Kolkata", "2026-03-29T00:00+05:30", "2026-03-29T00:00+05:30", "2026-03-30T00:00+05:30", 24),
        # Midnight is left out: the day begins with the moment of the leap.
        ("Africa/Cairo", "2026-04-24T12:00+03:00", "2026-04-24T01:00+03:00", "2026-04-25T00:00+03:00", 23),
        # The last hour comes twice, and both belong to the day that ends.
        ("Africa/Cairo", "2026-10-29T23:30+02:00", "2026-10-29T00:00+03:00", "2026-10-30T00:00+02:00", 25),
        # Midnight comes twice: the day begins with the first.
        ("America/Havana", "2026-11-01T00:30-05:00", "2026-11-01T00:00-04:00", "2026-11-02T00:00-05:00", 25),
        # The clocks go back over midnight: the day that had begun goes on, although they show the one before.
        ("America/St_Johns", "2010-11-06T23:30-03:30", "2010-11-07T00:00-02:30", "2010-11-08T00:00-03:30", 25),
        # 30 December 2011 was left out.
        ("Pacific/Apia", "2011-12-29T12:00-10:00", "2011-12-29T00:00-10:00", "2011-12-31T00:00+14:00", 24),
        ("Pacific/Apia", "2011-12-31T12:00+14:00", "2011-12-31T00:00+14:00", "2012-01-01T00:00+14:00", 24),
    ],
)
def test_a_day_is_the_one_of_the_wall_clock(zone: str, at: str, start: str, end: str, hours: float) -> None:
    period = Calendar.of(zone, "monday").period_at("daily", instant(at))
    assert ends(period, zone) == (start, end)
    assert (period.end - period.start) / 3600 == hours
    assert period.name == start[:10]
    assert period.place == f"daily/{start[:10]}"


@pytest.mark.parametrize(
    ("zone", "at", "start", "end"),
    [
        ("Europe/Berlin", "2026-11-24T18:59+01:00", "2026-11-24T18:00+01:00", "2026-11-24T19:00+01:00"),
        ("Europe/Berlin", "2026-03-29T01:30+01:00", "2026-03-29T01:00+01:00", "2026-03-29T03:00+02:00"),
        ("Europe/Berlin", "2026-10-25T02:30+02:00", "2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00"),
        ("Europe/Berlin", "2026-10-25T02:30+01:00", "2026-10-25T02:00+01:00", "2026-10-25T03:00+01:00"),
        ("America/New_York", "2026-11-01T01:30-04:00", "2026-11-01T01:00-04:00", "2026-11-01T01:00-05:00"),
        ("America/New_York", "2026-11-01T01:30-05:00", "2026-11-01T01:00-05:00", "2026-11-01T02:00-05:00"),
        ("America/New_York", "2026-03-08T03:30-04:00", "2026-03-08T03:00-04:00", "2026-03-08T04:00-04:00"),
        # The clocks leap from 2:00 to 2:30, and back from 2:00 to 1:30: half an hour each.
        ("Australia/Lord_Howe", "2026-10-04T02:45+11:00", "2026-10-04T02:30+11:00", "2026-10-04T03:00+11:00"),
        ("Australia/Lord_Howe", "2026-04-05T01:45+11:00", "2026-04-05T01:00+11:00", "2026-04-05T01:30+10:30"),
        ("Australia/Lord_Howe", "2026-04-05T01:45+10:30", "2026-04-05T01:30+10:30", "2026-04-05T02:00+10:30"),
        ("Asia/Kolkata", "2026-11-24T18:29:59+05:30", "2026-11-24T18:00+05:30", "2026-11-24T19:00+05:30"),
    ],
)
def test_an_hour_is_the_one_of_the_wall_clock_and_has_a_name_of_its_own(
    zone: str, at: str, start: str, end: str
) -> None:
    period = Calendar.of(zone, "monday").period_at("hourly", instant(at))
    assert ends(period, zone) == (start, end)
    assert period.name == start


@pytest.mark.parametrize(
    ("zone", "week_starts", "at", "start", "hours"),
    [
        ("Europe/Berlin", "monday", "2026-03-29T12:00+02:00", "2026-03-23T00:00+01:00", 167),
        ("Europe/Berlin", "sunday", "2026-03-29T12:00+02:00", "2026-03-29T00:00+01:00", 167),
        ("Europe/Berlin", "monday", "2026-10-25T12:00+01:00", "2026-10-19T00:00+02:00", 169),
        ("Europe/Berlin", "sunday", "2026-10-24T12:00+02:00", "2026-10-18T00:00+02:00", 168),
        ("America/New_York", "sunday", "2026-11-01T00:00-04:00", "2026-11-01T00:00-04:00", 169),
        ("America/New_York", "monday", "2026-11-01T00:00-04:00", "2026-10-26T00:00-04:00", 169),
        ("America/New_York", "monday", "2026-03-08T23:00-04:00", "2026-03-02T00:00-05:00", 167),
        ("Australia/Lord_Howe", "sunday", "2026-04-05T12:00+10:30", "2026-04-05T00:00+11:00", 168.5),
        ("Australia/Lord_Howe", "monday", "2026-10-04T12:00+11:00", "2026-09-28T00:00+10:30", 167.5),
        ("Asia/Kolkata", "sunday", "2026-11-29T00:00+05:30", "2026-11-29T00:00+05:30", 168),
        ("Asia/Kolkata", "monday", "2026-11-29T00:00+05:30", "2026-11-23T00:00+05:30", 168),
        # A week that would begin with the day that was left out.
        ("Pacific/Apia", "friday", "2011-12-31T12:00+14:00", "2011-12-31T00:00+14:00", 144),
    ],
)
def test_a_week_begins_on_its_day(zone: str, week_starts: str, at: str, start: str, hours: float) -> None:
    calendar = Calendar.of(zone, week_starts)
    period = calendar.period_at("weekly", instant(at))
    assert ends(period, zone)[0] == start
    assert (period.end - period.start) / 3600 == hours
    assert WEEKDAYS[datetime.fromisoformat(period.name).weekday()] == week_starts
    assert calendar.period_named("weekly", period.name) == period


@pytest.mark.parametrize(
    ("at", "name", "days"),
    [
        ("2026-02-28T23:59:59.999+01:00", "2026-02-01", 28),
        ("2028-02-29T12:00+01:00", "2028-02-01", 29),
        ("2026-12-31T23:00+01:00", "2026-12-01", 31),
        ("2026-03-31T12:00+02:00", "2026-03-01", 31 - 1 / 24),
        ("2026-10-01T00:00+02:00", "2026-10-01", 31 + 1 / 24),
    ],
)
def test_a_month_is_the_one_of_the_calendar(at: str, name: str, days: float) -> None:
    period = BERLIN.period_at("monthly", instant(at))
    assert period.name == name
    assert (period.end - period.start) / 86400 == pytest.approx(days)


@pytest.mark.parametrize("window", ["hourly", "daily", "weekly", "monthly", "0 0 * * *"])
def test_the_last_instant_belongs_to_the_period_that_ends(window: str) -> None:
    midnight = instant("2026-06-01T00:00+02:00")  # a Monday
    last = BERLIN.period_at(window, instant("2026-05-31T23:59:59.999+02:00"))
    assert last.end == midnight
    assert BERLIN.period_at(window, midnight).start == midnight
    just_before = midnight - 2**-22
    assert BERLIN.period_at(window, just_before) == last


def test_a_cron_window_s_periods_begin_when_it_strikes() -> None:
    period = BERLIN.period_at("0 18 * * fri", instant("2026-03-28T12:00+01:00"))
    assert ends(period, "Europe/Berlin") == ("2026-03-27T18:00+01:00", "2026-04-03T18:00+02:00")
    assert period.name == "2026-03-27T18:00+01:00"
    assert period.place == "0 18 * * fri/2026-03-27T18:00+01:00"
    assert BERLIN.period_named("0 18 * * fri", period.name) == period


def test_all_has_no_other_period() -> None:
    assert BERLIN.period_at(ALL, 0.0) is ALWAYS
    assert ALWAYS.place == ALL
    assert BERLIN.expiry(ALWAYS, 3) == float("inf")


@pytest.mark.parametrize(
    ("window", "name"),
    [
        ("daily", ""),
        ("daily", "yesterday"),
        ("daily", "2026-02-30"),
        ("daily", "2026-2-3"),
        ("daily", "20260203"),
        ("daily", "2026-02-03 "),
        ("daily", "2026-02-0\u0663"),
        ("daily", "0001-01-01"),
        ("daily", "9999-12-31"),
        ("daily", "2026-11-24T00:00+01:00"),
        ("weekly", "2026-11-24"),  # a Tuesday
        ("weekly", "0001-01-01"),
        ("monthly", "2026-11-02"),
        ("monthly", "9999-12-01"),
        ("hourly", "2026-11-24"),
        ("hourly", "2026-11-24T18:00"),
        ("hourly", "2026-11-24T18:00Z"),
        ("hourly", "2026-11-24T18:30+01:00"),
        ("hourly", "2026-11-24T18:00+02:00"),  # not Berlin's clock in November
        ("hourly", "2026-11-24T18:00+99:00"),
        ("hourly", "2026-03-29T02:00+01:00"),  # left out
        ("hourly", "0001-01-01T00:00+01:00"),
        ("0 18 * * *", "2026-11-24T17:00+01:00"),
        ("0 18 * * *", "0001-01-01T18:00+01:00"),
        ("0 18 * * *", "9999-12-31T18:00+01:00"),
        ("all", "all"),
        ("all", "2026-11-24"),
    ],
)
def test_what_is_no_period_s_name_is_refused(window: str, name: str) -> None:
    with pytest.raises(InvalidArgument, match="has no period"):
        BERLIN.period_named(window, name)


def test_a_day_that_was_left_out_has_no_name() -> None:
    with pytest.raises(InvalidArgument, match="2011-12-30"):
        Calendar.of("Pacific/Apia", "monday").period_named("daily", "2011-12-30")


@pytest.mark.parametrize(
    ("window", "name", "keep", "until"),
    [
        ("daily", "2026-03-28", 0, "2026-03-29T00:00+01:00"),
        ("daily", "2026-03-28", 1, "2026-03-30T00:00+02:00"),
        ("daily", "2026-10-24", 2, "2026-10-27T00:00+01:00"),
        ("weekly", "2026-10-19", 1, "2026-11-02T00:00+01:00"),
        ("monthly", "2026-01-01", 12, "2027-02-01T00:00+01:00"),
        ("hourly", "2026-10-25T02:00+02:00", 1, "2026-10-25T03:00+01:00"),
        ("0 18 * * fri", "2026-10-23T18:00+02:00", 2, "2026-11-13T18:00+01:00"),
    ],
)
def test_a_period_stays_for_as_many_as_are_kept(window: str, name: str, keep: int, until: str) -> None:
    assert BERLIN.expiry(BERLIN.period_named(window, name), keep) == instant(until)


@pytest.mark.parametrize("window", ["0 0 29 2 */7", "monthly"])  # the former strikes every 28 or 40 years
def test_what_outlasts_the_calendar_stays_for_ever(window: str) -> None:
    period = BERLIN.period_at(window, instant("2026-11-24T12:00+01:00"))
    assert BERLIN.expiry(period, 100_000) == float("inf")


@pytest.mark.parametrize(
    "zone", ["", "Berlin", "Europe", "../UTC", "/etc/passwd", "Europe/Berlin\0", "\ud800", "x" * 999]
)
def test_an_unknown_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(InvalidArgument, match="an IANA name is like Europe/Berlin"):
        Calendar.of(zone, "monday")


@pytest.mark.parametrize(
    ("text", "window"),
    [("all", "all"), ("hourly", "hourly"), ("monthly", "monthly"), ("  0  18 * *\tfri ", "0 18 * * fri")],
)
def test_a_window_is_named_or_a_cron_expression(text: str, window: str) -> None:
    assert parse_window(text) == window


@pytest.mark.parametrize("text", ["", "yearly", "Daily", " daily", "archive", "@daily", "* * * *", "0 0 30 2 *"])
def test_an_unknown_window_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        parse_window(text)
