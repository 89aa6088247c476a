"""What clients may take of a worker over gRPC: how much at once, and how long for what they have begun to send."""

from typing import NamedTuple


class Bounds(NamedTuple):
    """The most of each."""

    connections: int = 20_000
    calls: int = 1_000
    """Unary ones that are not answered yet."""
    streams: int = 20_000
    """Calls that stream, among them all that watch."""
    opening_seconds: float = 5.0
    """For what begins HTTP/2, and for the headers of a call."""
    message_seconds: float = 10.0
    idle_seconds: float = 300.0
    """How long a connection may be without a call; its client opens another when it has one."""
    look_seconds: float = 1.0
    """How often those who take their time are looked for."""


DEFAULT_BOUNDS = Bounds()
