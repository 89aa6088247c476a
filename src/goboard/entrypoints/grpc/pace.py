"""How much of what a client sends is taken in at a time, and what it may not send without end.

A frame takes h2 20-230 µs, however little it holds, and one read may hold 29,000 of them: taken in at once, they kept
all other clients waiting for 1-12 s. So a read is taken in by portions, between which the others have their turns; and
who sends frames that carry nothing faster than any client needs to, or larger ones than are taken, is sent away.
"""

import asyncio

from h2.errors import ErrorCodes

PORTION = 400
"""How much is taken in at once: 5-25 ms."""
FRAME_COST = 4
"""What a frame is of that; one of DATA, of which the fast path is made, counts 1."""
HEADER_BYTES = 64
"""Bytes of headers that count 1 more: decoding 16 KiB of them takes as long as 80 frames."""
MAX_IDLE_FRAMES = 2000
"""A client may cancel, or half-close by an empty frame, all the streams that it has open, and do so again."""
IDLE_FRAMES_A_SECOND = 1000
MAX_HEADER_BYTES = 64 * 1024
"""Of one call, as they are sent. h2 has the same limit for what they decode to, but gathers and decodes 1 MB first."""
MAX_FRAME_BYTES = 16 * 1024
"""What h2 offers, and checks only when a frame is there as a whole: it would keep up to 16 MiB of one."""

_PREFACE_BYTES = 24  # RFC 9113, section 3.4
_HEAD_BYTES = 9  # section 4.1: length, type, flags, stream
_DATA, _HEADERS, _WINDOW_UPDATE, _CONTINUATION = 0, 1, 8, 9  # section 6
_END_STREAM, _END_HEADERS = 1, 4


class Pace:
    """Walks over the frames of one connection as they come, cut anywhere."""

    def __init__(self) -> None:
        self._skip = _PREFACE_BYTES
        """Bytes until the next frame."""
        self._begun = b""
        """What has come of a frame's head."""
        self._too_large = False
        """Whether a frame was."""
        self._headers_open = False
        """Whether the headers that came last go on in another frame."""
        self._last_kind = _DATA
        self.headers_since: float | None = None
        """Since when headers have begun to come that are not there to their end."""
        self._header_bytes = 0
        """Of the call whose headers came last."""
        self._idle_frames = 0.0
        self._now = asyncio.get_running_loop().time
        self._counted_at = self._now()

    @property
    def fault(self) -> ErrorCodes | None:
        """Why the client is to be sent away: a frame or headers too large, or more idle frames than it needs."""
        if self._too_large:
            return ErrorCodes.FRAME_SIZE_ERROR
        if self._idle_frames > MAX_IDLE_FRAMES or self._header_bytes > MAX_HEADER_BYTES:
            return ErrorCodes.ENHANCE_YOUR_CALM
        return None

    def portion(self, data: bytes) -> int:
        """Tell how many of these bytes to take in at once; the next call is about those that follow them."""
        self._forget()
        known = self._begun + data
        at, cost, last = self._skip, 0, len(known) - _HEAD_BYTES
        while at <= last:
            if cost >= PORTION:
                taken = at - len(self._begun)
                self._skip, self._begun = 0, b""
                self._note_headers()
                return taken
            length = known[at] << 16 | known[at + 1] << 8 | known[at + 2]
            kind = known[at + 3]
            if length > MAX_FRAME_BYTES:
                self._too_large = True
            self._last_kind = kind
            cost += 1 if kind == _DATA and length else self._cost(kind, length, known[at + 4])
            at += _HEAD_BYTES + length
        self._skip, self._begun = max(0, at - len(known)), known[at:]
        self._note_headers()
        return len(data)

    def _cost(self, kind: int, length: int, flags: int) -> int:
        if kind in (_HEADERS, _CONTINUATION):
            self._header_bytes = length + (self._header_bytes if kind == _CONTINUATION else 0)
            self._headers_open = not flags & _END_HEADERS
            if kind == _HEADERS:
                self.headers_since = None
            return FRAME_COST + length // HEADER_BYTES
        carries = flags & _END_STREAM if kind == _DATA else kind == _WINDOW_UPDATE
        if not carries:
            self._idle_frames += 1
        return FRAME_COST

    def _note_headers(self) -> None:
        """Note whether headers are under way: a frame of them is, or another one has to follow."""
        if not self._headers_open and not (self._skip and self._last_kind in (_HEADERS, _CONTINUATION)):
            self.headers_since = None
        elif self.headers_since is None:
            self.headers_since = self._now()

    def _forget(self) -> None:
        if self._idle_frames:
            now = self._now()
            allowed = (now - self._counted_at) * IDLE_FRAMES_A_SECOND
            self._idle_frames = max(0.0, self._idle_frames - allowed)
            self._counted_at = now
