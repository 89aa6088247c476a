"""The port for the time."""

from typing import Protocol


class Clock(Protocol):
    """The wall clock."""

    def now(self) -> float:
        """Tell the time in seconds since the epoch (UTC)."""
        ...
