"""The data folder: one owner, one server, and where that server listens.

`owner.lock` is held by the process that started the server, and says its pid. `server.lock` is held by the server
process itself, so it is free when, and only when, nothing writes to the folder any more; it says where the server
listens.
"""

import errno
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from goboard.adapters.embedded.errors import EmbeddedError
from goboard.adapters.embedded.guardian import GRACE_SECONDS, remove_socket
from goboard.adapters.embedded.locks import LockFile
from goboard.adapters.embedded.probe import ask

LOG = "server.log"
PID = "server.pid"

_POLL_SECONDS = 0.02
# A guardian that outlived its owner kills a server which does not end; only then is it for a person to act.
_PATIENCE_SECONDS = GRACE_SECONDS + 5
# sun_path holds 108 bytes on Linux and 104 on macOS, the final zero included.
_LONGEST_SOCKET = 103


def prepare(data_dir: Path) -> Path:
    """Make the folder where it is missing, for this user alone, and give its real path."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(errno.ENOTDIR, "it is no folder", str(data_dir)) from error
    return data_dir.resolve()


@contextmanager
def owned(folder: Path) -> Iterator[None]:
    """Be the folder's owner.

    Raises:
        EmbeddedError: another process is.
    """
    with LockFile(folder / "owner.lock") as lock:
        if not lock.try_lock():
            raise EmbeddedError(
                f"the data folder {folder} is in use by the process {_holder(lock)}; end that one,"
                " or set GOBOARD_DATA_DIR to another folder"
            )
        lock.write(str(os.getpid()))
        try:
            yield
        finally:
            lock.write("")


def _holder(lock: LockFile) -> str:
    """Tell the owner's pid; one that has only just taken the lock is about to put its own in a dead one's place."""
    pid = ""
    for _ in range(50):
        pid = lock.read()
        if pid and _runs(pid):
            break
        time.sleep(_POLL_SECONDS)
    return pid or "that is just starting or ending"


def _runs(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except PermissionError:  # it is another user's
        return True
    except (ProcessLookupError, ValueError):
        return False
    return True


def vacated(folder: Path) -> LockFile:
    """Take the server's lock, once no server runs on the folder; one that still does is told to write all and end.

    For the owner alone. The server is told over its socket and never by its pid, which may be a stranger's by now.

    Raises:
        EmbeddedError: a server is there that does not end.
    """
    lock = LockFile(folder / "server.lock")
    try:
        _wait_for(lock, folder)
        if (socket := _recorded(folder)) is not None:
            remove_socket(socket)
        lock.write("")
    except BaseException:
        lock.close()
        raise
    return lock


def _wait_for(lock: LockFile, folder: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not lock.try_lock():
        if time.monotonic() > deadline:
            raise EmbeddedError(
                f"a server of an earlier run still holds the data folder {folder} and does not end; end the process"
                f" whose id is in {folder / PID}, or set GOBOARD_DATA_DIR to another folder"
            )
        if (socket := _recorded(folder)) is not None:
            ask(socket, b"SHUTDOWN")
        time.sleep(_POLL_SECONDS)


def new_socket(folder: Path, lock: LockFile) -> Path:
    """Choose where the folder's next server listens, in a private folder of its own, and record it."""
    socket = Path(tempfile.mkdtemp(prefix="goboard-")) / "s"
    if len(os.fsencode(socket)) > _LONGEST_SOCKET:
        socket.parent.rmdir()
        socket = Path(tempfile.mkdtemp(prefix="goboard-", dir="/tmp")) / "s"
    lock.write(json.dumps({"socket": os.fsdecode(socket), "folder": _identity(folder)}))
    return socket


def recorded_socket(folder: Path) -> Path | None:
    """Give where the folder's server listens, by its record; whether it does is for the caller to find out."""
    try:
        return _recorded(folder)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _recorded(folder: Path) -> Path | None:
    text = (folder / "server.lock").read_text(errors="replace")
    try:
        record = json.loads(text)
        return Path(record["socket"]) if record["folder"] == _identity(folder) else None
    except (ValueError, TypeError, KeyError):
        return None  # empty: no server; half written: one that is not up yet


def _identity(folder: Path) -> list[int]:
    """Tell the folder from a copy of it, whose record speaks of the original's server."""
    status = folder.stat()
    return [status.st_dev, status.st_ino]
