"""Says what came out: JSON lines for a quick run, else a table, `RESULTS.md` and a chart."""

import json
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from bench.chart import draw
from bench.machine import Machine
from bench.results import Results, Sample
from bench.rows import ROWS, AnyRow
from bench.schedule import Plan
from bench.slices import SLICES, Slice, moved_board
from bench.values import Value

RESULTS = Path(__file__).with_name("RESULTS.md")
CHART = Path(__file__).with_name("chart.svg")


def print_json(results: Results, _machine: Machine, plan: Plan) -> None:
    """Print one JSON object a row, and nothing else; where only some were asked for, those that were tried."""
    for row in ROWS:
        value = row.value(results)
        if value.median is not None or value.reason in results.missing.values() or not plan.only:
            print(json.dumps(_as_json(row, value), ensure_ascii=False))


def write(results: Results, machine: Machine, plan: Plan) -> None:
    """Print the table; where all counts agree, keep it in RESULTS.md with all that it rests on, and draw the chart."""
    table = _rows_table(results)
    print(table)
    if results.faults:
        sys.stderr.write(f"{RESULTS} and the chart are left as they were\n")
        return
    RESULTS.write_text(_page(results, machine, plan, table))
    CHART.write_text(draw(results))


def _as_json(row: AnyRow, value: Value) -> dict[str, object]:
    said: dict[str, object] = {
        "row": row.what,
        "value": None if value.median is None else _rounded(value.median),
        "target": row.target and row.target.bound,
        "ok": None if row.target is None or value.median is None else row.target.met_by(value.median),
    }
    return said | ({"reason": value.reason} if value.median is None else {})


def _rows_table(results: Results) -> str:
    head = ("what", "value", "spread", "target", "reached")
    return _table(head, [_row_cells(row, row.value(results)) for row in ROWS])


def _row_cells(row: AnyRow, value: Value) -> tuple[str, ...]:
    target = str(row.target) if row.target else "reported"
    if value.median is None or value.least is None or value.most is None:
        return (row.what, "-", value.reason, target, "-")
    reached = "-" if row.target is None else "yes" if row.target.met_by(value.median) else "**no**"
    spread = f"{_rounded(value.least):g} to {_rounded(value.most):g}"
    return (row.what, f"{_rounded(value.median):g}", spread, target, reached)


def _page(results: Results, machine: Machine, plan: Plan, table: str) -> str:
    return f"""# Results

Made by `make bench`; do not edit. Ratios are what counts: absolute figures are those of one machine and one hour.

{table}

A value is the median over {len(results.rounds)} rounds of a ratio taken within each round; the spread is from the
least to the most. Memory is measured once, when a board is filled: the largest one with default rules
({results.largest.members:,} members), and boards of 100,000 with others.

The longest call is looked for on a board of {moved_board(plan.size).members:,}, {plan.passes} times: its rules are
changed, 100,000 scores imported, all exported, the rules changed again, and it is deleted. It is what the kernel says
that Redis's thread ran for: the machine is shared, and by the clock the longest is a call that waited for its core.
Even so it is the most of some thousand, and a neighbour in the processor's caches makes it longer.

What a version costs an update is a ratio of turns of a tenth of a second each, {plan.version_turns} of either side,
{plan.passes} times. Idle watchers were {plan.idle:,} of each kind, each kind on a server that had just started; what
the first hundred took, with all that is shared, is left out.

![updates a second, by transport](chart.svg)

## The machine

{_table(("what", "which"), machine.facts)}

## How it was measured

All servers and one Redis ran side by side, and each load came from a process of its own: they share the cores. Each
slice below is one contender under one load for {plan.seconds:g} s, after {plan.warmup:g} s of warm-up. The slices took
turns, {len(results.rounds)} rounds of them. Every contender checks a token, and all but the no-ops answer with rank and
score.

After each slice Redis's own count of ZINCRBY (of ZADD on boards with rules) was compared with the updates that were
answered. A single one more or less would have failed the run; wrk and redis-benchmark, which do not wait for the last
answers, may differ by what was under way when they ended.

Latencies are those of a closed loop with as much in flight as the slice says; in the slice at half of the rate they
count from when a request was due. CPU times are µs an update (or an answer), and `load` is the generator's share of
one core.

Where boards are watched, a message is counted instead of an update: the rate is that of messages, `server` is µs a
message, and latencies are staleness, from when the newest update was sent that a message shows until it was received.
Each watcher held every message against the one before, and all had the last update in the end. Of watchers around
different members only those near the top see how old it is. Shares are of one core, within the window.

## All slices

{_slices_table(results)}
"""


def _slices_table(results: Results) -> str:
    gathered = results.by_slice()
    head = ("contender", "load", "a second", "spread", "p50 ms", "p99 ms", "server µs", "Redis µs", "load")
    return _table(head, [_slice_cells(one, gathered[one.name]) for one in SLICES if one.name in gathered])


def _slice_cells(one: Slice, samples: Sequence[Sample]) -> tuple[str, ...]:
    rates = [sample.rate for sample in samples]
    return (
        one.contender,
        one.what,
        f"{statistics.median(rates):,.0f}",
        f"{min(rates):,.0f} to {max(rates):,.0f}",
        _median(samples, lambda sample: sample.p50_us / 1e3 or None),
        _median(samples, lambda sample: sample.p99_us / 1e3 or None),
        _median(samples, lambda sample: sample.server_us),
        _median(samples, lambda sample: sample.redis_us),
        f"{statistics.median(sample.load_share for sample in samples):.0%}",
    )


def _median(samples: Sequence[Sample], of: Callable[[Sample], float | None]) -> str:
    values = [value for sample in samples if (value := of(sample)) is not None]
    return f"{_rounded(statistics.median(values)):g}" if values else "-"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def _rounded(value: float) -> float:
    """Three figures are as much as such a run can tell."""
    return float(f"{value:.3g}")
