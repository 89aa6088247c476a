"""The versions of boards in memory."""

import itertools
import secrets

from goboard.adapters.memory.events import MemoryEventBus
from goboard.domain.names import BoardName
from goboard.domain.views import Version


class Versions:
    """Counts what is written to each board, and tells who listens."""

    def __init__(self, events: MemoryEventBus) -> None:
        self._events = events
        self._store = secrets.token_hex(4)  # what was in memory is lost with the process: each store is an epoch
        self._begun = itertools.count(1)
        self._versions: dict[BoardName, Version] = {}

    def of(self, board: BoardName) -> Version:
        """Give the board's version."""
        return self._versions.get(board) or Version(self._store, 0)

    def rise(self, board: BoardName, *, gone: bool) -> None:
        """Count a write; a board that is gone begins another epoch when it comes again."""
        epoch, number = self._versions.get(board) or Version(f"{self._store}-{next(self._begun)}", 0)
        if gone:
            self._versions.pop(board, None)
        else:
            self._versions[board] = Version(epoch, number + 1)
        self._events.tell(board, number + 1)
