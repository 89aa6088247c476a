"""A disk that keeps, over a power cut, what was synced and nothing else: volatile_disk.c in front of a server."""

import random
import re
import shutil
import subprocess
from pathlib import Path

AOF_FOLDER = "appendonlydir"
APPENDED_TO = re.compile(r"\.(\d+)\.incr\.aof$")
"""The files that writes are appended to, of which a rewrite begins the next."""


def built(folder: Path) -> Path:
    """Compile the library that stands in front of the server. It takes a C compiler: without one this is an error."""
    library = folder / "volatile_disk.so"
    source = Path(__file__).with_suffix(".c")
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, source], check=True)
    return library


class VolatileDisk:
    """The disk of one server, whose data folder is on the same file system as `folder`."""

    def __init__(self, library: Path, folder: Path, rng: random.Random) -> None:
        sync_seconds = rng.choice([0, 0.002, 0.02, 0.1, 0.5])
        self._names_are_quick, self._writes_are_quick = rng.random() < 0.3, rng.random() < 0.3
        self._rng = rng
        self._log, self._kept = folder / "synced.log", folder / "kept"
        self._kept.mkdir()
        self.environment = {
            "LD_PRELOAD": str(library),
            "DISK_LOG": str(self._log),
            "DISK_KEEP": str(self._kept),
            "DISK_MICROSECONDS": str(int(sync_seconds * 1_000_000)),
        }

    @property
    def command(self) -> tuple[str, ...]:
        """What to put before a server's command."""
        return ("env", *[f"{name}={value}" for name, value in self.environment.items()])

    def after_power_cut(self, data: Path) -> None:
        """Give the folder what a power cut leaves. The server is dead.

        The names are those of the last sync of the folder, and of a file there is what was synced. A quick disk has
        more than it must: the latest names, or all that was appended but for the end of the last file. (Where an
        earlier one is torn, a server does not start until that is mended.)
        """
        folder, (sizes, synced) = data / AOF_FOLDER, self._synced()
        present = {path.name: path.stat().st_ino for path in folder.iterdir()}
        names = present if self._names_are_quick else synced
        last = max(filter(APPENDED_TO.search, names), key=_number)
        left = data / "left"
        left.mkdir()
        for name, number in names.items():
            content, durable = self._content(number, folder / name), sizes.get(number, 0)
            if self._writes_are_quick and APPENDED_TO.search(name):
                durable = self._rng.randint(durable, len(content)) if name == last else len(content)
            (left / name).write_bytes(content[:durable])
        shutil.rmtree(folder)
        left.rename(folder)

    def _content(self, number: int, path: Path) -> bytes:
        """Read a file that may have been removed, which loses what was never synced."""
        kept = self._kept / str(number)
        if kept.exists():
            return kept.read_bytes()
        return path.read_bytes() if path.exists() else b""

    def _synced(self) -> tuple[dict[int, int], dict[str, int]]:
        """Tell how much of each file is durable, and which names are."""
        sizes: dict[int, int] = {}
        names: dict[str, int] = {}
        for line in self._log.read_text().splitlines():
            kind, *words = line.split()
            if kind == "F":
                sizes[int(words[0])] = int(words[1])
            else:
                names = dict(zip(words[::2], map(int, words[1::2]), strict=True))
        return sizes, names


def _number(name: str) -> int:
    found = APPENDED_TO.search(name)
    assert found, name
    return int(found[1])
