"""One turn of one slice: the load is run, what it cost is read, and its count is held against Redis's own."""

import json
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench.contenders import TOKEN, Contender, Fleet
from bench.load.tally import Live, Result
from bench.redis_side import RedisSide, Spent
from bench.results import Sample
from bench.slices import REDIS, Slice

ROOT = Path(__file__).parent.parent
ENTERED = {"zadd": 1}
"""What a generator that is the library has Redis do besides: it enters its board in the index of all boards."""
GRACE_SECONDS = 30
SETTLE_SECONDS = 0.4
"""wrk leaves 200 requests under way, which were seen to be done 0.3 s later: in the account of the next turn."""


class CannotRunError(Exception):
    """There is no such contender or tool here; the message says why."""


class FaultError(Exception):
    """The figures of this turn are worth nothing; the message says why."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where turns take place: the servers that run, and how long a turn is."""

    redis: RedisSide
    fleet: Fleet
    seconds: float
    warmup: float


def take_turn(one: Slice, stage: Stage, rate: float | None) -> Sample:
    """Run a slice; `rate` is what it is paced to, if it is.

    Raises:
        CannotRunError: something it needs is not there.
        FaultError: the load failed, was answered with errors, or was counted otherwise by Redis.
    """
    contender = _contender(one, stage)
    command = _command(one, stage, contender) + ([f"--rate={rate:.0f}"] if rate else [])
    stage.redis.forget()
    cpu_before = contender.server.cpu_seconds() if contender else 0.0
    result = _run(command, stage.warmup + stage.seconds + GRACE_SECONDS)
    server_cpu = contender.server.cpu_seconds() - cpu_before if contender else None
    spent = _settled(stage.redis, one.command) if result.slack else stage.redis.spent()
    _check(one, result, spent)
    return _sample(one, result, server_cpu, spent)


def _contender(one: Slice, stage: Stage) -> Contender | None:
    if one.tool and not shutil.which(one.tool):
        raise CannotRunError(f"{one.tool} is not on the PATH")
    if one.contender in stage.fleet.absent:
        raise CannotRunError(stage.fleet.absent[one.contender])
    return None if one.contender == REDIS else stage.fleet.running[one.contender]


def _command(one: Slice, stage: Stage, contender: Contender | None) -> list[str]:
    kind, *options = one.load.split()
    board = ["--board", one.board.name, "--members", str(one.board.members)]
    length = ["--seconds", str(stage.seconds), "--warmup", str(stage.warmup)]
    if contender is None:
        where = ["bench.store", kind, "--port", str(stage.redis.port)]
    else:
        port = contender.grpc if kind.startswith("grpc") else contender.http
        where = ["bench.load", kind, "--port", str(port), "--token", TOKEN]
        where += _to_watch(one, stage, contender) if kind == "live" else []
    return [sys.executable, "-m", *where, *board, *length, *options]  # of an option said twice, the last holds


def _to_watch(one: Slice, stage: Stage, contender: Contender) -> list[str]:
    writer = stage.fleet.running[one.writer or one.contender]
    whom = ["--server-pid", str(contender.server.process.pid), "--redis-port", str(stage.redis.port)]
    return ["--writer-port", str(writer.http), *whom]


def _run(command: list[str], seconds: float) -> Result:
    try:
        done = subprocess.run(  # noqa: S603 -- our own generators, no shell
            command, cwd=ROOT, capture_output=True, text=True, timeout=seconds, check=True
        )
    except subprocess.CalledProcessError as failure:
        raise FaultError(f"the load generator failed: {failure.stderr.strip()[-400:]}") from None
    except subprocess.TimeoutExpired:
        raise FaultError(f"the load generator did not end within {seconds:.0f} s") from None
    result = Result(**json.loads(done.stdout))
    return result._replace(live=result.live and Live(*result.live))


def _settled(redis: RedisSide, command: str) -> Spent:
    """Read the account when it stands still: a server goes on with what a generator that hung up has left to it."""
    before = redis.spent()
    time.sleep(SETTLE_SECONDS)
    after = redis.spent()
    return after if after.of(command) == before.of(command) else _settled(redis, command)


def _check(one: Slice, result: Result, spent: Spent) -> None:
    if result.errors or not result.counted:
        raise FaultError(f"{result.errors} errors, {result.counted} answered in time, such as: {result.sample[:300]}")
    expected = one.calls * result.answered + ENTERED.get(one.command, 0) if one.updates else 0
    done = spent.of(one.command)
    if not 0 <= done - expected <= result.slack:
        raise FaultError(
            f"{result.answered} were answered, and Redis did {done} {one.command.upper()}"
            f" where it should have done {expected} (up to {result.slack} more)"
        )


def _sample(one: Slice, result: Result, server_cpu: float | None, spent: Spent) -> Sample:
    all_of_it = result.answered / 1e6  # CPU times are of the whole turn, warm-up included, and so is the count
    rate, live = result.counted / result.seconds, result.live
    if live:  # there it is the messages, and what they cost in the window
        server_us: float | None = live.server_share / rate * 1e6
    else:
        server_us = None if server_cpu is None else server_cpu / all_of_it
    of_redis = not live and (spent.of(one.command) or one.contender == REDIS)
    return Sample(
        rate=rate,
        p50_us=result.p50_us,
        p99_us=result.p99_us,
        load_share=result.cpu_seconds / result.seconds,
        server_us=server_us,
        redis_us=spent.cpu_seconds / all_of_it if of_redis else None,
        live=live,
    )
