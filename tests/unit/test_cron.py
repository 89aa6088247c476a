"""Cron expressions: which are understood, and when they strike."""

import re
from datetime import UTC, datetime
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from goboard.domain.cron import Cron
from goboard.domain.errors import InvalidArgument

BERLIN, NUUK = "Europe/Berlin", "America/Nuuk"
UTC_ZONE = ZoneInfo("UTC")
FROM, TO = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (1990, 2060))


def strikes(text: str, after: str, zone: str = "UTC", count: int = 3) -> list[str]:
    found = islice(Cron.parse(text).after(datetime.fromisoformat(after).timestamp(), ZoneInfo(zone)), count)
    return [datetime.fromtimestamp(at, ZoneInfo(zone)).isoformat(timespec="minutes") for at in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Asked on Tuesday, 24 November 2026, at 12:00.
        ("* * * * *", ["2026-11-24T12:01", "2026-11-24T12:02", "2026-11-24T12:03"]),
        ("*/25 * * * *", ["2026-11-24T12:25", "2026-11-24T12:50", "2026-11-24T13:00"]),
        ("5/25 * * * *", ["2026-11-24T12:05", "2026-11-24T12:30", "2026-11-24T12:55"]),
        ("0 0 * * *", ["2026-11-25T00:00", "2026-11-26T00:00", "2026-11-27T00:00"]),
        ("30 9-17/4 * * *", ["2026-11-24T13:30", "2026-11-24T17:30", "2026-11-25T09:30"]),
        ("0 18 * * fri", ["2026-11-27T18:00", "2026-12-04T18:00", "2026-12-11T18:00"]),
        ("0 0 * * MON-Wed", ["2026-11-25T00:00", "2026-11-30T00:00", "2026-12-01T00:00"]),
        ("0 0 * * 0", ["2026-11-29T00:00", "2026-12-06T00:00", "2026-12-13T00:00"]),
        ("0 0 * * 7", ["2026-11-29T00:00", "2026-12-06T00:00", "2026-12-13T00:00"]),
        ("0 0 * * 6-7", ["2026-11-28T00:00", "2026-11-29T00:00", "2026-12-05T00:00"]),
        ("0 0 1 jan,Jul *", ["2027-01-01T00:00", "2027-07-01T00:00", "2028-01-01T00:00"]),
        ("0 0 31 * *", ["2026-12-31T00:00", "2027-01-31T00:00", "2027-03-31T00:00"]),
        ("0 0 29 2 *", ["2028-02-29T00:00", "2032-02-29T00:00", "2036-02-29T00:00"]),
        # Both days are said: one of them will do.
        ("0 0 1 * mon", ["2026-11-30T00:00", "2026-12-01T00:00", "2026-12-07T00:00"]),
        # One of them begins with a star: both must fit.
        ("0 0 */10 * mon", ["2026-12-21T00:00", "2027-01-11T00:00", "2027-02-01T00:00"]),
        # Sundays, 29 February: 2100 is no leap year.
        ("0 0 29 2 */7", ["2032-02-29T00:00", "2060-02-29T00:00", "2088-02-29T00:00"]),
    ],
)
def test_an_expression_strikes(text: str, expected: list[str]) -> None:
    assert [at.removesuffix("+00:00") for at in strikes(text, "2026-11-24T12:00+00:00")] == expected


def test_a_strike_may_be_forty_years_away() -> None:
    assert strikes("0 0 29 2 */7", "2088-03-01T00:00+00:00", count=1) == ["2128-02-29T00:00+00:00"]


@pytest.mark.parametrize(
    ("text", "zone", "after", "expected"),
    [
        # What a leap leaves out strikes as much later.
        ("30 2 * * *", BERLIN, "2026-03-28T12:00+01:00", ["2026-03-29T03:30+02:00", "2026-03-30T02:30+02:00"]),
        ("0 2,3 * * *", BERLIN, "2026-03-29T00:00+01:00", ["2026-03-29T03:00+02:00", "2026-03-30T02:00+02:00"]),
        # What comes twice strikes the first time.
        ("30 2 * * *", BERLIN, "2026-10-25T00:00+02:00", ["2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"]),
        ("0 * * * *", BERLIN, "2026-10-25T01:30+02:00", ["2026-10-25T02:00+02:00", "2026-10-25T03:00+01:00"]),
        ("0 0 * * *", "Africa/Cairo", "2026-04-23T12:00+02:00", ["2026-04-24T01:00+03:00", "2026-04-25T00:00+03:00"]),
        ("0 0 * * *", "America/Havana", "2026-10-31T12:00-04:00", ["2026-11-01T00:00-04:00", "2026-11-02T00:00-05:00"]),
        # Nuuk leaves out the last hour of a day; what it held strikes in the first of the next.
        ("0,45 0,23 * * *", NUUK, "2026-03-28T12:00-02:00", ["2026-03-29T00:00-01:00", "2026-03-29T00:45-01:00"]),
        ("45 23 * * *", NUUK, "2026-03-28T12:00-02:00", ["2026-03-29T00:45-01:00", "2026-03-29T23:45-01:00"]),
        ("15 0,23 * * 6", NUUK, "2026-03-28T12:00-02:00", ["2026-03-29T00:15-01:00", "2026-04-04T00:15-01:00"]),
        # The day that was left out strikes with the next.
        ("0 12 * * *", "Pacific/Apia", "2011-12-29T00:00-10:00", ["2011-12-29T12:00-10:00", "2011-12-31T12:00+14:00"]),
    ],
)
def test_strikes_across_a_change_of_the_clocks(text: str, zone: str, after: str, expected: list[str]) -> None:
    assert strikes(text, after, zone, 2) == expected


