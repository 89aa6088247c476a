"""The folder in which the workers keep their numbers: made at the start of `goboard serve`, and removed at its end."""

import fcntl
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "goboard-metrics-"
_NEW_SECONDS = 60.0
"""Between making a folder and locking it is no time at all; a younger one is never taken for one that was left."""

log = logging.getLogger(__name__)


@contextmanager
def open_folder(*, wanted: bool) -> Iterator[str]:
    """Make the folder for as long as the block lasts; "": it is not wanted, or there is no room for it."""
    if not wanted:
        yield ""
        return
    try:
        path = tempfile.mkdtemp(prefix=_PREFIX)
    except OSError as exc:
        log.warning("there are no metrics, for want of a folder for temporary files (TMPDIR): %s", exc.strerror)
        yield ""
        return
    holder = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX)  # the kernel lets go of it, however this process ends
        _remove_left(Path(path).parent)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(holder)


def _remove_left(parent: Path) -> None:
    """Remove what servers that were killed have left."""
    for folder in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # it is held, or another user's, or gone meanwhile
            if time.time() - folder.stat().st_mtime > _NEW_SECONDS:
                _remove_unless_held(folder)


def _remove_unless_held(folder: Path) -> None:
    holder = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(holder)
