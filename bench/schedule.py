"""Has all slices take their turn, round after round: A B C A B C, so that what slows the machine slows all alike."""

from typing import NamedTuple

from bench.progress import Progress
from bench.results import Results, Round
from bench.slices import Size, Slice, slices_of
from bench.turn import CannotRunError, FaultError, Stage, take_turn

START_SECONDS = 0.35
"""What a turn takes besides its warm-up and its window: a generator's start, and its connections."""


class Plan(NamedTuple):
    """How much is run."""

    size: Size
    rounds: int
    seconds: float
    warmup: float
    budget: float
    """Seconds after which no further round is begun that would not be done by then."""
    build_seconds: float
    """How long the Go service may take to build."""
    passes: int
    """How often Redis's longest call is looked for, and what a version costs."""
    version_turns: int
    """How many turns updates with a version and without have in each pass."""
    idle: int
    """How many idle watchers there are of each kind; none: they are not measured."""
    only: str = ""
    """How the names of what is run begin."""

    @property
    def slices(self) -> list[Slice]:
        """What is run in each round."""
        return [one for one in slices_of(self.size) if self.wants(one.name)]

    @property
    def round_seconds(self) -> float:
        """How long a round takes, about."""
        return len(self.slices) * (self.seconds + self.warmup + START_SECONDS)

    def wants(self, name: str) -> bool:
        """Whether something of that name is run."""
        return name.startswith(self.only)


_QUICK = Plan(
    Size.QUICK, rounds=1, seconds=0.9, warmup=0.2, budget=48, build_seconds=8, passes=1, version_turns=5, idle=0
)
_DEFAULT = Plan(
    Size.DEFAULT,
    rounds=5,
    seconds=2.0,
    warmup=0.3,
    budget=570,
    build_seconds=120,
    passes=3,
    version_turns=15,
    idle=1000,
)
PLANS = {
    Size.QUICK: _QUICK,
    Size.DEFAULT: _DEFAULT,
    Size.LARGE: _DEFAULT._replace(size=Size.LARGE, budget=1200, idle=10_000),
}


def run_rounds(plan: Plan, stage: Stage, results: Results, progress: Progress) -> None:
    """Run as many rounds as planned, or as the time allows."""
    progress.expect(progress.elapsed + plan.rounds * plan.round_seconds)
    for number in range(1, plan.rounds + 1):
        begun = progress.elapsed
        _run_round(plan, stage, results, progress)
        took = progress.elapsed - begun
        progress.expect(progress.elapsed + (plan.rounds - number) * took)
        if number < plan.rounds and progress.elapsed + took > plan.budget:
            progress.warn(f"stopped after {number} of {plan.rounds} rounds: another would not end in time")
            break


def _run_round(plan: Plan, stage: Stage, results: Results, progress: Progress) -> None:
    samples: Round = {}
    results.rounds.append(samples)
    title = f"round {len(results.rounds)}/{plan.rounds}"
    for one in plan.slices:
        if one.name not in results.missing:
            progress.say(f"{title}  {one.contender}: {one.what}")
            _run_slice(one, stage, results, progress)


def _run_slice(one: Slice, stage: Stage, results: Results, progress: Progress) -> None:
    try:
        results.rounds[-1][one.name] = take_turn(one, stage, _pace(one, results))
    except CannotRunError as absence:
        results.missing[one.name] = str(absence)
    except FaultError as fault:
        results.missing[one.name] = str(fault)  # once is enough: it will not be tried again
        results.faults.append(f"{one.contender}: {one.what}: {fault}")
        progress.warn(f"FAULT  {results.faults[-1]}")


def _pace(one: Slice, results: Results) -> float | None:
    if one.pace is None:
        return None
    peak = results.median_rate(one.pace.of)
    if peak is None:
        raise CannotRunError(f"there is no rate to go by: {results.missing.get(one.pace.of)}")
    return peak * one.pace.share
