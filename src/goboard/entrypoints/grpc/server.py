"""The gRPC server of one worker."""

import asyncio
import socket
import ssl
from asyncio import Task
from collections.abc import Mapping

from grpclib.const import Handler
from grpclib.reflection.service import ServerReflection

from goboard.entrypoints.gate import Gate
from goboard.entrypoints.grpc import codec
from goboard.entrypoints.grpc.bounds import DEFAULT_BOUNDS, Bounds
from goboard.entrypoints.grpc.calls import Calls
from goboard.entrypoints.grpc.connection import CallProtocol
from goboard.entrypoints.grpc.health import Health
from goboard.entrypoints.grpc.outbox import PATIENCE_SECONDS
from goboard.entrypoints.grpc.service import DashboardService
from goboard.entrypoints.grpc.traced import TracedCalls
from goboard.entrypoints.grpc.watchers import PING_SECONDS
from goboard.entrypoints.tls import HANDSHAKE_SECONDS
from goboard.entrypoints.tracing.requests import Requests
from goboard.leaderboards import Leaderboards
from goboard.live import LiveStandings

ANSWER_SECONDS = 5.0
"""How long a stop waits for the answers to what is in flight."""
LEAVE_SECONDS = 1.0
"""How long it then waits for clients to take in what was written, before it drops them."""


class GrpcServer:
    """Serves `dashboard.DashboardService`, health and reflection on a listening socket."""

    def __init__(  # noqa: PLR0913 -- each is a setting
        self,
        boards: Leaderboards,
        live: LiveStandings,
        gate: Gate,
        *,
        max_message_bytes: int,
        request_timeout: float,
        max_limit: int,
        allow_self_delete: bool,
        patience: float = PATIENCE_SECONDS,
        ping_seconds: float = PING_SECONDS,
        bounds: Bounds = DEFAULT_BOUNDS,
        requests: Requests | None = None,
    ) -> None:
        self._leaving = asyncio.Event()
        self._stopping = asyncio.Event()
        service = DashboardService(
            boards,
            live,
            request_timeout=request_timeout,
            max_limit=max_limit,
            allow_self_delete=allow_self_delete,
            patience=patience,
        )
        methods = _methods(service, Health(self._leaving, self._stopping))
        answering = methods, gate, request_timeout, self._stopping, bounds
        self._calls = TracedCalls(*answering, requests) if requests else Calls(*answering)
        self._max_message_bytes = max_message_bytes
        self._ping_seconds = ping_seconds
        self._bounds = bounds
        self._looking: asyncio.TimerHandle | None = None
        self._connections: set[CallProtocol] = set()
        self._listener: asyncio.Server | None = None
        self._stopped: Task[None] | None = None

    async def start(self, sock: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        """Accept connections on `sock`, a listening socket, which the server then owns; with `tls`, encrypted ones."""
        self._listener = await asyncio.get_running_loop().create_server(
            self._connection, sock=sock, ssl=tls, ssl_handshake_timeout=HANDSHAKE_SECONDS if tls else None
        )
        self._look()

    def announce_stop(self) -> None:
        """Tell who watches the server's health that it will stop."""
        self._leaving.set()

    async def stop(self, answer_seconds: float = ANSWER_SECONDS) -> None:
        """Accept no more, answer what is in flight, and close the connections; takes up to `answer_seconds` and 2 more.

        Streams answer what they have read and end with UNAVAILABLE, as does whatever comes meanwhile. Whoever calls
        again waits for the same.
        """
        self._stopped = self._stopped or asyncio.create_task(self._stop(answer_seconds))
        await asyncio.shield(self._stopped)

    async def _stop(self, answer_seconds: float) -> None:
        self.announce_stop()
        if self._looking is not None:
            self._looking.cancel()
        if self._listener is not None:
            self._listener.close()  # and not wait_closed: from Python 3.12 on it waits for the clients to leave
        self._stopping.set()
        for connection in self._connections:
            connection.handler.drain()
        await self._answered(answer_seconds)
        for connection in self._connections:
            connection.handler.close()
        await self._answered(LEAVE_SECONDS)
        await self._disconnect()

    def _connection(self) -> CallProtocol:
        return CallProtocol(self._calls, self._bounds, self._max_message_bytes, self._connections, self._ping_seconds)

    def _look(self) -> None:
        """See to those who take their time, now and again and again."""
        loop = asyncio.get_running_loop()
        for connection in list(self._connections):
            connection.look(loop.time())
        self._looking = loop.call_later(self._bounds.look_seconds, self._look)

    async def _answered(self, seconds: float) -> None:
        running: set[Task[None]] = {task for connection in self._connections for task in connection.handler.running}
        if running:
            await asyncio.wait(running, timeout=seconds)

    async def _disconnect(self) -> None:
        leaving = list(self._connections)
        for connection in leaving:
            connection.say_goodbye()
        if leaving:
            await asyncio.wait([connection.lost for connection in leaving], timeout=LEAVE_SECONDS)
        for connection in list(self._connections):
            connection.transport.abort()
        await asyncio.sleep(0)  # closed sockets are let go of in the loop's next round


def _methods(service: DashboardService, health: Health) -> Mapping[str, Handler]:
    methods: dict[str, Handler] = {}
    for each in ServerReflection.extend([service, health], pool=codec.POOL):
        methods.update(each.__mapping__())
    return methods
