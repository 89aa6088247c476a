"""Runs the server and ends it when the owner is gone, however that came; a script of its own: nothing of goboard.

    python -I -S guardian.py OWNER LOCK SOCKET COMMAND...

OWNER is the descriptor of a pipe that only the owner can write to, so it ends when the owner does; LOCK one whose
lock is the server's to hold; SOCKET the path where the server listens. The exit status is the server's.
"""

import contextlib
import ctypes
import os
import select
import signal
import sys
from pathlib import Path
from types import FrameType

GRACE_SECONDS = 10

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(owner: int, lock: int, socket: Path, command: list[str]) -> int:
    """Start the server, watch over it, and end with it."""
    wake = _wake_on(signal.SIGCHLD, signal.SIGTERM)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the owner, who still needs the store to finish
    os.set_inheritable(owner, False)  # noqa: FBT003 -- the standard library's signature
    server = _start(command)
    os.close(lock)
    status = _watch(server, owner, wake)
    remove_socket(socket)
    return status if status >= 0 else 128 - status


def remove_socket(socket: Path) -> None:
    """Remove the socket of a server that is gone, and the folder made for it."""
    with contextlib.suppress(OSError):
        socket.unlink(missing_ok=True)
        socket.parent.rmdir()


def _wake_on(*signals: signal.Signals) -> int:
    """Have the numbers of these signals written to a pipe, and give the end to read."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write)
    for number in signals:
        signal.signal(number, _noted)
    return read


def _noted(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: the wake-up pipe has the number."""


def _start(command: list[str]) -> int:
    guardian = os.getpid()
    server = os.fork()
    if server == 0:
        try:
            _end_with(guardian)
            os.execv(command[0], command)  # noqa: S606 -- the owner's own command, no shell
        except OSError as error:
            sys.stderr.write(f"cannot run {command[0]}: {error}\n")
            sys.stderr.flush()
        finally:
            os._exit(127)
    return server


def _end_with(parent: int) -> None:
    """Have the kernel end this process when `parent` is killed. SIGTERM: the server writes what it has."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it was killed before the call
            os._exit(1)


def _watch(server: int, owner: int, wake: int) -> int:
    while True:
        ended, status = os.waitpid(server, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        ready, _, _ = select.select([owner, wake], [], [])
        if owner in ready or signal.SIGTERM in os.read(wake, 64):
            return _end(server)


def _end(server: int) -> int:
    signal.signal(signal.SIGALRM, lambda _number, _frame: os.kill(server, signal.SIGKILL))
    signal.alarm(GRACE_SECONDS)
    os.kill(server, signal.SIGTERM)
    return os.waitstatus_to_exitcode(os.waitpid(server, 0)[1])


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:]))
