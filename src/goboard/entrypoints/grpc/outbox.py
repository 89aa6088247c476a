"""What is sent on a stream that is watched: as much as there is room for, and never more than one message at a time.

A message is begun when HTTP/2's flow control has room for a quarter of the client's window at least. Nearly every one
then goes out whole, so that trailers can follow it at any time; and a client that has read all has given back more.
"""

import asyncio

from grpclib import protocol
from h2.errors import ErrorCodes

from goboard.entrypoints.grpc import refusals
from goboard.entrypoints.grpc.watchers import Watchers

PATIENCE_SECONDS = 60.0
"""How long a client may take nothing of what there is."""
_MAX_WINDOW = 65_535  # a connection's window, until the client widens it, however wide those of its streams are
_ENOUGH = 4  # clients give a window back when half of it is used up (Go's: a quarter)


class Outbox:
    """Sends one message after another on a stream."""

    def __init__(self, stream: protocol.Stream, changed: asyncio.Event, watchers: Watchers, patience: float) -> None:
        assert stream.id is not None  # noqa: S101 -- grpclib gives the id of a stream that the client opened
        self._id = stream.id
        self._stream = stream
        self._h2 = stream._h2_connection  # noqa: SLF001 -- grpclib's `send_data` waits where we would rather not send
        self._changed = changed
        self._watchers = watchers
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._rest = b""
        self._gives_up: float | None = None
        stream.window_updated = self  # type: ignore[assignment] # it has what grpclib's connection calls

    def set(self) -> None:
        """Note that there may be more room."""
        if self.waits:
            self._changed.set()

    @property
    def waits(self) -> bool:
        """Whether there is something to send, and no room for it."""
        return self._gives_up is not None

    @property
    def unfinished(self) -> bool:
        """Whether a message was begun, and is not sent to its end."""
        return bool(self._rest)

    def ready(self) -> bool:
        """Tell whether a message can be begun; if so, there is nothing to wait for any more."""
        if self._rest or self._room() < self._enough():
            return False
        self._waits_no_more()
        return True

    def begin(self, message: bytes) -> None:
        """Send as much of a message as there is room for."""
        self._rest = message
        self.push()

    def push(self) -> bool:
        """Send more of the message that is unfinished; tell whether there was room.

        Raises:
            ProtocolError: the stream is closed.
        """
        room = min(self._room(), len(self._rest))
        if room <= 0:
            return False
        data, self._rest = self._rest[:room], self._rest[room:]
        size = self._h2.max_outbound_frame_size
        for start in range(0, room, size):
            self._h2.send_data(self._id, data[start : start + size])
        connection = self._stream.connection
        connection.flush()
        connection.data_send_process()
        self._waits_no_more()
        return True

    async def more_room(self) -> None:
        """Wait until there may be more room, or something else has happened.

        Raises:
            CallRefused: the client has taken nothing for so long that it is given up.
        """
        if self._gives_up is None:
            self._gives_up = self._loop.time() + self._patience
            self._watchers.waiting[self._stream] = None
        try:
            async with asyncio.timeout_at(self._gives_up):
                await self._changed.wait()
        except TimeoutError:
            self._drop_if_stalled()
            raise refusals.too_slow(self._patience) from None

    def close(self) -> None:
        """Send no more; after a message that is cut off no status can follow, so the stream is reset instead."""
        self._waits_no_more()
        if self._rest and self._stream.closable:
            self._stream.reset_nowait(ErrorCodes.ENHANCE_YOUR_CALM)  # in gRPC: RESOURCE_EXHAUSTED

    def _room(self) -> int:
        """Tell how many bytes can be sent now; it may be below 0."""
        if not self._stream.connection.write_ready.is_set():
            return 0
        return self._h2.local_flow_control_window(self._id)

    def _enough(self) -> int:
        """Tell how much room there is whenever the client has read everything."""
        return max(1, min(self._h2.remote_settings.initial_window_size, _MAX_WINDOW) // _ENOUGH)

    def _waits_no_more(self) -> None:
        self._gives_up = None
        self._watchers.waiting.pop(self._stream, None)

    def _drop_if_stalled(self) -> None:
        """Drop a connection that takes nothing at all: it would not take the status either."""
        if not self._stream.connection.write_ready.is_set():
            self._stream._transport.abort()  # noqa: SLF001 -- grpclib has no door to it
