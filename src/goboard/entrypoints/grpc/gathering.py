"""Writes joined: what a turn of the event loop writes to a connection goes out in one system call.

grpclib writes headers, message and trailers of a unary reply one by one, at 19 µs a `send(2)`; and the replies of one
batch of the store come in one turn.
"""

import asyncio
from typing import Any

MAX_GATHERED = 64 * 1024
"""Bytes that are not kept any longer: from there on it is the transport's to say when it is enough."""


class GatheringTransport(asyncio.Transport):
    """A transport that keeps what is written until the loop's next turn, and is `inner` in all else."""

    def __init__(self, inner: asyncio.Transport) -> None:
        super().__init__()
        self._inner = inner
        self._loop = asyncio.get_running_loop()
        self._written: list[bytes] = []
        self._size = 0
        self._lingers = False

    def write(self, data: Any) -> None:
        """Let `data` go out with all else that is written in this turn."""
        if not self._written:
            self._loop.call_soon(self._flush)
        self._written.append(data)
        self._size += len(data)
        if self._size >= MAX_GATHERED:
            self._flush()

    def close(self) -> None:
        """Close, once what was written is sent."""
        self._flush()
        if not self._lingers:
            self._inner.close()

    def linger(self, seconds: float) -> None:
        """Write no more, and close when the peer does or after `seconds`: at once, what was written last would be lost.

        What the peer still sends has to be read, or the kernel resets the connection.
        """
        self._flush()
        self._lingers = True
        if not self._inner.is_closing():
            self._inner.write_eof()
            self._inner.resume_reading()
        self._loop.call_later(seconds, self._inner.close)

    def abort(self) -> None:
        """Close at once; what was written is lost."""
        self._clear()
        self._inner.abort()

    def is_closing(self) -> bool:
        """Tell whether no more can be written."""
        return self._lingers or self._inner.is_closing()

    def pause_reading(self) -> None:
        """Let the peer wait with what it sends."""
        self._inner.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        self._inner.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Tell about the connection."""
        return self._inner.get_extra_info(name, default)

    def _flush(self) -> None:
        if self._written and not self._inner.is_closing():
            self._inner.write(b"".join(self._written))
        self._clear()

    def _clear(self) -> None:
        self._written.clear()
        self._size = 0
