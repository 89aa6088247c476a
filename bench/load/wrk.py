"""The same HTTP requests by wrk, where it is installed: a check of our own generator.

Two things differ. wrk corrects its percentiles for coordinated omission by its mean interval, so that its p99 lies
above that of a plain closed loop; and it opens a connection anew that the server closed, without counting an error.
"""

import json
import math
import resource
import shutil
import subprocess
import tempfile
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from bench.load.driver import Course
from bench.load.tally import Result

_SCRIPT = Path(__file__).with_name("wrk.lua")
_INCREMENT = '{"increment": 1}'
_GRACE_SECONDS = 30


class Target(NamedTuple):
    """What wrk asks for, again and again."""

    method: str
    paths: list[str]
    body: str
    token: str


class _Report(NamedTuple):
    """What wrk says of one run."""

    requests: int
    refused: int
    lost: int
    microseconds: int
    p50: float
    p99: float


def target(kind: str, board: str, names: list[str], path: str, token: str) -> Target:
    """The requests of a kind of run."""
    prefix = f"/api/v1/dashboards/{quote(board, safe='')}"
    return {
        "rest": Target("POST", [f"{prefix}/members/{name}/increment" for name in names], _INCREMENT, token),
        "rest-top": Target("GET", [f"{prefix}/top?limit=10"], "", token),
        "http-post": Target("POST", [path], _INCREMENT, token),
        "http-get": Target("GET", [path], "", token),
    }[kind]


def run(kind: str, course: Course, target: Target) -> Result:
    """Warm up and measure, as two runs of wrk; they last whole seconds."""
    if not shutil.which("wrk"):
        raise FileNotFoundError("wrk is not installed")
    sample = _one_reply(course, target)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as paths:
        paths.write("\n".join(target.paths))
        paths.flush()
        runs = [_wrk(course, target, paths.name, course.warmup)] if course.warmup else []
        begun = _cpu_seconds()
        measured = _wrk(course, target, paths.name, course.seconds)
        used = _cpu_seconds() - begun
    runs.append(measured)
    return Result(
        kind=f"wrk-{kind}",
        answered=1 + sum(one.requests - one.refused for one in runs),  # with the one reply of the sample
        counted=measured.requests - measured.refused,
        errors=sum(one.refused + one.lost for one in runs),
        seconds=measured.microseconds / 1e6,
        cpu_seconds=used,
        p50_us=measured.p50,
        p99_us=measured.p99,
        sample=sample,
        slack=len(runs) * course.connections,  # wrk does not wait for what is in flight at its end
    )


def _wrk(course: Course, target: Target, paths: str, seconds: float) -> _Report:
    url = f"http://{course.host}:{course.port}"
    options = ["-t1", f"-c{course.connections}", f"-d{math.ceil(seconds)}", "-s", str(_SCRIPT), url]
    said = subprocess.run(  # noqa: S603 -- arguments of this benchmark's own making
        ["wrk", *options, "--", target.method, target.body, target.token, paths],  # noqa: S607 -- the user's wrk
        capture_output=True,
        text=True,
        check=True,
        timeout=seconds + _GRACE_SECONDS,
    ).stdout
    return _Report(**json.loads(said.rpartition("JSON ")[2]))


def _one_reply(course: Course, target: Target) -> str:
    connection = HTTPConnection(course.host, course.port, timeout=_GRACE_SECONDS)
    headers = {"Authorization": f"Bearer {target.token}", "Content-Type": "application/json"}
    connection.request(target.method, target.paths[0], target.body or None, headers)
    reply = connection.getresponse()
    text = reply.read().decode()
    connection.close()
    if reply.status != 200:  # noqa: PLR2004 -- HTTP's own number
        raise ConnectionError(f"{reply.status} {text}")
    return text


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
