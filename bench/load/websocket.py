"""WebSocket: sockets, and the closed loop of so many frames in flight on each."""

import json
import time
from abc import abstractmethod
from asyncio import BaseTransport
from collections import deque
from itertools import repeat
from urllib.parse import urlencode

from bench.load.connection import BrokenError, Connection
from bench.load.members import batches
from bench.load.tally import Tally
from bench.load.traffic import Traffic

ECHO_PATH = "/echo"

# The first byte of a frame that is a whole message (RFC 6455, section 5.2).
_TEXT, _CLOSE, _PING, _PONG = 0x81, 0x88, 0x89, 0x8A
_MASKED = 0x80
_TWO_BYTES, _EIGHT_BYTES = 126, 127

# A client must mask its frames. Masked with zeros a payload stays as it is, so frames can be built before the run and
# nothing is spent on it; the server still has to unmask them.
_ZERO_MASK = bytes(4)

Frame = tuple[int, bytes]


def frame(first: int, payload: bytes) -> bytes:
    """A client's frame."""
    size = len(payload)
    if size < _TWO_BYTES:
        length = bytes([_MASKED | size])
    elif size < 1 << 16:
        length = bytes([_MASKED | _TWO_BYTES]) + size.to_bytes(2, "big")
    else:
        length = bytes([_MASKED | _EIGHT_BYTES]) + size.to_bytes(8, "big")
    return bytes([first]) + length + _ZERO_MASK + payload


def split_frames(data: bytes) -> tuple[list[Frame], bytes]:
    r"""The server's frames that are there whole, as first byte and payload, and what is left.

    Example:
        >>> split_frames(b"\x81\x02hi\x81\x05he")
        ([(129, b'hi')], b'\x81\x05he')
    """
    frames: list[Frame] = []
    at, size = 0, len(data)
    while size - at > 1:
        length, begins = data[at + 1], at + 2
        if length > _EIGHT_BYTES:
            raise BrokenError("a masked frame from a server")
        if length >= _TWO_BYTES:  # where its bytes are not all there, the end lies beyond the data anyway
            begins = at + (4 if length == _TWO_BYTES else 10)
            length = int.from_bytes(data[at + 2 : begins], "big")
        ends = begins + length
        if ends > size:
            break
        frames.append((data[at], data[begins:ends]))
        at = ends
    return frames, data[at:]


def upgrade_request(host: str, path: str, token: str) -> bytes:
    """The request that opens a socket."""
    # The key need not be random: it guards against caches, and the answer to it is not looked at.
    return (
        f"GET {path}?{urlencode({'token': token})} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def update_frames(board: str, names: list[str], size: int, path: str) -> Traffic:
    """Frames of one update, or of an array of so many."""
    updates = [
        [{"dashboard": board, "member_id": name, "increment": 1} for name in batch] for batch in batches(names, size)
    ]
    bodies = [json.dumps(batch if size > 1 else batch[0]).encode() for batch in updates]
    mark = b'"increment"' if path == ECHO_PATH else b'"rank"'  # a problem has no rank
    return Traffic([frame(_TEXT, body) for body in bodies], size, mark)


def text_frame(text: bytes) -> bytes:
    """A client's frame that is a whole message."""
    return frame(_TEXT, text)


class Socket(Connection):
    """One socket; what its messages mean is a subclass's."""

    def __init__(self, tally: Tally, upgrade: bytes) -> None:
        super().__init__(tally)
        self._upgrade = upgrade
        self._partial = b""
        self._is_open = False

    def connection_made(self, transport: BaseTransport) -> None:
        """Ask for the upgrade."""
        super().connection_made(transport)
        self.transport.write(self._upgrade)

    def finish(self) -> None:
        """Say goodbye."""
        super().finish()
        self.transport.write(frame(_CLOSE, (1000).to_bytes(2, "big")))

    @abstractmethod
    def opened(self) -> None:
        """The socket is open: be ready, or do what comes before that."""

    @abstractmethod
    def text_came(self, payload: bytes) -> None:
        """Take a message."""

    def texts_taken(self, count: int) -> None:
        """So many messages came at once, and each was taken."""

    def data_received(self, data: bytes) -> None:
        """Take the messages that are there whole."""
        self._partial += data
        if not self._is_open and not self._upgraded():
            return
        frames, self._partial = split_frames(self._partial)
        texts = 0
        for first, payload in frames:
            if first == _TEXT:
                self.text_came(payload)
                texts += 1
            else:
                self._control(first, payload)
        if texts:
            self.texts_taken(texts)

    def _upgraded(self) -> bool:
        head, ends, rest = self._partial.partition(b"\r\n\r\n")
        if not ends:
            return False
        if not head.startswith(b"HTTP/1.1 101"):
            raise BrokenError(f"the upgrade was refused: {self._partial!r}")
        self._partial = rest
        self._is_open = True
        self.opened()
        return True

    def _control(self, first: int, payload: bytes) -> None:
        if first == _PING:
            self.transport.write(frame(_PONG, payload))
        elif not (first == _CLOSE and self.drained.done()):  # a close after ours is its answer
            raise BrokenError(f"frame {first:#x}: {payload!r}")


class WebSocketConnection(Socket):
    """Frames in flight; what is answered together is followed by one write."""

    def __init__(self, tally: Tally, traffic: Traffic, frames_in_flight: int, upgrade: bytes) -> None:
        super().__init__(tally, upgrade)
        self._traffic = traffic
        self._frames = frames_in_flight
        self._sent: deque[float] = deque()

    @property
    def in_flight(self) -> int:
        """The updates of the frames not answered."""
        return len(self._sent) * self._traffic.updates

    def opened(self) -> None:
        """Be ready."""
        self.ready.set_result(None)

    def start(self) -> None:
        """Send the first frames."""
        self.running = True
        self.texts_taken(self._frames)

    def text_came(self, payload: bytes) -> None:
        """Count the replies of a message."""
        good = self._traffic.good(payload)
        latency = time.perf_counter() - self._sent.popleft()
        if good:
            self.tally.answer(latency, good)
        if good != self._traffic.updates:
            self.tally.fail(payload.decode(), self._traffic.updates - good)
        elif not self.tally.sample:
            self.tally.sample = payload.decode()

    def texts_taken(self, count: int) -> None:
        """Send as many frames as were answered."""
        if self.running:
            self._sent.extend(repeat(time.perf_counter(), count))
            self.transport.write(self._traffic.joined(count))
        elif not self._sent:
            self.finish()
