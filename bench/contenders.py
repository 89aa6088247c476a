"""The servers that are compared, all alive at once: an idle one costs nothing."""

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bench import go_peer
from bench.processes import Server, free_port, running

TOKEN = "the-token-of-the-benchmark"  # noqa: S105 -- opens nothing but servers that live for minutes on the loopback
PEERS = Path(__file__).with_name("peers")
PEERS_PYTHON = Path(__file__).parent.parent / ".venv-bench" / "bin" / "python"
"""Another environment than goboard's: svcs imports fastapi wherever it finds it."""

GOBOARD = "goboard"
GOBOARD_2 = "goboard, 2 workers"
GOBOARD_10_MS = "goboard, LIVE_TICK_MS=10"
NOOP = "Litestar no-op"
FASTAPI = "FastAPI"
GRPC_AIO = "grpc.aio"
GO = "Go service"


@dataclass(frozen=True, slots=True)
class Contender:
    """A running server."""

    server: Server
    http: int
    grpc: int


class Fleet(NamedTuple):
    """The contenders that run, and why others do not."""

    running: dict[str, Contender]
    absent: dict[str, str]


@contextlib.contextmanager
def started_contenders(redis_url: str, folder: Path, *, build_seconds: float) -> Iterator[Fleet]:
    """Start all of them; the Go service only where there is one, or it can be built within the time.

    Raises:
        CannotStartError: one of them does not start.
    """
    fleet = Fleet({}, {})
    with contextlib.ExitStack() as stack:
        launch = Launcher(stack, redis_url, folder, fleet)
        launch.goboard(GOBOARD)
        launch.goboard(GOBOARD_2, WORKERS="2")
        launch.goboard(GOBOARD_10_MS, LIVE_TICK_MS="10")
        launch.peer(NOOP, [sys.executable, str(PEERS / "noop_peer.py")], http=True)
        if PEERS_PYTHON.exists():
            launch.peer(FASTAPI, [str(PEERS_PYTHON), str(PEERS / "fastapi_peer.py")], http=True)
            launch.peer(GRPC_AIO, [str(PEERS_PYTHON), str(PEERS / "grpc_peer.py")], grpc=True)
        else:
            fleet.absent[FASTAPI] = fleet.absent[GRPC_AIO] = "there is no .venv-bench, which `make bench` makes"
        try:
            launch.peer(GO, [str(go_peer.build(build_seconds))], http=True, grpc=True)
        except go_peer.NoGoServiceError as absence:
            fleet.absent[GO] = str(absence)
        for contender in fleet.running.values():  # only now: they start side by side
            contender.server.await_ready()
        yield fleet


class Launcher:
    """Starts servers that end with the stack, and enters them in the fleet."""

    def __init__(self, stack: contextlib.ExitStack, redis_url: str, folder: Path, fleet: Fleet) -> None:
        self._stack = stack
        self._redis_url = redis_url
        self._folder = folder
        self.fleet = fleet

    def goboard(self, name: str, **settings: str) -> None:
        """Start goboard, with one worker unless the settings say otherwise."""
        http, grpc = free_port(), free_port()
        environment = {
            "HTTP_PORT": f"127.0.0.1:{http}",
            "GRPC_PORT": f"127.0.0.1:{grpc}",
            "REDIS_URL": self._redis_url,
            "AUTH_SECRET": TOKEN,
            "AUTH_STATIC_ROLE": "server",
            **settings,
        }
        self._start(name, [str(Path(sys.executable).with_name("goboard")), "serve"], environment, http, grpc)

    def peer(self, name: str, command: list[str], *, http: bool = False, grpc: bool = False) -> None:
        """Start another server, which is told by its environment what it is to serve."""
        ports = {"PEER_HTTP_PORT": free_port() if http else 0, "PEER_GRPC_PORT": free_port() if grpc else 0}
        served = {variable: str(port) for variable, port in ports.items() if port}
        environment = {"PEER_TOKEN": TOKEN, "REDIS_URL": self._redis_url, **served}
        self._start(name, command, environment, *ports.values())

    def _start(self, name: str, command: list[str], environment: dict[str, str], http: int, grpc: int) -> None:
        ports = [port for port in (http, grpc) if port]
        server = self._stack.enter_context(running(name, command, environment, self._folder, ports))
        self.fleet.running[name] = Contender(server, http, grpc)
