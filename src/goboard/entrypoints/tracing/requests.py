"""A request that is followed, as the transports and the log see it."""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import NamedTuple, Protocol

Attributes = Mapping[str, str | int]


class Ids(NamedTuple):
    """What leads from a log line to the trace, in hexadecimal as everywhere."""

    trace: str
    span: str


class Followed(Protocol):
    """A request that is followed."""

    @property
    def ids(self) -> Ids | None:
        """By which it is found; None: traces are switched off in OpenTelemetry's own settings."""
        ...

    def answered(self, name: str, attributes: Attributes, *, failed: bool, lasts: bool = False) -> None:
        """Take in how it was answered, which ends it; `failed` where that is the server's fault.

        Where it `lasts`, as a WebSocket does after the handshake, what it asks of the store later is followed by
        itself.
        """
        ...

    def left(self) -> None:
        """Take in that it has ended, whether it was answered or not."""
        ...


class Requests(Protocol):
    """Follows requests."""

    def begin(self, name: str, traceparents: Sequence[str], attributes: Attributes, *, lasts: bool = False) -> Followed:
        """Follow the request that the running task serves; `traceparents` are the values that were sent of that header.

        The names and attributes must tell of no member, no board and no token. With `lasts`, as in
        `Followed.answered`, from the beginning.
        """
        ...


current: ContextVar[Followed | None] = ContextVar("followed", default=None)
"""The request that the running task serves, where it is followed."""
