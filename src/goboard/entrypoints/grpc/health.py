"""grpc.health.v1.Health: SERVING until the server is told to stop.

grpclib's own service sleeps on in a Watch while the server stops, so a stop would wait for every watcher.
"""

import asyncio

from grpclib.const import Status
from grpclib.health.v1.health_grpc import HealthBase
from grpclib.health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpclib.server import Stream

from goboard.entrypoints import problems
from goboard.entrypoints.grpc import refusals

SERVICES = frozenset({"", "dashboard.DashboardService"})
"""What is asked about by name; the empty name means the server as a whole."""

UNKNOWN_SERVICE = problems.NOT_FOUND._replace(grpc=Status.NOT_FOUND)

_Stream = Stream[HealthCheckRequest, HealthCheckResponse]


class Health(HealthBase):
    """Tells whether the server serves: until `leaving` is set, some time before it stops."""

    def __init__(self, leaving: asyncio.Event, stopping: asyncio.Event) -> None:
        self._leaving = leaving
        self._stopping = stopping

    async def Check(self, stream: _Stream) -> None:  # noqa: N802 -- named by the protocol
        """Answer once; NOT_FOUND for a service that is not here."""
        if await self._asked(stream) not in SERVICES:
            raise refusals.CallRefused(UNKNOWN_SERVICE, "there is no such service")
        await stream.send_message(self._status())

    async def Watch(self, stream: _Stream) -> None:  # noqa: N802 -- the same
        """Answer now and when it changes."""
        if await self._asked(stream) in SERVICES:
            await stream.send_message(self._status())
        else:
            await stream.send_message(HealthCheckResponse(status=HealthCheckResponse.SERVICE_UNKNOWN))
        await self._leaving.wait()
        await stream.send_message(self._status())
        await self._stopping.wait()
        raise refusals.stopping()

    async def _asked(self, stream: _Stream) -> str:
        request = await stream.recv_message()
        return request.service if request else ""

    def _status(self) -> HealthCheckResponse:
        if self._leaving.is_set():
            return HealthCheckResponse(status=HealthCheckResponse.NOT_SERVING)
        return HealthCheckResponse(status=HealthCheckResponse.SERVING)
