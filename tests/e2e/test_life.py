"""A server's life: its start, what it says when it cannot, its end, and what is left behind."""

import subprocess
import sys
import time
from pathlib import Path
from unittest.mock import ANY

import httpx
import psutil
import pytest
import services
from commands import goboard
from servers import free_port
from services import TOKEN, Service, goboard_serve, until_both_serve, workers_of

HEADERS = {"Authorization": f"Bearer {TOKEN}"}


def increment(service: Service, member: str, delta: float, **headers: str) -> httpx.Response:
    url = f"{service.api}/dashboards/global/members/{member}/increment"
    return httpx.post(url, json={"increment": delta}, headers={**HEADERS, **headers})


def failed_start(folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """Run a `goboard serve` that must not come up; give its exit code and what it said."""
    process = services.start(folder, *arguments, **environment)
    out, said = process.communicate(timeout=30)
    assert out == ""
    return process.returncode, said


def gone(processes: list[psutil.Process], seconds: float) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return not [process for process in alive if services.is_alive(process)]


def test_a_second_server_on_the_same_port_says_so_and_exits(tmp_path: Path) -> None:
    with goboard_serve(tmp_path, "--store", "memory") as first:
        port = first.base.rpartition(":")[2]
        code, said = failed_start(tmp_path, "--store", "memory", HTTP_PORT=f"127.0.0.1:{port}")
        assert code == 69
        assert said.startswith(f"goboard: HTTP_PORT: cannot listen at 127.0.0.1:{port}: ")
        assert "Traceback" not in said

        port = first.grpc.rpartition(":")[2]
        code, said = failed_start(tmp_path, "--store", "memory", GRPC_PORT=f"127.0.0.1:{port}")
        assert code == 69
        assert said.startswith(f"goboard: GRPC_PORT: cannot listen at 127.0.0.1:{port}: ")

        assert increment(first, "p1", 1).status_code == 200


@pytest.mark.slow
def test_a_second_server_on_the_same_folder_says_so_and_exits(tmp_path: Path) -> None:
    with goboard_serve(tmp_path, "--store", "embedded"):
        code, said = failed_start(tmp_path, "--store", "embedded")

    assert code == 69
    assert "goboard-data" in said
    assert "Traceback" not in said


def test_a_redis_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    code, said = failed_start(tmp_path, REDIS_URL="redis://:hunter2@127.0.0.1:1/0")

    assert code == 69
    assert said.count("\n") == 1
    assert "127.0.0.1:1" in said
    assert "--store embedded" in said
    assert "hunter2" not in said


def test_an_orderly_stop_leaves_nothing_behind_and_keeps_the_scores(tmp_path: Path) -> None:
    with goboard_serve(tmp_path, "--store", "embedded", AUTH_STATIC_ROLE="server") as service:
        assert increment(service, "p1", 7).json()["score"] == 7.0
        family = psutil.Process(service.process.pid).children(recursive=True)

    assert service.process.returncode == 0
    assert gone(family, 2)
    with goboard_serve(tmp_path, "--store", "embedded", AUTH_STATIC_ROLE="server") as service:
        assert increment(service, "p1", 1).json()["score"] == 8.0


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_kill_9_leaves_no_process_behind_and_loses_nothing_acknowledged(tmp_path: Path, workers: str) -> None:
    arguments = ("--store", "embedded", "--workers", workers)
    process = services.start(tmp_path, *arguments, AUTH_STATIC_ROLE="server")
    service = services.wait_for_banner(process)
    for number in range(1, 21):
        assert increment(service, "p1", 1).json()["score"] == number
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) >= 2 + int(workers)  # the guardian, its Valkey and the workers

    process.kill()
    process.wait()

    assert gone(family, 5)
    services.stop(process)
    with goboard_serve(tmp_path, *arguments, AUTH_STATIC_ROLE="server") as again:
        assert increment(again, "p1", 1).json()["score"] == 21.0


