"""What is sent over and over, and how a good reply is told."""

from collections.abc import Sequence
from itertools import cycle, islice


class Traffic:
    """Messages that were built before the run, in an endless round.

    All connections draw from the one round, so each begins elsewhere in it and no two send the same member at a time.
    """

    def __init__(self, messages: Sequence[bytes], updates: int = 1, mark: bytes = b"") -> None:
        self._messages = cycle(messages)
        self.updates = updates
        """How many updates one message carries."""
        self._mark = mark

    def next(self) -> bytes:
        """The next message."""
        return next(self._messages)

    def joined(self, count: int) -> bytes:
        """The next messages as one piece."""
        return b"".join(islice(self._messages, count))

    def good(self, body: bytes) -> int:
        """How many updates a reply grants: as many as the mark stands in it, or all where there is no mark."""
        return body.count(self._mark) if self._mark else self.updates
