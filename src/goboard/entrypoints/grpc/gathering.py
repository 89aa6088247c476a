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
        self._inner.close()

    def abort(self) -> None:
        """Close at once; what was written is lost."""
        self._clear()
        self._inner.abort()

    def is_closing(self) -> bool:
        """Tell whether no more can be written."""
        return self._inner.is_closing()

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
