"""The part of HTTP/2 that a gRPC client needs, by hand: h2 takes longer over a message than most servers do."""

import struct
from abc import abstractmethod
from asyncio import BaseTransport

from hpack import Decoder, Encoder
from hpack.struct import NeverIndexedHeaderTuple

from bench.load.connection import BrokenError, Connection
from bench.load.tally import Tally

# Types and flags of frames, and the settings that matter here (RFC 9113, sections 6 and 6.5.2).
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PUSH_PROMISE, _PING, _GOAWAY, _WINDOW_UPDATE, _CONTINUATION = (
    0x0, 0x1, 0x3, 0x4, 0x5, 0x6, 0x7, 0x8, 0x9,
)  # fmt: skip
END_STREAM = ACK = 0x1
END_HEADERS = 0x4
_PADDED_OR_PRIORITY = 0x28
_ENABLE_PUSH, _MAX_CONCURRENT_STREAMS, _INITIAL_WINDOW_SIZE = 0x2, 0x3, 0x4

_HEAD = struct.Struct(">HBBBL")
_HEAD_BYTES = 9
_SETTING = struct.Struct(">HL")
_DEFAULT_WINDOW = 65_535
_LARGEST_WINDOW = 2**31 - 1
_LARGEST_FRAME = 16_384
_REPLENISH_BYTES = 1 << 20  # far below the window, so that the server never waits; seldom enough to cost nothing
_INDEXED_FROM, _LONG_INDEX = 0x80, 0xFF

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame_head(size: int, kind: int, flags: int, stream: int) -> bytes:
    """The nine bytes before a frame's payload."""
    return _HEAD.pack(size >> 8, size & 0xFF, kind, flags, stream)


def data_frame(stream: int, payload: bytes, flags: int = 0) -> bytes:
    """A DATA frame."""
    if len(payload) > _LARGEST_FRAME:
        raise ValueError(f"{len(payload)} bytes do not go into one DATA frame: have fewer in flight")
    return frame_head(len(payload), _DATA, flags, stream) + payload


def headers_frame(stream: int, block: bytes) -> bytes:
    """A HEADERS frame that opens a stream."""
    return frame_head(len(block), _HEADERS, END_HEADERS, stream) + block


def header_block(headers: dict[str, str]) -> bytes:
    """A header block of literals that no table remembers, so that the same bytes serve for every call."""
    return Encoder().encode([NeverIndexedHeaderTuple(*header) for header in headers.items()], huffman=False)


class HeaderReader:
    """Decodes the server's header blocks, each of the frequent ones once.

    A block of nothing but indexed fields leaves the dynamic table as it is, so its meaning stays until some other
    block comes; servers come to such blocks from the second call on.
    """

    def __init__(self) -> None:
        self._decoder = Decoder()
        self._known: dict[bytes, dict[str, str]] = {}

    def read(self, block: bytes) -> dict[str, str]:
        """The headers of a block; every block must be read, in order."""
        known = self._known.get(block)
        if known is not None:
            return known
        headers = {str(name): str(value) for name, value in self._decoder.decode(block)}
        if min(block, default=0) >= _INDEXED_FROM and _LONG_INDEX not in block:  # RFC 7541, section 6.1
            self._known[block] = headers
        else:
            self._known.clear()
        return headers


