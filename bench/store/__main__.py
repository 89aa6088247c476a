"""`python -m bench.store KIND ...`: one run, one line of JSON, as `python -m bench.load` prints it."""

import argparse
import json

from bench.load.driver import Course
from bench.load.members import drawn_members
from bench.store.callers import run_callers
from bench.store.pairs import run_pairs
from bench.store.redis_benchmark import run_scripted

KINDS = {"callers": run_callers, "pairs": run_pairs, "scripted": run_scripted}
HOST = "127.0.0.1"


def main() -> None:
    """Run the load that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m bench.store", description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--port", type=int, required=True, help="where Redis listens")
    parser.add_argument("--board", default="bench")
    parser.add_argument("--members", type=int, default=10_000, help="how many the board has")
    parser.add_argument("--connections", type=int, default=4, help="or callers")
    parser.add_argument("--seconds", type=float, default=2.0, help="the measured window")
    parser.add_argument("--warmup", type=float, default=0.3)
    parser.add_argument("--rate", type=float, help="of `pairs`: how many a second; absent: as many as it can")
    options = parser.parse_args()
    course = Course(HOST, options.port, options.connections, options.warmup, options.seconds)
    names = drawn_members(options.members, seed=1)
    if options.rate:
        result = run_pairs(course, options.board, names, options.rate)
    else:
        result = KINDS[options.kind](course, options.board, names)
    print(json.dumps(result._asdict()))


if __name__ == "__main__":
    main()
