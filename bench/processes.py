"""Server processes: started with a log of their own, awaited, and ended whatever happens."""

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

START_SECONDS = 30.0
STOP_SECONDS = 10.0
SHOWN_LINES = 20


class CannotStartError(Exception):
    """A server did not start; the message ends with what it logged."""


def free_port() -> int:
    """Give a TCP port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Family:
    """A process and those that it has started."""

    def __init__(self, pid: int) -> None:
        first = psutil.Process(pid)
        self._members = [first, *first.children(recursive=True)]

    def cpu_seconds(self) -> float:
        """Tell the CPU time that they have taken so far."""
        return sum(sum(member.cpu_times()[:2]) for member in self._members)

    def resident_bytes(self) -> int:
        """Tell the memory that they have now."""
        return sum(int(member.memory_info().rss) for member in self._members)


class Server(NamedTuple):
    """A process that was started, maybe not ready yet."""

    name: str
    process: psutil.Popen
    ports: Sequence[int]
    log: Path

    def await_ready(self) -> None:
        """Return when it accepts at each of its ports.

        Raises:
            CannotStartError: it ended, or did not accept in time.
        """
        ends = time.monotonic() + START_SECONDS
        while not all(_accepts(port) for port in self.ports):
            if self.process.poll() is not None or time.monotonic() > ends:
                lines = self.log.read_text(errors="replace").splitlines()[-SHOWN_LINES:]
                raise CannotStartError("\n  ".join([f"{self.name} did not start; it logged:", *lines]))
            time.sleep(0.05)

    def cpu_seconds(self) -> float:
        """Tell the CPU time that it has taken so far, with the processes that it started."""
        return Family(self.process.pid).cpu_seconds()


@contextlib.contextmanager
def running(
    name: str, command: Sequence[str], environment: Mapping[str, str], folder: Path, ports: Sequence[int]
) -> Iterator[Server]:
    """Start a server in `folder`, its log beside it, and end it when the block ends."""
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = psutil.Popen(
            list(command),
            cwd=folder,
            env={"PATH": os.environ["PATH"], **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is for the harness, which then ends its servers in order
        )
    try:
        yield Server(name, process, ports, log)
    finally:
        _end(process)


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _end(process: psutil.Popen) -> None:
    if process.poll() is not None:
        return
    family = [process, *process.children(recursive=True)]
    process.terminate()
    with contextlib.suppress(psutil.TimeoutExpired):
        process.wait(STOP_SECONDS)
    for left in family:  # a worker can outlive a parent that had to be killed
        with contextlib.suppress(psutil.NoSuchProcess):
            left.kill()
    process.wait()
