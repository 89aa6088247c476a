"""The law of a rate limit: in any t seconds at most burst + rate·t, and never less than that is told."""

from itertools import combinations_with_replacement

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goboard.domain import rates
from goboard.domain.rates import RateLimit

RATES = st.sampled_from([0.001, 0.5, 1.0, 7.0, 1000.0, 1_000_000.0])
PAUSES = st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 3)), max_size=60)


class Clock:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@given(RATES, st.integers(1, 20), PAUSES)
def test_no_interval_holds_more_than_burst_and_rate(rate: float, burst: int, pauses: list[tuple[str, float]]) -> None:
    clock = Clock()
    limit = RateLimit(rate, burst, clock)
    taken: dict[str, list[float]] = {"a": [], "b": []}
    for who, intervals in pauses:
        clock.at += intervals / rate
        if limit.take(who) == 0:
            taken[who].append(clock.at)
    for times in taken.values():
        for first, last in combinations_with_replacement(range(len(times)), 2):
            assert last - first + 1 <= burst + rate * (times[last] - times[first]) + 1e-3


@given(RATES, st.integers(1, 20), PAUSES)
def test_who_waits_as_told_is_let_through(rate: float, burst: int, pauses: list[tuple[str, float]]) -> None:
    clock = Clock()
    limit = RateLimit(rate, burst, clock)
    for who, intervals in pauses:
        clock.at += intervals / rate
        if seconds := limit.take(who):
            assert 0 < seconds <= 1 / rate * 1.001
            clock.at += seconds * 1.001
            assert limit.take(who) == 0


@given(RATES, st.integers(1, 50))
def test_a_full_bucket_holds_the_burst_and_not_one_more(rate: float, burst: int) -> None:
    limit = RateLimit(rate, burst, Clock())
    taken = [limit.take("a") for _ in range(burst + 1)]
    assert taken[:-1] == [0] * burst
    assert taken[-1] > 0
    assert limit.take("b") == 0


def test_what_is_remembered_is_bounded_and_full_buckets_are_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "MAX_BUCKETS", 100)
    clock = Clock()
    limit = RateLimit(1.0, 2, clock)
    for number in range(60):
        limit.take(f"early {number}")
    clock.at += 1.5
    limit.take("spent")
    limit.take("spent")
    for number in range(1000):
        limit.take(f"late {number}")
        assert len(limit) <= 100
        if number < 60:
            assert limit.take("spent") > 0
