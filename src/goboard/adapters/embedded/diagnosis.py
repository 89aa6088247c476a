"""Why a server did not come up: what its log says, and what to do about it."""

import re
import shlex
from pathlib import Path

from goboard.adapters.embedded.folder import LOG

_LINES = 8
_DAMAGED = re.compile(r"reading the append only file ([\w.-]+)")


def explain(folder: Path, binary: Path) -> str:
    """Give the way out, and the end of the server's log."""
    log = folder / LOG
    lines = log.read_text(errors="replace").splitlines()[-_LINES:]
    tail = "\n".join(f"  {line}" for line in lines) or "  (nothing)"
    return f"{_way_out(tail, folder, binary)}; the last lines of {log}:\n{tail}"


def _way_out(tail: str, folder: Path, binary: Path) -> str:
    damaged = _DAMAGED.search(tail)
    if damaged is None:
        return "mend what its log says, put back a backup of the folder, or set GOBOARD_DATA_DIR to another"
    file = folder / "appendonlydir" / damaged[1]
    # Valkey and Redis check files when they run under this name. Valkey 9.1 cannot by the manifest, as its log advises.
    check = f"exec -a redis-check-aof {shlex.quote(str(binary))} --fix {shlex.quote(str(file))}"
    return (
        f"its data in {file} is damaged: put back a backup of the folder, or make a copy of it and cut off what comes"
        f" after the damage, by: bash -c {shlex.quote(check)}"
    )