class Http2Connection(Connection):
    """Reads and writes frames; what they mean is a subclass's."""

    def __init__(self, tally: Tally) -> None:
        super().__init__(tally)
        self.initial_window = _DEFAULT_WINDOW
        self.concurrent_streams = _LARGEST_WINDOW
        self.send_windows: dict[int, int] = {0: _DEFAULT_WINDOW}
        """What may be sent, for the connection (0) and for the streams that live long."""
        self.headers = HeaderReader()
        self._received = 0
        self._partial = b""
        self._out: list[bytes] = []
        self._settled = False

    @abstractmethod
    def data_came(self, stream: int, payload: bytes, *, ended: bool) -> None:
        """Take a DATA frame."""

    @abstractmethod
    def headers_came(self, stream: int, headers: dict[str, str], *, ended: bool) -> None:
        """Take the headers or the trailers of a stream."""

    @abstractmethod
    def reset_came(self, stream: int, reason: str) -> None:
        """Take a RST_STREAM."""

    def connection_made(self, transport: BaseTransport) -> None:
        """Say hello, with the largest windows that there are."""
        super().connection_made(transport)
        settings = _SETTING.pack(_ENABLE_PUSH, 0) + _SETTING.pack(_INITIAL_WINDOW_SIZE, _LARGEST_WINDOW)
        self.write(_PREFACE, frame_head(len(settings), _SETTINGS, 0, 0), settings)
        self.grant(0, _LARGEST_WINDOW - _DEFAULT_WINDOW)
        self.flush()

    def opened(self) -> None:
        """The server has said what it allows: be ready, or do what comes before that."""
        self.ready.set_result(None)

    def write(self, *pieces: bytes) -> None:
        """Have something sent with the next flush."""
        self._out += pieces

    def flush(self) -> None:
        """Send all that was written, as one."""
        if self._out:
            self.transport.write(b"".join(self._out))
            self._out.clear()

    def grant(self, stream: int, size: int) -> None:
        """Let the server send so much more."""
        self.write(frame_head(4, _WINDOW_UPDATE, 0, stream), size.to_bytes(4, "big"))

    def spend(self, stream: int, size: int) -> None:
        """Use up the server's window. A closed loop should never come near its end, so that is no case to wait in."""
        self.send_windows[stream] -= size
        if self.send_windows[stream] < 0:
            raise BrokenError(f"the server's window of stream {stream} (0: the connection's) has run out")

    def data_received(self, data: bytes) -> None:
        """Take the frames that are there whole."""
        if self._partial:
            data = self._partial + data
        at, size = 0, len(data)
        while size - at >= _HEAD_BYTES:
            high, low, kind, flags, stream = _HEAD.unpack_from(data, at)
            ends = at + _HEAD_BYTES + (high << 8 | low)
            if ends > size:
                break
            self._take(kind, flags, stream, data[at + _HEAD_BYTES : ends])
            at = ends
        self._partial = data[at:]
        self.flush()

    def _take(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == _DATA:
            self._receive(len(payload))
            self._refuse_padding(flags)
            self.data_came(stream, payload, ended=bool(flags & END_STREAM))
        elif kind == _HEADERS:
            self._refuse_padding(flags)
            if not flags & END_HEADERS:
                raise BrokenError("a header block in several frames")
            self.headers_came(stream, self.headers.read(payload), ended=bool(flags & END_STREAM))
        else:
            self._control(kind, flags, stream, payload)

    def _control(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == _WINDOW_UPDATE:
            if stream in self.send_windows:  # a stream of one message needs no more than it began with
                self.send_windows[stream] += int.from_bytes(payload, "big")
        elif kind == _SETTINGS and not flags & ACK:
            self._settle(payload)
        elif kind == _PING and not flags & ACK:
            self.write(frame_head(len(payload), _PING, ACK, 0), payload)
        elif kind == _RST_STREAM:
            self.reset_came(stream, f"the stream was reset with code {int.from_bytes(payload, 'big')}")
        elif kind == _GOAWAY and not self.drained.done():
            raise BrokenError(f"GOAWAY: {payload!r}")
        elif kind in (_PUSH_PROMISE, _CONTINUATION):
            raise BrokenError(f"a frame of type {kind}")

    def _settle(self, payload: bytes) -> None:
        settings = dict(_SETTING.iter_unpack(payload))
        grown = settings.get(_INITIAL_WINDOW_SIZE, self.initial_window) - self.initial_window
        self.initial_window += grown
        for stream in self.send_windows:
            self.send_windows[stream] += grown if stream else 0  # RFC 9113, section 6.9.2
        self.concurrent_streams = settings.get(_MAX_CONCURRENT_STREAMS, self.concurrent_streams)
        self.write(frame_head(0, _SETTINGS, ACK, 0))
        if not self._settled:
            self._settled = True
            self.opened()

    def _receive(self, size: int) -> None:
        # Only the connection's window is replenished: a stream's 2 GiB are 50 million replies, more than a run has.
        self._received += size
        if self._received >= _REPLENISH_BYTES:
            self.grant(0, self._received)
            self._received = 0

    @staticmethod
    def _refuse_padding(flags: int) -> None:
        if flags & _PADDED_OR_PRIORITY:
            raise BrokenError("a padded frame, or one with a priority")
