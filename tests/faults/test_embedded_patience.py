"""What the embedded server's owner waits for, and for how long."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest
from redis import Redis

from goboard.adapters.embedded import EmbeddedServer

pytestmark = [pytest.mark.faults, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]


def processes(server: EmbeddedServer, folder: Path) -> tuple[int, int]:
    return int((folder / "server.pid").read_text()), server._guardian.pid


def running(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def value(server: EmbeddedServer) -> int:
    with Redis.from_url(server.url) as redis:
        return int(redis.get("n") or 0)


def test_a_server_that_hangs_is_ended_by_force(tmp_path: Path) -> None:
    with EmbeddedServer.start(tmp_path) as server:
        with Redis.from_url(server.url) as redis:
            redis.incr("n")
        pids = processes(server, tmp_path)
        os.kill(pids[0], signal.SIGSTOP)
        began = time.monotonic()
    assert time.monotonic() - began < 12
    assert not any(running(pid) for pid in pids)
    with EmbeddedServer.start(tmp_path) as server:
        assert value(server) == 1


def test_a_guardian_that_hangs_is_ended_and_its_server_with_it(tmp_path: Path) -> None:
    with EmbeddedServer.start(tmp_path) as server:
        pids = processes(server, tmp_path)
        os.kill(pids[1], signal.SIGSTOP)
    assert not any(running(pid) for pid in pids)


def test_a_large_data_file_is_waited_for(tmp_path: Path) -> None:
    with EmbeddedServer.start(tmp_path):
        pass
    [file] = (tmp_path / "appendonlydir").glob("*.incr.aof")
    with file.open("ab") as data:
        for _ in range(100):
            data.write(b"*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n" * 20_000)
    with EmbeddedServer.start(tmp_path) as server:
        assert value(server) == 2_000_000
