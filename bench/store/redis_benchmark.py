"""`redis-benchmark` of goboard's own script, one update a call: what Redis can do at all."""

import csv
import resource
import subprocess

import redis

from bench.boards import DIGITS
from bench.load.driver import Course
from bench.load.tally import Result
from goboard.adapters.redis.scripts import WRITE

PIPELINE = 32
GUESS = 90_000
"""Updates a second, to turn seconds into a number of requests, which is all that redis-benchmark can be told."""


def run_scripted(course: Course, _board: str, _names: list[str]) -> Result:
    """Have redis-benchmark send a fixed number of script calls to the board whose members it can name."""
    with redis.Redis(port=course.port) as client:
        client.script_load(WRITE.source.decode())
    updates = int(GUESS * course.seconds)
    used_before = _cpu_of_children()
    figures = _benchmark(course, updates)
    return Result(
        kind="scripted",
        answered=updates,
        counted=updates,
        errors=0,  # redis-benchmark ends at the first error
        seconds=updates / float(figures["rps"]),
        cpu_seconds=_cpu_of_children() - used_before,
        p50_us=1e3 * float(figures["p50_latency_ms"]),
        p99_us=1e3 * float(figures["p99_latency_ms"]),
        sample=figures["test"],
        slack=PIPELINE * course.connections,
    )


def _benchmark(course: Course, updates: int) -> dict[str, str]:
    options = ["-p", course.port, "-P", PIPELINE, "-c", course.connections, "-n", updates, "-r", DIGITS.members]
    call = ["EVALSHA", WRITE.digest.decode(), 1, DIGITS.key, "__rand_int__", 1]
    command = ["redis-benchmark", "--csv", *map(str, options + call)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 -- no shell
    return next(csv.DictReader(done.stdout.splitlines()))


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
