"""What a run has measured so far."""

import statistics
from collections import defaultdict
from dataclasses import dataclass, field

from bench.boards import HUNDRED_THOUSAND, Board
from bench.load.tally import Live


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One slice of one round. CPU times are in µs an update, or answer; None where there is nothing to tell."""

    rate: float
    p50_us: float
    p99_us: float
    load_share: float
    """How much of one core the load generator took."""
    server_us: float | None
    redis_us: float | None
    live: Live | None = None


Round = dict[str, Sample]


@dataclass(slots=True)
class Results:
    """All rounds of a run, and what is to be said about them."""

    rounds: list[Round] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    """Why a slice has no sample, or an idle watcher no figure, by its name."""
    faults: list[str] = field(default_factory=list)
    """What went wrong: a count that differs, an error answered. The run is worth nothing then."""
    member_bytes: dict[Board, float] = field(default_factory=dict)
    """What a member takes, by board."""
    largest: Board = HUNDRED_THOUSAND
    """The largest board without rules."""
    longest_ms: list[float] = field(default_factory=list)
    """What Redis's longest call ran for, in each pass of changing and moving a large board, in ms."""
    longest_ms_by_clock: list[float] = field(default_factory=list)
    """The same by the clock."""

    idle_kib: dict[str, float] = field(default_factory=dict)
    """What an idle watcher takes in the worker, by its kind."""
    version_time: list[float] = field(default_factory=list)
    """What an update's time is multiplied by because versions are kept, in each pass."""
    version_redis: list[float] = field(default_factory=list)
    """The same of Redis's CPU time."""

    def of(self, name: str) -> list[Sample]:
        """A slice's samples of all rounds."""
        return [samples[name] for samples in self.rounds if name in samples]

    def by_slice(self) -> dict[str, list[Sample]]:
        """All samples, by slice."""
        gathered: dict[str, list[Sample]] = defaultdict(list)
        for samples in self.rounds:
            for name, sample in samples.items():
                gathered[name].append(sample)
        return gathered

    def median_rate(self, name: str) -> float | None:
        """The median of a slice's rates, None where it has none."""
        rates = [sample.rate for sample in self.of(name)]
        return statistics.median(rates) if rates else None
