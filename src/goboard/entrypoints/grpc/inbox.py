"""What a client sends in one call: the messages cut out of its DATA frames.

It stands in the place of grpclib 0.4.9's `protocol.Buffer`, which has no limit on a message's size, takes an empty DATA
frame for the end of the stream, and fails by AssertionError where the stream ends within a message.
"""

import asyncio
import time
from collections.abc import Callable

from goboard.entrypoints import problems
from goboard.entrypoints.grpc import refusals

PREFIX_BYTES = 5  # a flag and the length: "Length-Prefixed-Message" in gRPC's PROTOCOL-HTTP2
COMPRESSED_FLAG = 1


class Inbox:
    """Holds what has come and was not read; its size is bounded by the stream's flow-control window."""

    def __init__(self, acknowledge: Callable[[int], None], max_message_bytes: int) -> None:
        self._acknowledge = acknowledge
        self._limit = max_message_bytes
        self._data = bytearray()
        self._unacknowledged = 0
        self._half_closed = False
        self._awaited_since: float | None = None
        """Since when the rest of a message is waited for."""
        self._refusal: refusals.CallRefused | None = None
        self.changed = asyncio.Event()
        """Set whenever there may be more to take; whoever waits for it clears it."""

    def add(self, data: bytes, ack_size: int) -> None:
        """Take in a DATA frame's content; `ack_size` is what it counts for flow control (its padding too)."""
        self._data += data
        self._unacknowledged += ack_size
        self.changed.set()

    def eof(self) -> None:
        """Note that the client has half-closed the stream."""
        self._half_closed = True
        self.changed.set()

    def stop(self, refusal: refusals.CallRefused) -> None:
        """Refuse all that was not taken yet; of several refusals the first one counts."""
        self._refusal = self._refusal or refusal
        self.changed.set()

    def check(self) -> None:
        """Raise the refusal with which the inbox was stopped."""
        if self._refusal is not None:
            raise self._refusal

    def unacked_size(self) -> int:
        """Give what was never acknowledged, to return it to the connection's flow control when the call ends."""
        size, self._unacknowledged = self._unacknowledged, 0
        return size

    @property
    def ended(self) -> bool:
        """Whether everything was taken and no more will come."""
        return self._half_closed and not self._data

    def take(self) -> bytes | None:
        """Take the next message; None: no complete one is here.

        Raises:
            CallRefused: the message is too large or compressed, what comes is no gRPC, or the inbox was stopped.
        """
        self.check()
        end = self._end_of_message()
        if end is None or end > len(self._data):
            self._await_more()
            return None
        self._awaited_since = None
        message = bytes(self._data[PREFIX_BYTES:end])
        del self._data[:end]
        return message

    def expect(self) -> None:
        """Note that a message has to come now: the only one of a call, or the rest of one."""
        if self._awaited_since is None:
            self._awaited_since = time.monotonic()

    def stop_if_slow(self, seconds: float) -> None:
        """Refuse a message that has been under way for longer than so many seconds."""
        since = self._awaited_since
        if since is None or self._half_closed or self._has_message():
            return
        if time.monotonic() - since > seconds:
            self.stop(refusals.sent_too_slowly(seconds))

    def _has_message(self) -> bool:
        """Tell whether what is waited for has come, and was not taken yet."""
        return len(self._data) >= PREFIX_BYTES + int.from_bytes(self._data[1:PREFIX_BYTES])

    def _end_of_message(self) -> int | None:
        """Find where the first message ends; None: its prefix is not complete."""
        if len(self._data) < PREFIX_BYTES:
            return None
        flag = self._data[0]
        size = int.from_bytes(self._data[1:PREFIX_BYTES])
        if flag > COMPRESSED_FLAG:
            raise refusals.malformed(f"the message's flag byte is {flag}; it must be 0")
        if flag == COMPRESSED_FLAG:
            raise refusals.CallRefused(
                problems.UNSUPPORTED_ENCODING, "compressed messages are not read; send them as identity"
            )
        if size > self._limit:
            detail = f"the message has {size} bytes; at most {self._limit} are allowed"
            raise refusals.CallRefused(problems.TOO_LARGE, detail)
        return PREFIX_BYTES + size

    def _await_more(self) -> None:
        if self._half_closed and self._data:
            raise refusals.malformed(f"the stream ends within a message, after {len(self._data)} of its bytes")
        if self._data:
            self.expect()
        # Only now, when all that came is read or part of one message: a reader who pauses makes the client pause.
        if self._unacknowledged and not self._half_closed:
            self._acknowledge(self.unacked_size())
