"""The embedded server when processes are killed: nothing is left running, and nothing acknowledged is lost."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis

from goboard.adapters.embedded import EmbeddedServer, attach

pytestmark = [pytest.mark.faults, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]

START = """
import multiprocessing, subprocess, sys, time
from pathlib import Path
from redis import Redis
from goboard.adapters.embedded import EmbeddedServer
"""
OWNER = f"""{START}
with EmbeddedServer.start(Path(sys.argv[1])) as server:
    print(server.url, flush=True)
    sys.stdin.read()
"""


@contextmanager
def process(code: str, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def said(started: "subprocess.Popen[str]") -> str:
    assert started.stdout is not None
    return started.stdout.readline().strip()


def status(pid: int, field: str) -> str:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return value.strip()
    raise KeyError(field)


def running(pid: int) -> bool:
    try:
        return not status(pid, "State").startswith("Z")
    except (FileNotFoundError, ProcessLookupError):
        return False


def server_and_guardian(folder: Path) -> tuple[int, int]:
    server = int((folder / "server.pid").read_text())
    return server, int(status(server, "PPid"))


def eventually(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)


def gone(*pids: int) -> Callable[[], bool]:
    return lambda: not any(running(pid) for pid in pids)


def value(server: EmbeddedServer) -> int:
    with Redis.from_url(server.url) as redis:
        return int(redis.get("n") or 0)


def increment(url: str) -> int:
    with Redis.from_url(url) as redis:
        return int(redis.incr("n"))


def test_a_killed_owner_leaves_no_process_and_its_data(tmp_path: Path) -> None:
    with process(OWNER, tmp_path) as owner:
        url = said(owner)
        assert increment(url) == 1
        pids = server_and_guardian(tmp_path)
        owner.kill()
        eventually(gone(*pids), 2)
    assert not Path(url.removeprefix("unix://")).parent.exists()
    assert attach(tmp_path) is None
    with EmbeddedServer.start(tmp_path) as server:
        assert value(server) == 1


def test_what_was_acknowledged_outlives_a_kill_in_full_flow(tmp_path: Path) -> None:
    code = f"""{START}
with EmbeddedServer.start(Path(sys.argv[1])) as server, Redis.from_url(server.url) as redis:
    while True:
        print(redis.incr("n"), flush=True)
"""
    acknowledged = 0
    for _ in range(3):
        with process(code, tmp_path) as owner:
            until = time.monotonic() + 0.5
            while time.monotonic() < until:
                acknowledged = int(said(owner))
            owner.kill()
            assert owner.stdout is not None
            for line in owner.stdout:
                acknowledged = int(line) if line.endswith("\n") else acknowledged
        with EmbeddedServer.start(tmp_path) as server:
            assert acknowledged <= value(server) <= acknowledged + 1
            acknowledged = value(server)


def test_the_next_start_waits_for_the_server_of_a_killed_owner(tmp_path: Path) -> None:
    for expected in range(1, 6):
        with process(OWNER, tmp_path) as owner:
            assert increment(said(owner)) == expected
            owner.kill()
    with EmbeddedServer.start(tmp_path) as server:
        assert value(server) == 5


def test_a_killed_guardian_leaves_no_server_and_the_owner_notices(tmp_path: Path) -> None:
    server = EmbeddedServer.start(tmp_path)
    increment(server.url)
    pid, guardian = server_and_guardian(tmp_path)
    os.kill(guardian, signal.SIGKILL)
    eventually(lambda: not server.alive, 2)
    eventually(gone(pid, guardian), 2)
    server.stop()
    assert not Path(server.url.removeprefix("unix://")).parent.exists()
    with EmbeddedServer.start(tmp_path) as server:
        assert value(server) == 1


def test_owner_and_guardian_killed_together_leave_no_server(tmp_path: Path) -> None:
    with process(OWNER, tmp_path) as owner:
        url = said(owner)
        assert increment(url) == 1
        pid, guardian = server_and_guardian(tmp_path)
        os.kill(guardian, signal.SIGKILL)
        owner.kill()
        eventually(gone(pid, guardian), 2)
    with EmbeddedServer.start(tmp_path) as server:
        assert value(server) == 1
    assert not Path(url.removeprefix("unix://")).parent.exists()


def test_a_server_left_behind_is_ended_at_the_next_start(tmp_path: Path) -> None:
    with process(OWNER, tmp_path) as owner:
        assert increment(said(owner)) == 1
        pid, guardian = server_and_guardian(tmp_path)
        os.kill(guardian, signal.SIGSTOP)
        owner.kill()
        owner.wait()
    try:
        assert running(pid)
        with EmbeddedServer.start(tmp_path) as server:
            assert not running(pid)
            assert value(server) == 1
            os.kill(guardian, signal.SIGCONT)
            eventually(gone(guardian), 2)
            assert increment(server.url) == 2
    finally:
        if running(guardian):
            os.kill(guardian, signal.SIGCONT)


def test_of_two_owners_at_once_one_wins(tmp_path: Path) -> None:
    code = f"""{START}
from goboard.adapters.embedded import EmbeddedError
sys.stdin.readline()
try:
    server = EmbeddedServer.start(Path(sys.argv[1]))
except EmbeddedError as error:
    print(error, flush=True)
else:
    print("started", flush=True)
    sys.stdin.read()
    server.stop()
"""
    for _ in range(3):
        with process(code, tmp_path) as first, process(code, tmp_path) as second:
            for owner in (first, second):
                assert owner.stdin is not None
                owner.stdin.write("go\n")
                owner.stdin.flush()
            by_pid = {first.pid: said(first), second.pid: said(second)}
            [winner] = [pid for pid, line in by_pid.items() if line == "started"]
            [refusal] = [line for pid, line in by_pid.items() if pid != winner]
            assert f"{tmp_path} is in use by the process {winner};" in refusal


def test_ctrl_c_leaves_the_owner_its_store_until_it_is_done(tmp_path: Path) -> None:
    code = f"""{START}
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a shell runs the tests in the background
with EmbeddedServer.start(Path(sys.argv[1])) as server, Redis.from_url(server.url) as redis:
    print("up", flush=True)
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        time.sleep(0.5)
        print(redis.incr("n"), flush=True)
"""
    with process(code, tmp_path) as owner:
        assert said(owner) == "up"
        pids = server_and_guardian(tmp_path)
        os.killpg(owner.pid, signal.SIGINT)
        os.kill(pids[1], signal.SIGINT)
        assert said(owner) == "1"
        assert owner.wait(5) == 0
    assert gone(*pids)()


def test_the_owners_children_do_not_keep_the_server_alive(tmp_path: Path) -> None:
    code = f"""{START}
if __name__ == "__main__":
    with EmbeddedServer.start(Path(sys.argv[1])) as server:
        program = subprocess.Popen(["sleep", "60"], close_fds=False)
        worker = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(60,))
        worker.start()
        print(program.pid, worker.pid, flush=True)
        sys.stdin.read()
"""
    with process(code, tmp_path) as owner:
        children = [int(pid) for pid in said(owner).split()]
        pids = server_and_guardian(tmp_path)
        owner.kill()
        try:
            eventually(gone(*pids), 2)
            assert all(running(child) for child in children)
            with EmbeddedServer.start(tmp_path) as server:
                assert increment(server.url) == 1
        finally:
            for child in children:
                os.kill(child, signal.SIGKILL)
