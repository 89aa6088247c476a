"""gRPC calls: unary ones, so many at a time a connection, and streams with so many updates in flight each."""

import time
from collections import deque
from itertools import repeat

from bench.load.connection import BrokenError
from bench.load.http2 import END_STREAM, Http2Connection, data_frame, header_block, headers_frame
from bench.load.protobuf import fields, has_problem, split_messages, update_request
from bench.load.tally import Tally
from bench.load.traffic import Traffic

UNARY = "/dashboard.DashboardService/IncrementScore"
STREAM = "/dashboard.DashboardService/StreamUpdates"


def updates(board: str, names: list[str]) -> Traffic:
    """Requests, one update each."""
    return Traffic([update_request(board, name) for name in names])


def call_headers(method: str, authority: str, token: str) -> bytes:
    """The header block that begins a call."""
    return header_block(
        {
            ":method": "POST",
            ":scheme": "http",
            ":path": method,
            ":authority": authority,
            "te": "trailers",
            "content-type": "application/grpc",
            "authorization": f"Bearer {token}",
        }
    )


class UnaryConnection(Http2Connection):
    """So many unary calls at a time; an answered one is followed by another."""

    def __init__(self, tally: Tally, traffic: Traffic, calls_in_flight: int, block: bytes) -> None:
        super().__init__(tally)
        self._traffic = traffic
        self._calls = calls_in_flight
        self._block = block
        self._next_stream = 1
        self._sent: dict[int, float] = {}
        self._bodies: dict[int, bytes] = {}

    @property
    def in_flight(self) -> int:
        """The calls not answered."""
        return len(self._sent)

    def start(self) -> None:
        """Make the first calls."""
        if self._calls > self.concurrent_streams:
            raise BrokenError(f"the server allows {self.concurrent_streams} calls at a time")
        self.running = True
        for _ in range(self._calls):
            self._call()
        self.flush()

    def data_came(self, stream: int, payload: bytes, *, ended: bool) -> None:
        """Keep a reply, or a piece of one."""
        self._bodies[stream] = self._bodies.get(stream, b"") + payload
        if ended:
            self._end(stream, "the call ended without trailers")

    def headers_came(self, stream: int, headers: dict[str, str], *, ended: bool) -> None:
        """Take the trailers; the headers say nothing that they do not."""
        if ended:
            self._end(stream, "" if headers.get("grpc-status") == "0" else str(headers))

    def reset_came(self, stream: int, reason: str) -> None:
        """Count a failed call; one that is answered may be reset."""
        if stream in self._sent:
            self._end(stream, reason)

    def _call(self) -> None:
        stream, message = self._next_stream, self._traffic.next()
        self._next_stream += 2
        self.spend(0, len(message))
        if len(message) > self.initial_window:
            raise BrokenError(f"the server's window of {self.initial_window} bytes is too small for one message")
        self._sent[stream] = time.perf_counter()
        self.write(headers_frame(stream, self._block), data_frame(stream, message, END_STREAM))

    def _end(self, stream: int, failure: str) -> None:
        latency = time.perf_counter() - self._sent.pop(stream)
        messages, rest = split_messages(self._bodies.pop(stream, b""))
        if failure or rest or len(messages) != 1 or not messages[0]:
            self.tally.fail(failure or f"OK with {messages} and {rest!r}")
        else:
            self.tally.answer(latency)
            if not self.tally.sample:
                self.tally.sample = str(fields(messages[0]))
        if self.running:
            self._call()
        elif not self._sent:
            self.finish()


class _Stream:
    """One call of StreamUpdates."""

    def __init__(self) -> None:
        self.sent: deque[float] = deque()
        self.partial = b""
        self.half_closed = False


class StreamConnection(Http2Connection):
    """So many streams; what a stream is answered in one frame is followed by as much in one frame."""

    def __init__(self, tally: Tally, traffic: Traffic, streams: int, updates_in_flight: int, block: bytes) -> None:
        super().__init__(tally)
        self._traffic = traffic
        self._updates = updates_in_flight
        self._block = block
        self._streams = {number: _Stream() for number in range(1, 2 * streams, 2)}

    @property
    def in_flight(self) -> int:
        """The updates not answered."""
        return sum(len(stream.sent) for stream in self._streams.values())

    def start(self) -> None:
        """Open the streams, each with its first updates."""
        if len(self._streams) > self.concurrent_streams:
            raise BrokenError(f"the server allows {self.concurrent_streams} streams at a time")
        self.running = True
        for number, stream in self._streams.items():
            self.send_windows[number] = self.initial_window
            self.write(headers_frame(number, self._block))
            self._send(number, stream, self._updates)
        self.flush()

    def stop(self) -> None:
        """Half-close the streams, each when it is answered."""
        self.running = False
        for number, stream in self._streams.items():
            self._half_close(number, stream)
        self.flush()
        super().stop()

    def finish(self) -> None:
        """All is answered; the run is over when all streams have ended too."""
        if not self._streams:
            super().finish()

    def data_came(self, number: int, payload: bytes, *, ended: bool) -> None:
        """Take replies."""
        stream = self._streams.get(number)
        if stream is None:
            raise BrokenError(f"DATA on stream {number}, which has ended")
        messages, stream.partial = split_messages(stream.partial + payload)
        for message in messages:
            self._count(stream, message)
        if ended:
            self._end(number, "the stream ended without trailers")
        elif not self.running:
            self._half_close(number, stream)
        elif messages:
            self._send(number, stream, len(messages))

    def headers_came(self, number: int, headers: dict[str, str], *, ended: bool) -> None:
        """Take the trailers; the headers say nothing that they do not."""
        if ended:
            stream = self._streams[number]
            good = headers.get("grpc-status") == "0" and stream.half_closed and not stream.partial
            self._end(number, "" if good else str(headers))

    def reset_came(self, number: int, reason: str) -> None:
        """Count a failed stream; one that has ended may be reset."""
        if number in self._streams:
            self._end(number, reason)

    def _send(self, number: int, stream: _Stream, count: int) -> None:
        payload = self._traffic.joined(count)
        self.spend(0, len(payload))
        self.spend(number, len(payload))
        stream.sent.extend(repeat(time.perf_counter(), count))
        self.write(data_frame(number, payload))

    def _count(self, stream: _Stream, message: bytes) -> None:
        if not stream.sent:
            raise BrokenError("more replies than updates")
        latency = time.perf_counter() - stream.sent.popleft()
        if has_problem(message):
            self.tally.fail(str(fields(message)))
            return
        self.tally.answer(latency)
        if not self.tally.sample:
            self.tally.sample = str(fields(message))

    def _half_close(self, number: int, stream: _Stream) -> None:
        if not stream.sent and not stream.half_closed:
            stream.half_closed = True
            self.write(data_frame(number, b"", END_STREAM))

    def _end(self, number: int, failure: str) -> None:
        stream = self._streams.pop(number)
        if failure or stream.sent:
            self.tally.fail(failure or "the stream ended early", max(1, len(stream.sent)))
        self.finish()
