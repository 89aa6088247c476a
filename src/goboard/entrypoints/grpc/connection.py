"""One HTTP/2 connection: what must be otherwise than in grpclib 0.4.9's server."""

import asyncio
import socket
from asyncio import BaseTransport, Future, Task, Transport
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, cast

from grpclib.config import Configuration
from grpclib.protocol import AbstractHandler, H2Protocol, Stream
from h2.config import H2Configuration
from h2.errors import ErrorCodes
from h2.events import RemoteSettingsChanged, UnknownFrameReceived, WindowUpdated
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes

from goboard.entrypoints.grpc import refusals
from goboard.entrypoints.grpc.bounds import Bounds
from goboard.entrypoints.grpc.calls import Calls
from goboard.entrypoints.grpc.gathering import GatheringTransport
from goboard.entrypoints.grpc.inbox import Inbox
from goboard.entrypoints.grpc.pace import Pace
from goboard.entrypoints.grpc.stream import Headers
from goboard.entrypoints.grpc.watchers import Watchers
from goboard.entrypoints.load import Load
from goboard.entrypoints.metrics import families

MAX_CONCURRENT_STREAMS = 1000  # h2 allows 100, and a client that wants more waits in silence

HEADER_TABLE_BYTES = 4096
"""What is kept to compress a connection's headers, which is looked through for each; HPACK's default."""
LINGER_SECONDS = 1.0
"""How long a client that is sent away has to read why; what it still sends is thrown away."""

# A stream that is not read holds up to its own window; the connection's is 16 times that, so that one or a few
# such streams do not stop the others, and it bounds what a connection can make the server keep.
_WINDOWS = Configuration(
    http2_stream_window_size=256 * 1024, http2_connection_window_size=4 * 1024 * 1024
).__for_server__()

# Every byte is some Latin-1 character: in ASCII, a metadata value beyond it would end the connection.
_H2 = H2Configuration(
    client_side=False,
    header_encoding="latin-1",
    validate_inbound_headers=False,
    validate_outbound_headers=False,
    normalize_inbound_headers=False,
    normalize_outbound_headers=False,
)


_open = families.CONNECTIONS.of("grpc")


class _Running(NamedTuple):
    """A call that is not answered yet."""

    task: Task[None]
    inbox: Inbox
    load: Load | None
    """What it counts for."""


class CallTasks(AbstractHandler):
    """The calls of one connection, each a task."""

    def __init__(self, calls: Calls, bounds: Bounds, max_message_bytes: int, ping_seconds: float) -> None:
        self._calls = calls
        self._bounds = bounds
        self._limit = max_message_bytes
        self.watchers = Watchers(ping_seconds)
        self._loop = asyncio.get_running_loop()
        self._running: dict[Stream, _Running] = {}
        self._idle_since = self._loop.time()

    @property
    def running(self) -> list[Task[None]]:
        """The calls that are not answered yet."""
        return [call.task for call in self._running.values()]

    def accept(self, stream: Stream, headers: Headers, release_stream: Callable[[], None]) -> None:
        """Begin to answer a call."""
        if not stream.closable:  # opened and reset in one read, which may hold 10,000 such: no task for each
            release_stream()
            return
        assert stream.id is not None  # noqa: S101 -- grpclib gives the id of a stream that the client opened
        load = self._calls.load_of(headers)
        if load is not None:
            if load.full and self._calls.refuse(stream, headers, load):
                release_stream()
                return
            load.count += 1
        inbox = Inbox(partial(stream.connection.ack, stream.id), self._limit)
        stream.buffer = inbox  # type: ignore[assignment] # it has what grpclib's connection calls
        answer = self._calls.answer(stream, inbox, self.watchers, headers, self._loop.time())
        task = self._loop.create_task(answer)
        self._running[stream] = _Running(task, inbox, load)
        # Not in a `finally` of the task, as in grpclib: one that is cancelled before its first step has none, and
        # a client that opens and resets streams would leave each of them behind.
        task.add_done_callback(partial(self._release, stream, release_stream))

    def is_idle(self, now: float) -> bool:
        """Tell whether there was no call for so long that the connection is not needed."""
        return not self._running and now - self._idle_since > self._bounds.idle_seconds

    def stop_slow(self) -> None:
        """Refuse the messages that take too long to come."""
        for call in self._running.values():
            call.inbox.stop_if_slow(self._bounds.message_seconds)

    def cancel(self, stream: Stream) -> None:
        """End a call that the client has reset."""
        if call := self._running.get(stream):
            call.task.cancel()

    def close(self) -> None:
        """End all calls."""
        for call in self._running.values():
            call.task.cancel()

    def drain(self) -> None:
        """Let the calls read no more; what they have read is answered."""
        for call in self._running.values():
            call.inbox.stop(refusals.stopping())

    def _release(self, stream: Stream, release_stream: Callable[[], None], task: Task[None]) -> None:
        load = self._running.pop(stream).load
        if load is not None:
            load.count -= 1
        self._idle_since = self._loop.time()
        release_stream()
        if not task.cancelled() and (error := task.exception()):
            self._loop.call_exception_handler({"message": "a gRPC call failed", "exception": error, "task": task})


