"""The port for measures: what is told of how the store and the watches fare, for whoever counts it."""

from typing import Protocol


class StoreMeasures(Protocol):
    """Hears what a store does. It is called on the hot path, on the event loop: it must neither block nor raise."""

    def ran(self, script: str, size: int, seconds: float) -> None:
        """Take in that the server has answered one call of `script`, in which `size` updates or reads went out."""
        ...

    def failed(self, error: Exception) -> None:
        """Take in that a call came to nothing, or to an unknown outcome; `error` is what its callers get."""
        ...

    def replayed(self, count: int) -> None:
        """Take in that so many updates were repetitions, which were answered and not applied again."""
        ...


class LiveMeasures(Protocol):
    """Hears how watchers keep up. It must neither block nor raise."""

    def conflated(self) -> None:
        """Take in that a watcher was given the latest state in place of changes that it had no time for."""
        ...


class Unmeasured:
    """Counts nothing: what the library does unless it is told otherwise."""

    def ran(self, script: str, size: int, seconds: float) -> None:
        """Take no notice."""

    def failed(self, error: Exception) -> None:
        """Take no notice."""

    def replayed(self, count: int) -> None:
        """Take no notice."""

    def conflated(self) -> None:
        """Take no notice."""


UNMEASURED = Unmeasured()
