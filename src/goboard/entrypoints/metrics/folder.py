"""The numbers of all workers, each one's in a file: any worker can tell of all, also of those that are no more.

prometheus_client has a way to count over processes, too; it counts in shared files, where each number takes 2 µs, and
leaves out what it calls `process_`.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from goboard.entrypoints.metrics.families import FAMILIES, Labels, Values

Numbers = dict[str, dict[Labels, Values]]

_GONE = "gone"
_LOCK = "lock"
_GAUGES = frozenset(family.name for family in FAMILIES if family.kind == "gauge")
_read = msgspec.msgpack.Decoder(Numbers).decode


class Sums(NamedTuple):
    """The numbers of all workers together; gauges are of those that live."""

    numbers: Numbers
    workers: int


class Folder:
    """A folder in which each worker keeps its numbers. `goboard serve` makes it, and removes it at its end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # A number of a process may come again: the rest keeps a worker from writing over a dead one's file.
        self._own = f"{os.getpid()}-{secrets.token_hex(4)}"

    def write(self, numbers: bytes) -> None:
        """Write this worker's numbers, whole or not at all."""
        unfinished = self._path / f".{self._own}"
        unfinished.write_bytes(numbers)
        unfinished.replace(self._path / self._own)

    def read(self) -> Sums:
        """Add up what all workers have written."""
        with self._locked(fcntl.LOCK_SH):
            sums: Numbers = {}
            living = 0
            for name in self._names():
                lives = _lives(name)
                living += lives
                _add(sums, self._numbers(name), gauges=lives)
            return Sums(sums, living)

    def join_the_dead(self) -> None:
        """Keep the numbers of dead workers in one file, so that workers that die again and again leave no more."""
        with self._locked(fcntl.LOCK_EX):
            dead = [name for name in self._names() if not _lives(name)]
            sums: Numbers = {}
            for name in dead:
                _add(sums, self._numbers(name), gauges=False)
            unfinished = self._path / f".{_GONE}"
            unfinished.write_bytes(msgspec.msgpack.encode(sums))
            unfinished.replace(self._path / _GONE)
            for name in dead:
                if name != _GONE:
                    (self._path / name).unlink()

    def _names(self) -> list[str]:
        return [name for name in os.listdir(self._path) if name != _LOCK and not name.startswith(".")]  # noqa: PTH208 -- names are all that is wanted

    def _numbers(self, name: str) -> Numbers:
        return _read((self._path / name).read_bytes())

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        with (self._path / _LOCK).open("w") as lock:
            fcntl.flock(lock, how)  # let go when the file is closed
            yield


def _lives(name: str) -> bool:
    if name == _GONE:
        return False
    with suppress(ProcessLookupError):
        os.kill(int(name.partition("-")[0]), 0)
        return True
    return False


def _add(sums: Numbers, numbers: Mapping[str, Mapping[Labels, Values]], *, gauges: bool) -> None:
    for family, samples in numbers.items():
        if family in _GAUGES and not gauges:
            continue
        into = sums.setdefault(family, {})
        for labels, values in samples.items():
            before = into.get(labels)
            into[labels] = values if before is None else [a + b for a, b in zip(before, values, strict=True)]
