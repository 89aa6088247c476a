"""The server's process and the guardian's, from the owner's side."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen, TimeoutExpired

from goboard.adapters.embedded.folder import LOG, PID
from goboard.adapters.embedded.guardian import GRACE_SECONDS
from goboard.adapters.embedded.locks import LockFile

_GUARDIAN = Path(__file__).with_name("guardian.py")
# What may be needed to run a program at all. The rest stays here: it holds the owner's secrets.
_PASSED_ON = ("LD_LIBRARY_PATH", "TZ")


@contextmanager
def guarded(binary: Path, folder: Path, socket: Path, lock: LockFile, fsync: str) -> Iterator[Popen[bytes]]:
    """Run `binary` on the folder under a guardian, whose process this gives; at exit both are ended."""
    read, write = os.pipe()
    try:
        command = _command(binary, socket, fsync)
        guardian = _spawn([str(read), str(lock.fd), str(socket), *command], folder, (read, lock.fd))
    except BaseException:
        os.close(write)
        raise
    finally:
        os.close(read)
    try:
        yield guardian
    finally:
        os.close(write)
        _end(guardian)


def _spawn(arguments: list[str], folder: Path, inherited: tuple[int, int]) -> "Popen[bytes]":
    with _fresh_log(folder).open("wb") as log:
        return Popen(  # noqa: S603 -- our own script, no shell
            # By path and without site: it is up in 10 ms, and whatever `import goboard` costs is not its matter.
            [sys.executable, "-I", "-S", str(_GUARDIAN), *arguments],
            cwd=folder,
            env={"LC_ALL": "C"} | {name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            stdin=DEVNULL,
            stdout=log,
            stderr=STDOUT,
            pass_fds=inherited,
            start_new_session=True,
            umask=0o077,
        )


def _fresh_log(folder: Path) -> Path:
    """Begin a log, and keep that of the run before: the server never rotates its own."""
    log = folder / LOG
    if log.exists():
        log.replace(log.with_name(f"{LOG}.1"))
    return log


def _command(binary: Path, socket: Path, fsync: str) -> list[str]:
    """Give the server's command line. It runs in the data folder and logs to its standard output."""
    settings = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "appendonly": "yes",
        "appendfsync": fsync,
        "save": "",
        "maxmemory-policy": "noeviction",
        "lazyfree-lazy-expire": "yes",  # else a period of a million members that expires stops the server for 0.7 s
        "loglevel": "warning",
        "pidfile": PID,
    }
    return [str(binary), *(word for name, value in settings.items() for word in (f"--{name}", value))]


def _end(guardian: Popen[bytes]) -> None:
    guardian.terminate()
    try:
        guardian.wait(GRACE_SECONDS + 2)
    except TimeoutExpired:
        guardian.kill()
        guardian.wait()
