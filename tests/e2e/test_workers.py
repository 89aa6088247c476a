"""Several workers: the kernel gives each its share of the connections, of both transports."""

import socket
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from services import goboard_serve, until_both_serve

CONNECTIONS = 64
LEAST = 8
"""Of 64 connections that fall to either of two workers at random, one in 10^10 runs leaves one of them fewer."""


def taken_by_workers(parent: int, port: int) -> list[int]:
    """Tell how many connections at `port` each worker holds, least first."""
    counts = []
    for process in psutil.Process(parent).children(recursive=True):
        found = [
            each
            for each in process.net_connections("tcp")
            if each.laddr.port == port and each.status == psutil.CONN_ESTABLISHED
        ]
        if any(each.laddr.port == port for each in process.net_connections("tcp")):
            counts.append(len(found))
    return sorted(counts)


def test_connections_of_both_transports_are_spread_over_workers(tmp_path: Path) -> None:
    with goboard_serve(tmp_path, "--store", "embedded", WORKERS="2") as service, ExitStack() as opened:
        until_both_serve(service)
        for address in (urlsplit(service.base).netloc, service.grpc):
            host, _, port = address.rpartition(":")
            for _ in range(CONNECTIONS):
                opened.enter_context(socket.create_connection((host, int(port)), timeout=5))
            counts: list[int] = []
            while sum(counts) < CONNECTIONS:  # until the last of them is accepted
                counts = taken_by_workers(service.process.pid, int(port))
            assert len(counts) == 2
            assert counts[0] >= LEAST, counts
