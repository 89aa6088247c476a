"""The embedded server, as its owner holds it, and as another process finds it."""

import time
from contextlib import ExitStack
from pathlib import Path
from subprocess import Popen
from types import TracebackType
from typing import Self
from urllib.parse import quote

from goboard.adapters.embedded.binary import find_binary
from goboard.adapters.embedded.diagnosis import explain
from goboard.adapters.embedded.errors import EmbeddedError
from goboard.adapters.embedded.folder import new_socket, owned, prepare, recorded_socket, vacated
from goboard.adapters.embedded.launch import guarded
from goboard.adapters.embedded.probe import ask

_POLL_SECONDS = 0.01
_SILENCE_SECONDS = 30


class EmbeddedServer:
    """A Valkey server of this process, on a data folder; it ends when this process does, however that comes.

    Made by `start`. A context manager: at its end the server is stopped. What the server acknowledged is there at
    the next start on the folder, also after a `kill -9` of this process. A crash of the machine loses up to two
    seconds of it, or with `fsync="always"` nothing.
    """

    def __init__(self, url: str, guardian: Popen[bytes], undo: ExitStack) -> None:
        self.url = url
        self._guardian = guardian
        self._undo = undo

    @classmethod
    def start(cls, data_dir: Path, *, fsync: str = "everysec") -> Self:
        """Start a server on the folder (made where it is missing) and wait until it answers.

        `fsync` says when it writes through to the disk: `everysec`, or `always` before it answers.
        A data file that is still being read is waited for, however long. A server that a dead owner left behind
        is ended first. Blocks: call it before the event loop runs, or in a thread.

        Raises:
            EmbeddedError: the folder is in use or of no use, there is no server to run, or it does not come up.
        """
        binary = find_binary()
        try:
            with ExitStack() as undo:
                folder = prepare(data_dir)
                undo.enter_context(owned(folder))
                with vacated(folder) as lock:
                    undo.callback(lambda: vacated(folder).close())
                    socket = new_socket(folder, lock)
                    guardian = undo.enter_context(guarded(binary, folder, socket, lock, fsync))
                _wait_until_up(guardian, socket, folder, binary)
                return cls(_url(socket), guardian, undo.pop_all())
        except OSError as error:
            raise EmbeddedError(
                f"the data folder {data_dir} cannot be used: {error}; make it a folder that this user can write to,"
                " or set GOBOARD_DATA_DIR to another"
            ) from error

    @property
    def alive(self) -> bool:
        """Whether the server and its guardian run; once False, never True again."""
        return self._guardian.poll() is None

    def stop(self) -> None:
        """End the server, all its data written; after 10 seconds by force. Again is no error."""
        self._undo.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def attach(data_dir: Path) -> str | None:
    """Give the URL of the server that runs on this folder now; None: none does.

    Raises:
        EmbeddedError: the folder cannot be read.
    """
    try:
        socket = recorded_socket(data_dir)
    except OSError as error:
        raise EmbeddedError(f"the data folder {data_dir} cannot be read: {error}; ask as its owner") from error
    return _url(socket) if socket is not None and ask(socket, b"PING") else None


def _url(socket: Path) -> str:
    return f"unix://{quote(str(socket))}"


def _wait_until_up(guardian: Popen[bytes], socket: Path, folder: Path, binary: Path) -> None:
    """Wait for a PONG. Any other answer, such as LOADING, is a sign of life, and the patience begins anew."""
    deadline = time.monotonic() + _SILENCE_SECONDS
    while not (answer := ask(socket, b"PING")).startswith(b"+PONG"):
        if guardian.poll() is not None:
            raise EmbeddedError(
                f"the server on the data folder {folder} ended as it started, with status {guardian.returncode};"
                f" {explain(folder, binary)}"
            )
        if answer:
            deadline = time.monotonic() + _SILENCE_SECONDS
        if time.monotonic() > deadline:
            raise EmbeddedError(
                f"the server on the data folder {folder} gave no answer for {_SILENCE_SECONDS} s;"
                f" {explain(folder, binary)}"
            )
        time.sleep(_POLL_SECONDS)
