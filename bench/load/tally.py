"""What a run counts, and how long its replies took."""

import time
from array import array
from typing import NamedTuple


class Live(NamedTuple):
    """What a run of watchers gives besides."""

    oldest_p99_us: float
    """How old the oldest update was that a message brought, where `Result.p99_us` is of the newest."""
    conflated: float
    """The share of all messages that were a snapshot in place of changes."""
    server_share: float
    """How much of one core the server took in the window."""
    redis_share: float
    """How much of one core Redis took."""
    reads: float
    """How many views Redis was asked for a second."""


class Result(NamedTuple):
    """What one run gives; latencies are in microseconds."""

    kind: str
    answered: int
    """Updates answered well, from the first to the last: what the server's own count is compared with."""
    counted: int
    """Those of them that were answered within the measured window."""
    errors: int
    seconds: float
    cpu_seconds: float
    """What the generator itself used in the window."""
    p50_us: float
    p99_us: float
    sample: str
    slack: int = 0
    """By how many the server may have done more than `answered`."""
    live: Live | None = None


class _Mark(NamedTuple):
    """Where the counts stood at one moment."""

    time: float
    cpu: float
    answered: int
    latencies: int

    @classmethod
    def nowhere(cls) -> "_Mark":
        return cls(0.0, 0.0, 0, 0)


class Tally:
    """The counts of one run, shared by its connections."""

    def __init__(self) -> None:
        self.answered = 0
        self.errors = 0
        self.sample = ""
        """The first reply, or the first failure where there is one."""
        self._latencies = array("d")  # 8 bytes a reply: 50,000 a second for a minute are 24 MB
        self._opened = self._closed = _Mark.nowhere()

    def answer(self, latency: float | None, updates: int = 1) -> None:
        """Count a good reply to so many updates; None: it does not tell how long it took."""
        self.answered += updates
        if latency is not None:
            self._latencies.append(latency)

    def fail(self, reason: str, updates: int = 1) -> None:
        """Count updates that were refused, or never answered."""
        if not self.errors:
            self.sample = reason
        self.errors += updates

    def open_window(self) -> None:
        """From here on replies are measured."""
        self._opened = self._mark()

    def close_window(self) -> None:
        """Up to here replies are measured."""
        self._closed = self._mark()

    def result(self, kind: str) -> Result:
        """Sum up a run whose window was opened and closed."""
        opened, closed = self._opened, self._closed
        ordered = sorted(self._latencies[opened.latencies : closed.latencies])
        return Result(
            kind=kind,
            answered=self.answered,
            counted=closed.answered - opened.answered,
            errors=self.errors,
            seconds=closed.time - opened.time,
            cpu_seconds=closed.cpu - opened.cpu,
            p50_us=percentile(ordered, 0.50) * 1e6,
            p99_us=percentile(ordered, 0.99) * 1e6,
            sample=self.sample,
        )

    def _mark(self) -> _Mark:
        # Marks instead of a test of the window with each reply: the way of a message stays short.
        return _Mark(time.perf_counter(), time.process_time(), self.answered, len(self._latencies))


def percentile(ordered: list[float], share: float) -> float:
    """The value that `share` of them do not exceed (nearest rank); 0 of none.

    Example:
        >>> percentile([1.0, 2.0, 3.0, 4.0], 0.5)
        2.0
    """
    if not ordered:
        return 0.0
    rank = -int(-share * len(ordered) // 1)  # rounded up
    return ordered[max(rank, 1) - 1]
