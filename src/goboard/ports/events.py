"""The port for events: that a board has changed."""

from collections.abc import Callable
from typing import Protocol

from goboard.domain.names import BoardName

Heard = Callable[[int | None], None]
"""Called with the number of the version to which the board has changed; None: something may have been missed."""


class EventBus(Protocol):
    """Tells who listens that a board has changed. It is a hint: an event may be lost, and nothing may depend on it.

    A store publishes what its writes change: at most one event a board and batch, when the batch is applied.
    """

    def listen(self, board: BoardName, heard: Heard) -> Callable[[], None]:
        """Call `heard` whenever the board has changed; the function that is given back ends that.

        `heard` is called on the event loop and must neither block nor raise. It is called with None as soon as the
        board is really listened to, and again whenever listening was interrupted: who reads the board then has missed
        nothing.
        """
        ...

    async def publish(self, board: BoardName, number: int) -> None:
        """Tell that the board has changed to version `number`.

        For whoever writes past the store: watchers hear of it at once, where they would else find it within a second.
        """
        ...

    async def close(self) -> None:
        """End all listening, and give back connections."""
        ...