def test_a_late_strike_falls_between_those_of_the_next_day() -> None:
    zone = "Asia/Pyongyang"  # left out the last half hour of 4 May 2018, so that 23:45 strikes at 0:15
    expected = ["2018-05-05T00:00+09:00", "2018-05-05T00:15+09:00", "2018-05-05T00:45+09:00"]
    assert strikes("0,45 0,23 * * *", "2018-05-04T23:15+08:30", zone) == expected
    first, late, third = (datetime.fromisoformat(at).timestamp() for at in expected)
    cron = Cron.parse("0,45 0,23 * * *")
    assert [cron.last(at, ZoneInfo(zone)) for at in (first, late, third - 1)] == [first, late, late]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * *",
        "* * * * * *",
        "@daily",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * 32 * *",
        "* * * 0 *",
        "* * * 13 *",
        "* * * * 8",
        "-1 * * * *",
        "1- * * * *",
        "-5 * * * *",
        "5-1 * * * *",
        "* * * * fri-sun",
        "1,,2 * * * *",
        ", * * * *",
        "*/0 * * * *",
        "*/ * * * *",
        "*/100 * * * *",
        "*/-1 * * * *",
        "*/2/2 * * * *",
        "/5 * * * *",
        "** * * * *",
        "*-5 * * * *",
        "1.5 * * * *",
        "001 * * * *",
        "\u0665 * * * *",
        "jan * * * *",
        "* * * mon *",
        "* * * * jan",
        "* * * january *",
        "* * L * *",
        "* * LW * *",
        "* * * * 5L",
        "* * * * 5#2",
        "* * ? * *",
        "H * * * *",
        "0 0 30 2 *",
        "0 0 31 4,6,9,11 *",
    ],
)
def test_what_is_not_understood_or_never_strikes_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="cron expression"):
        Cron.parse(text)


def test_an_expression_has_an_end() -> None:
    minutes = ",".join(["59"] * 82)
    assert len(f"{minutes}  0 * * *") > 250
    Cron.parse(f"{minutes} 0 * * *")
    with pytest.raises(InvalidArgument, match="at most 256"):
        Cron.parse(f"{minutes},59,59 0 * * *")


def test_a_message_names_what_is_wrong_and_what_is_allowed() -> None:
    with pytest.raises(
        InvalidArgument, match=re.escape("'25' in the cron expression '0 25 * * *' is no hour: 0 to 23")
    ):
        Cron.parse("0 25 * * *")


def items(low: int, high: int, words: tuple[str, ...] = ()) -> st.SearchStrategy[str]:
    """Give one part of a field; not `n-n/s`, which cronsim takes for `n/s`."""
    value = st.integers(low, high)
    spelled = value.map(str) | st.sampled_from(words) if words else value.map(str)
    bounds = st.lists(value, min_size=2, max_size=2, unique=True).map(lambda pair: "{}-{}".format(*sorted(pair)))
    steps = st.just("") | st.integers(1, 31).map("/{}".format)
    return st.just("*") | spelled | st.builds("{}{}".format, st.just("*") | spelled | bounds, steps)


def cron_fields() -> st.SearchStrategy[str]:
    """Give expressions in the syntax that both understand: cronsim has `L`, `LW`, `#` and seconds besides."""
    months = ("jan", "feb", "Mar", "DEC")
    parts = [items(0, 59), items(0, 23), items(1, 31), items(1, 12, months), items(0, 7, ("sun", "Mon", "SAT"))]
    return st.tuples(*(st.lists(part, min_size=1, max_size=3).map(",".join) for part in parts)).map(" ".join)


def parsed(text: str) -> Cron | None:
    try:
        return Cron.parse(text)
    except InvalidArgument as refusal:
        assert "names no day" in str(refusal)  # noqa: PT017 -- it may be refused for nothing else
        return None


@given(text=cron_fields(), at=st.integers(FROM, TO))
@settings(deadline=None, max_examples=300)
def test_cronsim_strikes_at_the_same_times(text: str, at: int) -> None:
    cron = parsed(text)
    if cron is None:
        return
    theirs = list(islice(CronSim(text, datetime.fromtimestamp(at, UTC)), 3))
    assert list(islice(cron.after(at, UTC_ZONE), 3)) == [strike.timestamp() for strike in theirs]
    before = list(islice(CronSim(text, datetime.fromtimestamp(at, UTC), reverse=True), 3))
    assert cron.last(at - 1, UTC_ZONE) == before[0].timestamp()
    for later, earlier in pairwise(strike.timestamp() for strike in before):
        assert cron.last(later - 1, UTC_ZONE) == earlier


@given(text=cron_fields(), at=st.integers(FROM, TO))
@settings(deadline=None)
def test_what_never_strikes_for_us_never_does_for_cronsim(text: str, at: int) -> None:
    if parsed(text) is not None:
        return
    try:
        theirs = list(islice(CronSim(text, datetime.fromtimestamp(at, UTC)), 1))
    except Exception:  # noqa: BLE001 -- it refuses some of them, too
        return
    assert theirs == []
