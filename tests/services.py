"""Starts `goboard serve` as a user does, on free ports and in a scratch folder, and ends it."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

import psutil

START_SECONDS = 40.0
TOKEN = "a-token-of-the-tests"


class Service(NamedTuple):
    """A running `goboard serve`."""

    process: subprocess.Popen[str]
    banner: str
    log: list[str]

    @property
    def api(self) -> str:
        return self._found(r"REST +(\S+)")

    @property
    def base(self) -> str:
        return self.api.removesuffix("/api/v1")

    @property
    def ws(self) -> str:
        return self._found(r"WebSocket +(\S+)")

    @property
    def grpc(self) -> str:
        return self._found(r"gRPC +(\S+)").replace("localhost", "127.0.0.1")

    @property
    def token(self) -> str:
        return self._found(r"Token +(\S+)")

    def _found(self, pattern: str) -> str:
        match = re.search(pattern, self.banner)
        assert match, f"{pattern!r} is not in the banner: {self.banner}"
        return match[1]


@contextlib.contextmanager
def goboard_serve(folder: Path, *arguments: str, **environment: str) -> Iterator[Service]:
    """Run `goboard serve` with nothing but `environment`, until the block ends."""
    process = start(folder, *arguments, **environment)
    try:
        yield wait_for_banner(process)
    finally:
        stop(process)


def start(folder: Path, *arguments: str, inside: tuple[str, ...] = (), **environment: str) -> subprocess.Popen[str]:
    """Start `goboard serve` in `folder`; HTTP and gRPC take free ports of the loopback unless told.

    `inside` is a command that runs it, such as `ip netns exec NAME`.
    """
    settings = {
        "PATH": os.environ["PATH"],
        "HTTP_PORT": "127.0.0.1:0",
        "GRPC_PORT": "127.0.0.1:0",
        "AUTH_SECRET": TOKEN,
        **{name: value for name, value in os.environ.items() if name.startswith(("COVERAGE", "COV_"))},
        **environment,
    }
    return subprocess.Popen(
        [*inside, str(Path(sys.executable).with_name("goboard")), "serve", *arguments],
        cwd=folder,
        env=settings,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def wait_for_banner(process: subprocess.Popen[str]) -> Service:
    """Wait until the server says that it serves; its log is gathered from then on."""
    assert process.stdout is not None
    assert process.stderr is not None
    log = _gather(process.stderr)
    said = _gather(process.stdout)
    ends = time.monotonic() + START_SECONDS
    while not any("Try:" in line for line in said):
        assert process.poll() is None, f"goboard serve ended: {''.join(log)}"
        assert time.monotonic() < ends, f"goboard serve did not start: {''.join(log)}"
        time.sleep(0.02)
    return Service(process, "".join(said), log)


def stop(process: subprocess.Popen[str]) -> None:
    """End the server as an orchestrator does, and see that it ends."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
    finally:
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def _gather(pipe: IO[str]) -> list[str]:
    lines: list[str] = []

    def read_on() -> None:
        with contextlib.suppress(ValueError):  # the pipe was closed
            for line in iter(pipe.readline, ""):
                lines.append(line)  # noqa: PERF402 -- seen as it comes

    threading.Thread(target=read_on, daemon=True).start()
    return lines


def until_both_serve(service: Service) -> list[psutil.Process]:
    """Wait until both workers listen on both ports: the banner comes when one of them does."""
    ends = time.monotonic() + 20
    while True:
        workers = workers_of(service)
        ports = [
            connection for worker in workers for connection in worker.net_connections() if connection.status == "LISTEN"
        ]
        if len(ports) == 4:
            return workers
        assert time.monotonic() < ends, "".join(service.log)
        time.sleep(0.05)


def workers_of(service: Service) -> list[psutil.Process]:
    return [child for child in psutil.Process(service.process.pid).children() if _is_a_worker(child)]


def _is_a_worker(child: psutil.Process) -> bool:
    try:
        return is_alive(child) and "spawn_main" in " ".join(child.cmdline())
    except psutil.NoSuchProcess:  # it went meanwhile
        return False


def is_alive(process: psutil.Process) -> bool:
    """Tell whether it goes on; what has ended and was not waited for does not."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