class CallProtocol(H2Protocol):
    """A connection, from the first byte to the last."""

    handler: CallTasks
    transport: GatheringTransport

    def __init__(
        self,
        calls: Calls,
        bounds: Bounds,
        max_message_bytes: int,
        connections: "set[CallProtocol]",
        ping_seconds: float,
    ) -> None:
        super().__init__(CallTasks(calls, bounds, max_message_bytes, ping_seconds), _WINDOWS, _H2)
        self._bounds = bounds
        self._connections = connections
        self._made_at = asyncio.get_running_loop().time()
        self._has_begun = False
        """Whether the client has said what an HTTP/2 client says first."""
        self._stopping = calls.stopping
        self._pace = Pace()
        self._waiting = b""
        """What was read and not taken in yet; meanwhile nothing more is read."""
        self.lost: Future[None] = asyncio.get_running_loop().create_future()
        """Done when the connection is gone."""

    def connection_made(self, transport: BaseTransport) -> None:
        """Begin."""
        self.transport = GatheringTransport(cast("Transport", transport))
        super().connection_made(self.transport)
        # asyncio and grpclib do this only where the socket was made with the protocol's number spelled out.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        is_one_too_many = len(self._connections) >= self._bounds.connections
        self._connections.add(self)
        _open[0] += 1
        # RFC 9113, section 4.1: frames of unknown types are ignored. grpclib raises, which ends the connection.
        self.processor.processors[UnknownFrameReceived] = lambda _: None
        self.processor.processors[WindowUpdated] = self._window_updated
        self.processor.processors[RemoteSettingsChanged] = self._settings_changed
        self.connection._connection.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: MAX_CONCURRENT_STREAMS})  # noqa: SLF001 -- the setting has no other door
        self.connection.flush()
        # The latter: it was accepted in the moment of the stop.
        if not _speaks_h2(transport) or self._stopping.is_set():
            self.say_goodbye()
        elif is_one_too_many:
            self.connection._connection.close_connection(ErrorCodes.ENHANCE_YOUR_CALM)  # noqa: SLF001 -- as in say_goodbye
            self._send_away()

    def data_received(self, data: bytes) -> None:
        """Take in what comes, a portion of it in each of the loop's turns."""
        if self._waiting:  # the transport may hand over what it has read already when it is told to pause
            self._waiting += data
        elif not self.transport.is_closing():
            self._begin(data)

    def _begin(self, data: bytes) -> None:
        self._take_portion(data)
        if self._waiting:
            self.transport.pause_reading()

    def _take_portion(self, data: bytes) -> None:
        size = self._pace.portion(data)
        if (fault := self._pace.fault) is not None:
            self.connection._connection.close_connection(fault)  # noqa: SLF001 -- as in say_goodbye
            self._send_away()
            return
        self._take(data[:size])
        self._waiting = b"" if self.transport.is_closing() else data[size:]
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        if self.transport.is_closing():
            return
        self._take_portion(self._waiting)
        if not self._waiting and not self.transport.is_closing():
            self.transport.resume_reading()

    def _take(self, data: bytes) -> None:
        """Do as grpclib's connection does, and tell a client that breaks HTTP/2 what it broke."""
        try:
            events = self.connection.feed(data)
        except ProtocolError:  # for which h2 has made a GOAWAY
            self._send_away()
            return
        self.connection.flush()
        for event in events:
            self.processor.process(event)
        self.connection.flush()

    def _send_away(self) -> None:
        self._waiting = b""
        self.connection.flush()
        self.transport.linger(LINGER_SECONDS)
        self.processor.close("the client was sent away")

    def look(self, now: float) -> None:
        """See that the client does not take more time than it may."""
        if self.transport.is_closing():
            return
        opening = self._pace.headers_since if self._has_begun else self._made_at
        if opening is not None and now - opening > self._bounds.opening_seconds:
            self.connection._connection.close_connection(ErrorCodes.SETTINGS_TIMEOUT)  # noqa: SLF001 -- as in say_goodbye
            self._send_away()
        elif self.handler.is_idle(now):
            self.say_goodbye("nothing was called")
        else:
            self.handler.stop_slow()

    def resume_writing(self) -> None:
        """Go on writing."""
        super().resume_writing()
        self._wake_all()

    def connection_lost(self, exc: BaseException | None) -> None:
        """End."""
        self._connections.discard(self)
        _open[0] -= 1
        super().connection_lost(exc)
        self.lost.set_result(None)

    def _settings_changed(self, event: RemoteSettingsChanged) -> None:
        self._has_begun = True
        self.processor.process_remote_settings_changed(event)
        encoder = self.connection._connection.encoder  # noqa: SLF001 -- h2 takes what the client allows, up to 4 GiB
        if encoder.header_table_size > HEADER_TABLE_BYTES:
            encoder.header_table_size = HEADER_TABLE_BYTES
            encoder.table_size_changes = [HEADER_TABLE_BYTES]

    def _window_updated(self, event: WindowUpdated) -> None:
        if event.stream_id == 0:
            self._wake_all()
        elif stream := self.processor.streams.get(event.stream_id):
            stream.window_updated.set()

    def _wake_all(self) -> None:
        """Let all streams look whether there is room for them now; who has waited longest takes it first."""
        for stream in (*self.handler.watchers.waiting, *self.processor.streams.values()):
            stream.window_updated.set()

    def say_goodbye(self, reason: str = "the server is stopping") -> None:
        """Send GOAWAY and close, once what was written is sent; `reason` is for who is in a call nevertheless."""
        if not self.transport.is_closing():
            self.connection._connection.close_connection()  # noqa: SLF001 -- grpclib only drops the connection
            self.connection.flush()
            self.processor.close(reason)


def _speaks_h2(transport: BaseTransport) -> bool:
    """Tell whether the client has asked for HTTP/2, as it must over TLS (RFC 9113, section 3.2)."""
    tls = transport.get_extra_info("ssl_object")
    return tls is None or tls.selected_alpn_protocol() == "h2"
