"""The port for traces: what is told of how a store comes to an answer, for whoever follows a request."""

from asyncio import Future
from collections.abc import Callable, Iterable
from typing import Any, Protocol


class StoreSpans(Protocol):
    """Hears for whom a store works. It is called on the event loop, often: it must neither block nor raise."""

    def asked(self, answer: Future[Any]) -> None:
        """Take in that whoever is served by the running task waits for `answer`, which the store will bring."""
        ...

    def ran(
        self, script: str, size: int, seconds: float, answers: Callable[[], Iterable[Future[Any]]] | None = None
    ) -> None:
        """Take in that the server has answered one call of `script`, in which `size` updates or reads went out.

        `answers` gives what their callers wait for; None: the call was made for the running task alone.
        """
        ...
