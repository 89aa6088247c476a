"""The rows of the result: a ratio each, taken round by round, and the target it is held against."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bench.boards import HUNDRED_THOUSAND_DENSE, HUNDRED_THOUSAND_EARLIEST, Board
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
        for name in (self.above, self.below):
            if name in results.missing:
                return results.missing[name]
        sizes = [one.size for one in SLICES if one.name in (self.above, self.below)]
        return "only with LARGE=1" if max(sizes) is Size.LARGE else "not with QUICK=1"


@dataclass(frozen=True, slots=True)
class ApartRow:
    """A figure that is measured before the rounds: once, or a few times."""

    what: str
    target: Target | None
    of: Callable[[Results], Sequence[float]]

    def value(self, results: Results) -> Value:
        """Take the median of the figures."""
        figures = self.of(results)
        if not figures:
            return Value(None, reason="not with QUICK=1")
        return Value(statistics.median(figures), min(figures), max(figures))


def _member_bytes(results: Results, board: Board) -> Sequence[float]:
    return [results.member_bytes[board]] if board in results.member_bytes else []


ROWS = (
    Row("REST increment, real Redis ÷ Litestar no-op POST on the same server", "rest", "rest noop", Target(1.5)),
    Row("REST increment ÷ FastAPI + uvicorn + redis-py", "rest", "rest fastapi", Target(3)),
    Row("WebSocket, one update a frame ÷ the same socket echoing", "ws", "ws echo", Target(0.7)),
    Row(
        "WebSocket, 50 updates a frame ÷ redis-benchmark -P 32 of scripted incr + rank",
        "ws arrays",
        "scripted",
        Target(0.8),
    ),
    Row("gRPC stream ÷ grpc.aio + protobuf doing the same", "stream", "stream grpc.aio", Target(2.5)),
    Row("gRPC unary ÷ grpc.aio + protobuf doing the same", "unary", "unary grpc.aio", Target(0.9)),
    Row("÷ the Go service: REST, 200 connections", "rest", "rest go", Target(1.1)),
    Row("÷ the Go service: WebSocket, 50 sockets, one a frame, 8 in flight each", "ws", "ws go", Target(1.5)),
    Row("÷ the Go service: gRPC stream, 8 streams, 32 in flight each", "stream", "stream go", Target(1.3)),
    Row("÷ the Go service: gRPC unary", "unary", "unary go"),
    Row(
        "Redis CPU an update ÷ plain pipelined ZINCRBY + ZREVRANK, 200 callers waiting",
        "callers",
        "pairs",
        Target(1.4, at_most=True),
        redis_cpu,
    ),
    Row(
        "the same ÷ plain pipelined ZINCRBY + ZREVRANK without a pause",
        "callers",
        "pairs peak",
        of=redis_cpu,
    ),
    Row("GET top?limit=10 ÷ Litestar no-op GET", "top", "top noop", Target(1)),
    Row("REST time an update, board of 1e7 ÷ board of 1e4", "rest 1e7", "rest", Target(2, at_most=True), time),
    Row("REST time an update, board of 1e6 ÷ board of 1e4", "rest 1e6", "rest", Target(2, at_most=True), time),
    Row("Redis CPU an update, board of 1e7 ÷ board of 1e4", "rest 1e7", "rest", Target(6, at_most=True), redis_cpu),
    Row("Redis CPU an update, board of 1e6 ÷ board of 1e4", "rest 1e6", "rest", Target(6, at_most=True), redis_cpu),
    ApartRow(
        "memory a member in Redis, 13-byte ids, default rules (bytes)",
        Target(115, at_most=True),
        lambda results: _member_bytes(results, results.largest),
    ),
    ApartRow(
        "the same, ties earliest",
        Target(225, at_most=True),
        lambda results: _member_bytes(results, HUNDRED_THOUSAND_EARLIEST),
    ),
    ApartRow(
        "the same, ties dense, no two scores equal",
        None,
        lambda results: _member_bytes(results, HUNDRED_THOUSAND_DENSE),
    ),
    Row("time an update, ties earliest ÷ default rules", "earliest", "callers", Target(1.6, at_most=True), time),
    Row("time an update, two windows ÷ one", "two windows", "callers", Target(2, at_most=True), time),
    Row("time an update, three windows ÷ one", "three windows", "callers", Target(3, at_most=True), time),
    Row("time an update, ties dense ÷ default rules", "dense", "callers", of=time),
    Row("time an update, ties shared ÷ default rules", "shared", "callers", of=time),
    Row("Redis CPU an update, ties earliest ÷ default rules", "earliest", "callers", of=redis_cpu),
    Row("Redis CPU an update, two windows ÷ one", "two windows", "callers", of=redis_cpu),
    Row("Redis CPU an update, three windows ÷ one", "three windows", "callers", of=redis_cpu),
    Row("Redis CPU an update, ties dense ÷ default rules", "dense", "callers", of=redis_cpu),
    Row("Redis CPU an update, ties shared ÷ default rules", "shared", "callers", of=redis_cpu),
    ApartRow(
        "longest call of Redis: rules changed with data, import, export, delete (ms of its CPU)",
        Target(5, at_most=True),
        lambda results: results.longest_ms,
    ),
    ApartRow("the same by the clock, other processes included (ms)", None, lambda results: results.longest_ms_by_clock),
    Row("p99 at half the peak load ÷ p50", "rest half", "rest half", Target(10, at_most=True), p99, p50),
    Row("REST increment ÷ Litestar no-op POST that asks for no token", "rest", "rest noop bare"),
    Row("GET top?limit=10 ÷ Litestar no-op GET that asks for no token", "top", "top noop bare"),
    Row("REST, 2 workers ÷ 1", "rest 2 workers", "rest"),
    Row("gRPC stream, 2 workers ÷ 1", "stream 2 workers", "stream"),
    Row("REST, 100 updates a request ÷ one", "rest batch", "rest"),
    Row("WebSocket, 50 updates a frame ÷ one", "ws arrays", "ws"),
    Row("÷ the Go service: REST, 50 connections", "rest 50", "rest go 50"),
    Row("WebSocket ÷ FastAPI + uvicorn + redis-py", "ws", "ws fastapi"),
    Row("REST increment as wrk measures it ÷ as our own generator does", "rest wrk", "rest"),
)
