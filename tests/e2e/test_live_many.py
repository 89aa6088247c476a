"""Watchers by the thousand, each with an event stream of its own, leave room for everybody else."""

import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from services import TOKEN, goboard_serve

pytestmark = pytest.mark.slow  # many processes are started

MANY = 1_200
"""More than Granian's usual 1,024 connections of a worker, and more open files than most systems begin with."""


@pytest.fixture
def open_files() -> Iterator[None]:
    usual, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (usual, most))


@pytest.mark.usefixtures("open_files")
def test_a_thousand_streams_leave_room(tmp_path: Path) -> None:
    with goboard_serve(tmp_path, "--store", "memory", AUTH_STATIC_ROLE="server") as service, ExitStack() as stack:
        host, _, port = service.base.removeprefix("http://").partition(":")
        request = f"GET /api/v1/dashboards/b/live?token={TOKEN} HTTP/1.1\r\nHost: b\r\n\r\n".encode()
        streams = []
        for _ in range(MANY):
            streams.append(stack.enter_context(socket.create_connection((host, int(port)), timeout=10)))
            streams[-1].sendall(request)
        for stream in streams:
            assert stream.recv(1024).startswith(b"HTTP/1.1 200")
        assert httpx.get(f"{service.base}/health", timeout=5).text == "OK"
        increment = f"{service.api}/dashboards/b/members/ada/increment"
        headers = {"Authorization": TOKEN}
        assert httpx.post(increment, headers=headers, json={"increment": 1}, timeout=5).status_code == 200
        for stream in streams:
            told = b""
            while b'"ada"' not in told:
                told += stream.recv(4096)
