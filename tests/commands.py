"""Runs commands of `goboard` as a user does: a process, with nothing of this environment."""

import os
import subprocess
import sys
from pathlib import Path


class Outcome:
    """How a command ended."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr
        assert "Traceback" not in self.err, self.err

    @property
    def told(self) -> list[str]:
        return self.err.splitlines()


def goboard(folder: Path, *arguments: str, **environment: str) -> Outcome:
    """Run `goboard` until it ends."""
    inherited = {name: value for name, value in os.environ.items() if name == "PATH" or name.startswith("COV")}
    command = [str(Path(sys.executable).with_name("goboard")), *arguments]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**inherited, "COLUMNS": "80", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return Outcome(done)
