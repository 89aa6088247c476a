"""Laws of periods: whatever the clocks do, every instant is in exactly one."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from goboard.domain.periods import ALL, ALWAYS, WEEKDAYS, Calendar, window_and_name

FROM, TO = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (1990, 2060))
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",  # until 2011 its clocks went back over midnight
    "America/Nuuk",  # leaves out the last hour of a day
    "America/Havana",  # has midnight twice
    "America/Sao_Paulo",
    "Africa/Cairo",  # leaves midnight out
    "Africa/Casablanca",
    "Antarctica/Casey",
    "Antarctica/Troll",  # changes by two hours
    "Asia/Beirut",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Pyongyang",  # left out the last half hour of a day
    "Australia/Lord_Howe",  # changes by half an hour
    "Pacific/Apia",  # left a day out
    "Pacific/Chatham",
    "Pacific/Kwajalein",
)
CRONS = ("0 0 * * *", "0,45 0,23 * * *", "30 2 * * *", "15 */6 * * 1-5", "0 12 1,15 * fri", "5 4 31 12 *", "0 0 29 2 *")
WINDOWS = ("hourly", "daily", "weekly", "monthly", *CRONS)


def changes(zone: str) -> list[int]:
    """Find the seconds in which the zone's clocks change."""
    found, step = [], 86400 * 3
    for start in range(FROM, TO, step):
        before, after = start, start + step
        if offset(before, zone) == offset(after, zone):
            continue
        while after - before > 1:
            middle = (before + after) // 2
            before, after = (middle, after) if offset(middle, zone) == offset(start, zone) else (before, middle)
        found.append(after)
    return found


def offset(at: float, zone: str) -> float:
    shift = datetime.fromtimestamp(at, ZoneInfo(zone)).utcoffset()
    assert shift is not None
    return shift.total_seconds()


HOURS: dict[str, tuple[float, ...]] = {
    "UTC": (24,),
    "Asia/Kolkata": (24,),
    "Asia/Kathmandu": (24,),
    "Asia/Pyongyang": (23.5, 24, 24.5),
    "Australia/Lord_Howe": (23.5, 24, 24.5),
    "Antarctica/Troll": (22, 24, 26),
    "Antarctica/Casey": (21, 22, 24, 26, 27),
}
"""How long a day may be where it is not 23, 24 or 25 hours."""
CHANGES = {zone: changes(zone) or [FROM] for zone in ZONES}


@st.composite
def instants(draw: st.DrawFn) -> tuple[str, float]:
    """Give a zone and an instant: any, or one near a change of its clocks."""
    zone = draw(st.sampled_from(ZONES))
    near = st.builds(float.__add__, st.sampled_from(CHANGES[zone]).map(float), st.floats(-100_000, 100_000))
    return zone, draw(st.floats(FROM, TO) | near | st.sampled_from(CHANGES[zone]))


@given(where=instants(), window=st.sampled_from(WINDOWS), week_starts=st.sampled_from(WEEKDAYS))
@example(where=("America/St_Johns", 657_082_860.0), window="daily", week_starts="monday")  # 23:31 for the second time
@example(where=("Pacific/Apia", 1_325_239_200.0), window="daily", week_starts="monday")  # the day that was left out
@settings(deadline=None)
def test_periods_follow_each_other_without_gap_or_overlap(
    where: tuple[str, float], window: str, week_starts: str
) -> None:
    zone, at = where
    calendar = Calendar.of(zone, week_starts)
    period = calendar.period_at(window, at)
    assert period.start <= at < period.end
    for inside in (period.start, period.end - 1, period.end - 0.001):
        assert Calendar.of(zone, week_starts).period_at(window, inside) == period
    following = calendar.period_at(window, period.end)
    assert following.start == period.end
    assert following.name != period.name
    assert calendar.period_named(window, period.name) == period
    assert window_and_name(period.place) == (window, period.name)


@given(where=instants())
@settings(deadline=None)
def test_a_day_is_as_long_as_its_clock_says(where: tuple[str, float]) -> None:
    zone, at = where
    day = Calendar.of(zone, "monday").period_at("daily", at)
    assert (day.end - day.start) / 3600 in HOURS.get(zone, (23, 24, 25))


@given(where=instants(), window=st.sampled_from(WINDOWS), keep=st.integers(0, 5))
@settings(deadline=None)
def test_a_period_is_kept_until_as_many_have_closed_after_it(where: tuple[str, float], window: str, keep: int) -> None:
    zone, at = where
    calendar = Calendar.of(zone, "sunday")
    period = last = calendar.period_at(window, at)
    for _ in range(keep):
        last = calendar.period_at(window, last.end)
    assert calendar.expiry(period, keep) == last.end


@given(st.floats(FROM, TO), st.integers(0, 5))
def test_all_is_one_period_for_ever(at: float, keep: int) -> None:
    calendar = Calendar.of("Europe/Berlin", "monday")
    assert calendar.period_at(ALL, at) == ALWAYS
    assert calendar.expiry(ALWAYS, keep) == float("inf")
