"""What every load connection has: a start, a stop, and nothing in flight forgotten."""

import asyncio
from abc import ABC, abstractmethod
from asyncio import BaseTransport, Future, Transport
from typing import cast

from bench.load.tally import Tally


class BrokenError(Exception):
    """The server did what this client cannot read. Raised while data is received, it ends the connection."""


class Connection(asyncio.Protocol, ABC):
    """One connection of a run."""

    transport: Transport

    def __init__(self, tally: Tally) -> None:
        loop = asyncio.get_running_loop()
        self.tally = tally
        self.running = False
        """Whether an answered message is followed by another."""
        self.ready: Future[None] = loop.create_future()
        """Done when messages may be sent."""
        self.drained: Future[None] = loop.create_future()
        """Done when all is answered after a stop, or the connection is lost."""

    @property
    @abstractmethod
    def in_flight(self) -> int:
        """How many updates wait for their reply."""

    @abstractmethod
    def start(self) -> None:
        """Send the first messages."""

    def stop(self) -> None:
        """Send no further messages."""
        self.running = False
        if not self.in_flight:
            self.finish()

    def finish(self) -> None:
        """All is answered."""
        if not self.drained.done():
            self.drained.set_result(None)

    def give_up(self, reason: str) -> None:
        """Count what is in flight as failed, once."""
        self.running = False
        if not self.drained.done():
            self.tally.fail(reason, max(1, self.in_flight))
            self.drained.set_result(None)

    def connection_made(self, transport: BaseTransport) -> None:
        """Begin; a subclass with a handshake is ready later."""
        self.transport = cast("Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """End, too early unless the run is over."""
        reason = f"connection lost: {exc!r}"
        self.give_up(reason)
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(reason))


class Receiver(Connection, ABC):
    """A connection that only takes what comes once it is ready."""

    @property
    def in_flight(self) -> int:
        """No reply is waited for."""
        return 0

    def start(self) -> None:
        """There is nothing to send."""
