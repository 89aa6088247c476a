"""A gRPC server in the test's own loop, on a real socket, and a client that writes HTTP/2 by hand."""

import asyncio
import time
from asyncio import Future
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import dashboard_pb
import grpc.aio
from drivers import rich_problem
from google.rpc import status_pb2
from grpclib.metadata import decode_bin_value
from h2 import events
from h2.config import H2Configuration
from h2.connection import H2Connection

from goboard import Leaderboards
from goboard.adapters.auth import StaticVerifier
from goboard.adapters.memory import MemoryBoardStore, MemoryEventBus
from goboard.domain.identity import Mismatch, Role
from goboard.domain.standings import Entry
from goboard.entrypoints.gate import Gate
from goboard.entrypoints.grpc.bounds import DEFAULT_BOUNDS, Bounds
from goboard.entrypoints.grpc.server import GrpcServer
from goboard.entrypoints.sockets import Address, listen
from goboard.live import LiveStandings, WatchLimits
from goboard.ports.events import EventBus
from goboard.ports.store import BoardStore
from goboard.ports.tokens import TokenVerifier

TOKEN = "the-token-of-these-tests"
AUTHORIZED = (("authorization", f"Bearer {TOKEN}"),)


class HeldStore(MemoryBoardStore):
    """Applies an increment when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[Future[Entry]] = []

    def increment(self, *_: object) -> Future[Entry]:
        future: Future[Entry] = asyncio.get_running_loop().create_future()
        self.held.append(future)
        return future

    def release(self, *, score: float = 1.0) -> None:
        """Answer all that is held."""
        for rank, future in enumerate(self.held, 1):
            if not future.done():
                future.set_result(Entry("m", score, rank))
        self.held.clear()


class Local(NamedTuple):
    """A server that runs, and where."""

    server: GrpcServer
    port: int
    live: LiveStandings

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"


@asynccontextmanager
async def served(
    store: BoardStore | None = None,
    *,
    role: Role = Role.SERVER,
    request_timeout: float = 5,
    max_message_bytes: int = 4 * 1024 * 1024,
    allow_self_delete: bool = False,
    now: Callable[[], float] = time.time,
    events: EventBus | None = None,
    verifier: TokenVerifier | None = None,
    public_read: bool = False,
    limits: WatchLimits | None = None,
    patience: float = 60,
    ping_seconds: float = 10,
    bounds: Bounds = DEFAULT_BOUNDS,
) -> AsyncIterator[Local]:
    """Run a server for the time of a test; its token is TOKEN, unless there is a verifier."""
    events = events or MemoryEventBus()
    store = store or MemoryBoardStore(events)
    live = LiveStandings(store, events, now, tick=0.01, limits=limits or WatchLimits())
    server = GrpcServer(
        Leaderboards(store, now),
        live,
        Gate(verifier or StaticVerifier(TOKEN, role), Mismatch.OVERRIDE, public_read=public_read, now=now),
        max_message_bytes=max_message_bytes,
        request_timeout=request_timeout,
        max_limit=100,
        allow_self_delete=allow_self_delete,
        patience=patience,
        ping_seconds=ping_seconds,
        bounds=bounds,
    )
    sock = listen(Address("127.0.0.1", 0))
    port = sock.getsockname()[1]
    await server.start(sock)
    try:
        yield Local(server, port, live)
    finally:
        await server.stop()
        await live.close()


async def call(channel: grpc.aio.Channel, name: str, /, **fields: Any) -> Any:
    """Make a unary call and give the reply, or the problem."""
    request = dashboard_pb.message(f"{name}Request")(**fields)
    try:
        return await dashboard_pb.method(channel, name)(request, metadata=AUTHORIZED, timeout=10)
    except grpc.aio.AioRpcError as error:
        return rich_problem(error)


def framed(message: Any, flag: int = 0) -> bytes:
    """Put gRPC's prefix before a message (or before bytes that are none)."""
    data = message if isinstance(message, bytes) else message.SerializeToString()
    return bytes([flag]) + len(data).to_bytes(4, "big") + data


def update(member: str = "m", increment: float = 1.0, dashboard: str = "b") -> Any:
    """Make an UpdateRequest."""
    return dashboard_pb.message("UpdateRequest")(dashboard=dashboard, member_id=member, increment=increment)


class Answer:
    """What has come back on one stream."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.data = b""
        self.ended = False
        self.was_reset = False

    @property
    def status(self) -> int:
        return int(self.headers["grpc-status"])

    @property
    def problem(self) -> Any:
        """The problem in the status's details."""
        status = status_pb2.Status.FromString(decode_bin_value(self.headers["grpc-status-details-bin"].encode()))
        assert status.code == self.status
        return dashboard_pb.message("ProblemDetails").FromString(status.details[0].value)

    def messages(self, name: str) -> list[Any]:
        """Give the messages that have come whole."""
        found, rest = [], self.data
        while len(rest) >= (end := 5 + int.from_bytes(rest[1:5], "big")):
            found.append(dashboard_pb.message(name).FromString(rest[5:end]))
            rest = rest[end:]
        return found


