"""`python -m bench`: measures goboard beside what one would use in its place, in one run of real servers."""

import argparse
import resource
import signal
import sys
import tempfile
from functools import partial
from pathlib import Path

from bench import report
from bench.boards import DIGITS, Board
from bench.contenders import started_contenders
from bench.idle import measure_idle
from bench.longest import measure_longest
from bench.machine import Machine
from bench.processes import CannotStartError
from bench.progress import Progress
from bench.redis_side import RedisSide, started_redis
from bench.results import Results
from bench.schedule import PLANS, Plan, run_rounds
from bench.slices import Size, boards_of, moved_board
from bench.turn import Stage
from bench.versions import measure_versions


def main() -> None:
    """Run what the command line asks for; the exit code is 1 where a figure is worth nothing."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", dest="size", action="store_const", const=Size.QUICK, help="one round, under 50 s")
    size.add_argument("--large", dest="size", action="store_const", const=Size.LARGE, help="a board of 1e7 as well")
    parser.add_argument(
        "--only",
        metavar="NAME",
        default="",
        help="only slices whose name begins so, or longest, idle or versions; rows as JSON, and nothing is kept",
    )
    parser.set_defaults(size=Size.DEFAULT)
    options = parser.parse_args()
    plan = PLANS[options.size]._replace(only=options.only)
    _allow_open_files()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are ended then, too
    progress = Progress()
    try:
        results, machine = _measure(plan, progress)
    except CannotStartError as failure:
        sys.exit(str(failure))
    except KeyboardInterrupt:
        sys.exit(130)
    progress.end()
    (report.print_json if plan.only or plan.size is Size.QUICK else report.write)(results, machine, plan)
    if results.faults:
        sys.exit("\n".join(["This run is worth nothing:", *results.faults]))


def _measure(plan: Plan, progress: Progress) -> tuple[Results, Machine]:
    results = Results()
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch, started_redis(Path(scratch)) as redis:
        _fill(redis, plan, results, progress)
        _measure_apart(redis, Path(scratch), plan, results, progress)
        if plan.slices:
            progress.say("starting the contenders")
            with started_contenders(redis.url, Path(scratch), build_seconds=plan.build_seconds) as fleet:
                run_rounds(plan, Stage(redis, fleet, plan.seconds, plan.warmup), results, progress)
        return results, Machine.describe(redis.version())


def _measure_apart(redis: RedisSide, scratch: Path, plan: Plan, results: Results, progress: Progress) -> None:
    for number in range(1, plan.passes + 1):
        if plan.wants("longest"):
            progress.say(f"changing and moving a large board, {number}/{plan.passes}")
            measure_longest(redis, moved_board(plan.size), results)
        if plan.wants("versions"):
            progress.say(f"updates with a version and without, {number}/{plan.passes}")
            measure_versions(redis, plan.version_turns, results)
    if plan.idle and plan.wants("idle"):
        progress.say(f"{plan.idle:,} idle watchers of each kind")
        measure_idle(redis, scratch, plan.idle, results)


def _allow_open_files() -> None:
    """Let this process, and those it starts, open as many files as are allowed at all: each connection is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _fill(redis: RedisSide, plan: Plan, results: Results, progress: Progress) -> None:
    for board in boards_of(plan.size, plan.slices):
        results.member_bytes[board] = redis.fill(board, partial(_tell, progress, board))
        if not board.rules:
            results.largest = board
    redis.fill(DIGITS, lambda _: None)


def _tell(progress: Progress, board: Board, done: int) -> None:
    if done % max(board.members // 4, 1) == 0:
        progress.say(f"filling {board.name}: {done:,} of {board.members:,} members")


if __name__ == "__main__":
    main()
