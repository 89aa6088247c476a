"""What a row of the result is: how its value is taken from what was measured, and the target it is held against."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bench.results import Results, Sample
from bench.slices import SLICES, Size

Statistic = Callable[[Sample], float | None]


def rate(sample: Sample) -> float:
    """Updates or answers a second."""
    return sample.rate


def time(sample: Sample) -> float | None:
    """Seconds an update."""
    return 1 / sample.rate if sample.rate else None


def redis_cpu(sample: Sample) -> float | None:
    """Redis's CPU time an update."""
    return sample.redis_us


def p50(sample: Sample) -> float:
    """The median latency."""
    return sample.p50_us


def p99(sample: Sample) -> float:
    """The latency that one in a hundred exceeds."""
    return sample.p99_us


class Target(NamedTuple):
    """What a value should reach, or stay within."""

    bound: float
    at_most: bool = False

    def met_by(self, value: float) -> bool:
        """Whether the value is good enough."""
        return value <= self.bound if self.at_most else value >= self.bound

    def __str__(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {self.bound:g}"


class Value(NamedTuple):
    """A row's value: the median over the rounds, and the least and the most; or why there is none."""

    median: float | None
    least: float | None = None
    most: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One ratio: `above`'s statistic ÷ `below`'s."""

    what: str
    above: str
    below: str
    target: Target | None = None
    of: Statistic = rate
    of_below: Statistic | None = None
    """The statistic of `below`, where it is another."""

    def value(self, results: Results) -> Value:
        """Take the ratio in each round, both sides of the same one."""
        ratios = [
            ratio
            for samples in results.rounds
            if self.above in samples and self.below in samples
            if (ratio := self._ratio(samples[self.above], samples[self.below])) is not None
        ]
        if not ratios:
            return Value(None, reason=self._reason(results))
        return Value(statistics.median(ratios), min(ratios), max(ratios))

    def _ratio(self, above: Sample, below: Sample) -> float | None:
        over, under = self.of(above), (self.of_below or self.of)(below)
        return over / under if over is not None and under else None

    def _reason(self, results: Results) -> str:
        return _why_absent(results, self.above, self.below)


@dataclass(frozen=True, slots=True)
class Figure:
    """One statistic of a slice, as it is."""

    what: str
    slice: str
    of: Statistic
    target: Target | None = None

    def value(self, results: Results) -> Value:
        """Take it in each round."""
        figures = [figure for sample in results.of(self.slice) if (figure := self.of(sample)) is not None]
        if not figures:
            return Value(None, reason=_why_absent(results, self.slice))
        return Value(statistics.median(figures), min(figures), max(figures))


@dataclass(frozen=True, slots=True)
class ApartRow:
    """A figure that is measured before the rounds: once, or a few times."""

    what: str
    target: Target | None
    of: Callable[[Results], Sequence[float]]
    name: str = ""
    """As what it may be missing."""

    def value(self, results: Results) -> Value:
        """Take the median of the figures."""
        figures = self.of(results)
        if not figures:
            return Value(None, reason=results.missing.get(self.name, "not with QUICK=1"))
        return Value(statistics.median(figures), min(figures), max(figures))


def _why_absent(results: Results, *slices: str) -> str:
    for name in slices:
        if name in results.missing:
            return results.missing[name]
    sizes = [one.size for one in SLICES if one.name in slices]
    return "only with LARGE=1" if max(sizes) is Size.LARGE else "not with QUICK=1"