def test_without_a_secret_the_server_makes_a_token_and_shows_a_line_to_paste(tmp_path: Path) -> None:
    with goboard_serve(tmp_path, "--store", "memory", AUTH_SECRET="", AUTH_STATIC_ROLE="server") as service:
        assert len(service.token) >= 32
        line = service.banner[service.banner.index("curl ") :].splitlines()[0]
        pasted = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True, timeout=20)
        log = list(service.log)

    assert pasted.stdout == '{"member_id":"player1","rank":1,"score":10.0}'
    assert not any(service.token in entry for entry in log)


def test_a_secret_of_ones_own_is_not_shown(tmp_path: Path) -> None:
    with goboard_serve(tmp_path, "--store", "memory", LOG_LEVEL="debug") as service:
        increment(service, "p1", 1)
        increment(service, "p1", 1, Authorization="Bearer wrong-token-of-the-test")
        httpx.get(f"{service.base}/ws?token={TOKEN}")
        said = service.banner + "".join(service.log)

    assert TOKEN not in said
    assert "wrong-token-of-the-test" not in said
    assert "a token was refused" in said


@pytest.mark.slow
def test_a_dead_worker_is_replaced(tmp_path: Path) -> None:
    with goboard_serve(tmp_path, "--store", "embedded", "--workers", "2", AUTH_STATIC_ROLE="server") as service:
        assert increment(service, "p1", 1).json()["score"] == 1.0
        workers = until_both_serve(service)
        workers[0].kill()
        ends = time.monotonic() + 20
        while len(workers_of(service)) != 2 or workers[0] in workers_of(service):
            assert time.monotonic() < ends, "".join(service.log)
            time.sleep(0.05)
        scores = [increment(service, "p1", 1).json()["score"] for _ in range(20)]

    assert scores == [float(number) for number in range(2, 22)]


def test_the_transports_can_be_switched_off(tmp_path: Path) -> None:
    with goboard_serve(tmp_path, "--store", "memory", "--no-ws", "--no-grpc") as service:
        assert "WebSocket" not in service.banner
        assert "gRPC" not in service.banner
        reply = httpx.get(f"{service.base}/ws?token={TOKEN}")
        assert increment(service, "admin_user", 1).status_code == 200

    assert reply.status_code == 503
    assert reply.json() == {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "WebSocket is switched off on this server",
        "instance": "/ws",
        "code": "internal_error",
        "request_id": ANY,
    }


@pytest.mark.slow
def test_top_on_the_command_line_reads_beside_a_running_server(tmp_path: Path) -> None:
    goboard = str(Path(sys.executable).with_name("goboard"))
    environment = {"PATH": "/usr/bin:/bin", "STORE": "embedded", "AUTH_SECRET": TOKEN}

    def top() -> str:
        run = subprocess.run(
            [goboard, "top", "global"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        assert run.returncode == 0, run.stderr
        return run.stdout

    with goboard_serve(tmp_path, "--store", "embedded", AUTH_STATIC_ROLE="server") as service:
        increment(service, "first", 20)
        increment(service, "second", 10.5)
        beside = top()

    assert [line.split()[:3] for line in beside.splitlines()[2:]] == [["1", "first", "20"], ["2", "second", "10.5"]]
    assert top() == beside


def test_a_command_that_asks_another_store_than_the_one_that_runs_here_is_told(tmp_path: Path) -> None:
    elsewhere = {"REDIS_URL": f"redis://127.0.0.1:{free_port()}"}
    alone = goboard(tmp_path, "top", "global", **elsewhere)
    with goboard_serve(tmp_path, "--store", "embedded", AUTH_STATIC_ROLE="server"):
        beside = goboard(tmp_path, "top", "global", **elsewhere)

    assert (alone.code, beside.code) == (69, 69)
    assert "STORE=embedded" not in alone.err
    assert beside.err.strip().endswith("set STORE=embedded to ask that")
