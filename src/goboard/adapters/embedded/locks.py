"""Files whose lock says that their holder lives. The kernel lets go of it however the holder ends."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self


class LockFile:
    """A file to lock, and to write in it who holds the lock. Open until closed; closing lets go of the lock.

    A process that inherits `fd` holds the lock too, and keeps it when this one closes it (flock(2)).
    """

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def try_lock(self) -> bool:
        """Take the lock where nobody has it."""
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def write(self, text: str) -> None:
        """Put `text` in place of what the file says."""
        os.ftruncate(self.fd, 0)
        os.pwrite(self.fd, text.encode(), 0)

    def read(self) -> str:
        """Give what the file says; after a crash that may be about a holder who is gone."""
        return os.pread(self.fd, 4096, 0).decode(errors="replace")

    def close(self) -> None:
        """Let go."""
        os.close(self.fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