class RawClient:
    """An HTTP/2 client that may break gRPC's rules."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.h2 = H2Connection(
            H2Configuration(
                header_encoding="latin-1", validate_outbound_headers=False, normalize_outbound_headers=False
            )
        )
        self.answers: dict[int, Answer] = {}
        self.reads = True
        """Whether the flow-control window is given back for replies."""
        self.pinged = False
        self.pings = 0
        """How many PINGs have come that the server sent of its own accord."""
        self.goaway = False
        self.goaway_code = -1
        """Why the server ended the connection (RFC 9113, section 7); -1: it did not."""

    @classmethod
    @asynccontextmanager
    async def connect(cls, port: int) -> "AsyncIterator[RawClient]":
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        client = cls(reader, writer)
        client.h2.initiate_connection()
        try:
            yield client
        finally:
            writer.close()
            await writer.wait_closed()

    def open(self, method: str, /, *extra: tuple[str, str], end: bool = False, **replaced: str) -> int:
        """Open a call; `extra` headers come last, `replaced` ones (by name, `_` for `-`) in the usual one's place."""
        path = method if method.startswith("/") else f"{dashboard_pb.SERVICE}/{method}"
        usual = {"method": "POST", "content_type": "application/grpc", "authorization": TOKEN, **replaced}
        stream = self.h2.get_next_available_stream_id()
        self.answers[stream] = Answer()
        head = [(":method", usual.pop("method")), (":scheme", "http"), (":path", path), (":authority", "localhost")]
        rest = [(name.replace("_", "-"), value) for name, value in usual.items() if value]
        self.h2.send_headers(stream, [*head, ("te", "trailers"), *rest, *extra], end_stream=end)
        return stream

    async def flush(self) -> None:
        self.writer.write(self.h2.data_to_send())
        await self.writer.drain()

    async def send(self, stream: int, data: bytes, *, end: bool = False) -> None:
        """Send DATA, in as many frames as flow control wants; give up where the server resets the stream."""
        while True:
            if stream not in self.h2.streams or self.answers[stream].was_reset:
                return
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if room == 0 and data:
                await self.receive()
                continue
            chunk, data = data[:room], data[room:]
            self.h2.send_data(stream, chunk, end_stream=end and not data)
            await self.flush()
            if not data:
                return

    async def receive(self) -> None:
        """Take in what comes next."""
        async with asyncio.timeout(10):
            data = await self.reader.read(65536)
        if not data:
            raise ConnectionResetError
        for event in self.h2.receive_data(data):
            self._note(event)
        await self.flush()

    def _note(self, event: Any) -> None:
        answer = self.answers.get(getattr(event, "stream_id", None) or 0, Answer())
        if isinstance(event, events.ResponseReceived | events.TrailersReceived):
            answer.headers.update(event.headers)
        elif isinstance(event, events.DataReceived):
            answer.data += event.data
            if self.reads:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, events.StreamEnded):
            answer.ended = True
        elif isinstance(event, events.StreamReset):
            answer.was_reset = answer.ended = True
        elif isinstance(event, events.PingReceived):
            self.pings += 1
        elif isinstance(event, events.PingAckReceived):
            self.pinged = True
        elif isinstance(event, events.ConnectionTerminated):
            self.goaway = True
            self.goaway_code = int(event.error_code or 0)

    async def answer(self, stream: int) -> Answer:
        """Wait until the server has ended the stream."""
        await self.flush()
        while not self.answers[stream].ended:
            await self.receive()
        return self.answers[stream]

    async def replies(self, stream: int, name: str, count: int) -> Sequence[Any]:
        """Wait for so many messages."""
        await self.flush()
        while len(messages := self.answers[stream].messages(name)) < count:
            await self.receive()
        return messages

    async def ping(self) -> None:
        """Wait until the server has seen all that was sent."""
        self.pinged = False
        self.h2.ping(b"12345678")
        await self.flush()
        while not self.pinged:
            await self.receive()

    async def call(self, method: str, data: bytes, /, *extra: tuple[str, str], **replaced: str) -> Answer:
        """Do a whole call with these bytes of DATA."""
        stream = self.open(method, *extra, **replaced)
        await self.send(stream, data, end=True)
        return await self.answer(stream)


async def until(condition: Any) -> None:
    """Wait for what must come true soon."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 -- what is waited for has no event
            await asyncio.sleep(0.005)
