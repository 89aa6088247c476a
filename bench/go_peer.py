"""Builds the Go service, where a Go toolchain is at hand."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("peers") / "go"
BINARY = SOURCE / ".bin" / "goboardpeer"


class NoGoServiceError(Exception):
    """There is no Go service to compare with; the message says why."""


def build(seconds: float) -> Path:
    """Give the service's binary, built anew where the source is newer.

    Raises:
        NoGoServiceError: there is no Go toolchain, or the build failed or took longer than `seconds`.
    """
    if not _is_fresh():
        _build(_toolchain(), seconds)
    return BINARY


def _is_fresh() -> bool:
    sources = [path for path in SOURCE.rglob("*") if path.suffix in {".go", ".mod", ".sum"}]
    return BINARY.exists() and BINARY.stat().st_mtime > max(path.stat().st_mtime for path in sources)


def _toolchain() -> str:
    if found := shutil.which("go"):
        return found
    raise NoGoServiceError("no Go toolchain on the PATH")


def _build(go: str, seconds: float) -> None:
    BINARY.parent.mkdir(exist_ok=True)
    (BINARY.parent / ".gitignore").write_text("*\n")
    command = [go, "build", "-o", str(BINARY), "."]
    environment = {**os.environ, "CGO_ENABLED": "0"}  # no C compiler is needed, and the result runs anywhere
    # A process group of its own: the compilers that it starts are to end with it.
    with subprocess.Popen(  # noqa: S603 -- the Go toolchain, no shell
        command, cwd=SOURCE, env=environment, stderr=subprocess.PIPE, text=True, process_group=0
    ) as process:
        try:
            _, said = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise NoGoServiceError(f"`go build` took over {seconds:.0f} s; `make bench` gives it longer") from None
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode:
        raise NoGoServiceError(f"`go build` failed: {said.strip()[-300:]}")
