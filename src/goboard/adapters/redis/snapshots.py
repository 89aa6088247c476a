"""First places that were read a moment ago, for whoever takes them a little old: off unless asked for."""

from typing import NamedTuple

from goboard.domain.names import BoardName
from goboard.domain.standings import Entry

MAX_SNAPSHOTS = 1000
"""Boards that are remembered at once; of more, those read longest ago are read again."""


class _Snapshot(NamedTuple):
    begun: float
    limit: int
    entries: list[Entry]

    def reaches(self, limit: int) -> bool:
        """Tell whether it holds as many places as `limit`, or all that there are."""
        return limit <= self.limit or len(self.entries) < self.limit


class TopSnapshots:
    """Snapshots of boards' first places, each up to `max_age` seconds old; 0: none are kept."""

    def __init__(self, max_age: float) -> None:
        self._max_age = max_age
        self._snapshots: dict[BoardName, _Snapshot] = {}  # the oldest first

    def __bool__(self) -> bool:
        return self._max_age > 0

    def get(self, board: BoardName, limit: int, now: float) -> list[Entry] | None:
        """Give the first `limit` places as they were at most `max_age` before `now`; None: they are to be read."""
        found = self._snapshots.get(board)
        if found is None or not found.reaches(limit) or now - found.begun > self._max_age:
            return None
        return found.entries[:limit]

    def put(self, board: BoardName, limit: int, entries: list[Entry], begun: float) -> None:
        """Keep what a read for `limit` places gave that began at `begun`."""
        if not self._max_age:
            return
        self._snapshots.pop(board, None)
        self._snapshots[board] = _Snapshot(begun, limit, entries)
        while len(self._snapshots) > MAX_SNAPSHOTS or self._oldest().begun < begun - self._max_age:
            del self._snapshots[next(iter(self._snapshots))]

    def _oldest(self) -> _Snapshot:
        return next(iter(self._snapshots.values()))
