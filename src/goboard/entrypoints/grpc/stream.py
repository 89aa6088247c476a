"""One call as its handler sees it: in place of grpclib 0.4.9's `recv_message` and its way of telling a failure."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from grpclib import protocol, server
from grpclib.const import Handler, Status
from grpclib.events import _DispatchServerEvents
from grpclib.metadata import encode_bin_value, encode_grpc_message

from goboard.entrypoints import problems, request_ids
from goboard.entrypoints.grpc import codec, refusals
from goboard.entrypoints.grpc.inbox import Inbox
from goboard.entrypoints.grpc.outbox import Outbox
from goboard.entrypoints.grpc.watchers import Watchers
from goboard.entrypoints.problems import Problem

MAX_INSTANCE_CHARS = 256  # a path may have 64 KiB, which clients do not accept in a trailer

Headers = list[tuple[str, str]]
Request = TypeVar("Request")
Reply = TypeVar("Reply")

_wire = codec.WireCodec()
_no_listeners = _DispatchServerEvents()


class CallStream(server.Stream[Request, Reply]):
    """The two directions of one call, as its handler sees them."""

    def __init__(self, stream: protocol.Stream, inbox: Inbox, watchers: Watchers, path: str, method: Handler) -> None:
        super().__init__(
            stream,
            path,
            method.cardinality,
            method.request_type,
            method.reply_type,
            codec=_wire,
            status_details_codec=None,
            dispatch=_no_listeners,
        )
        self.inbox = inbox
        self._watchers = watchers
        self.path = path[:MAX_INSTANCE_CHARS]

    async def recv_message(self) -> Request | None:
        """Read the next message; None where the client of a streaming call has ended.

        Raises:
            CallRefused: what comes cannot be read, or a unary call has no message.
            InvalidArgument: the bytes are no valid message.
        """
        while (message := self.inbox.take()) is None:
            if self.inbox.ended:
                if not self._cardinality.client_streaming:
                    raise refusals.malformed("the call carries no message")
                return None
            if not self._cardinality.client_streaming:
                self.inbox.expect()
            self.inbox.changed.clear()
            await self.inbox.changed.wait()
        return self.decode(message)

    def decode(self, message: bytes) -> Request:
        """Read a message's bytes.

        Raises:
            InvalidArgument: they are no valid message.
        """
        request: Request = _wire.decode(message, self._recv_type)
        return request

    async def send_initial_metadata(self, **_: Any) -> None:
        """Send the headers, with the call's id."""
        request_id = request_ids.text()
        await super().send_initial_metadata(metadata={request_ids.NAME: request_id} if request_id else None)

    async def send_messages(self, messages: list[Reply]) -> None:
        """Send messages in one write; wait while the client does not read."""
        await self._stream.send_data(b"".join(map(codec.framed, messages)))

    @contextmanager
    def watched(self, patience: float) -> Iterator[Outbox]:
        """Send in a way that never waits, to a client that may take nothing for `patience` seconds."""
        outbox = Outbox(self._stream, self.inbox.changed, self._watchers, patience)
        with self._watchers.joined(self._stream.connection):
            try:
                yield outbox
            finally:
                outbox.close()

    async def finish(self) -> None:
        """Tell the client that all went well."""
        if not self._send_trailing_metadata_done:
            await self._end([("grpc-status", str(Status.OK.value))])

    async def fail(self, problem: Problem) -> None:
        """Tell the client that the call failed, and how."""
        await self._end(trailers_of(problem, self.path))

    async def _end(self, trailers: Headers) -> None:
        if self._stream.connection.is_closing():
            return
        begun = self._send_initial_metadata_done
        head = [] if begun else [(":status", "200"), ("content-type", self._content_type)]
        if not begun and (request_id := request_ids.text()):
            head.append((request_ids.NAME, request_id))
        await self._stream.send_headers(head + trailers, end_stream=True)
        self._send_trailing_metadata_done = True
        reset(self._stream)


def trailers_of(problem: Problem, path: str) -> Headers:
    """Say how a call has failed."""
    details = encode_bin_value(codec.status_details(problem, path)).decode()
    trailers = [
        ("grpc-status", str(problem.kind.grpc.value)),
        ("grpc-message", encode_grpc_message(problem.detail)),
        ("grpc-status-details-bin", details),
    ]
    if problem.kind is problems.UNSUPPORTED_ENCODING:
        trailers.append(("grpc-accept-encoding", "identity"))
    if problem.retry_after is not None:
        trailers.append(("retry-after", str(problem.retry_after)))
    return trailers


def reset(stream: protocol.Stream) -> None:
    """Tell a client that may send on that nobody reads (RFC 9113, section 8.1)."""
    if stream.closable:
        stream.reset_nowait()
