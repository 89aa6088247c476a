"""Asks a server for everything that it offers, over every transport."""

import asyncio
import uuid

import grpc.aio
import httpx
import operations
from callers import Caller
from operations import READ, Kind
from services import Service

ORIGIN = "http://localhost:3000"
"""An allowed one: a browser's requests are answered by the framework."""


class Asking:
    """Asks a server for everything in one role, and gathers what it answered."""

    def __init__(self, service: Service, token: str) -> None:
        self._service = service
        self._token = token
        self.heard: list[str] = []
        """All that has come back, as text."""
        self.answers: dict[tuple[str, str], str] = {}
        self.kinds: dict[tuple[str, str], Kind] = {}

    def _caller(self) -> Caller:
        """Give a caller on a board of its own."""
        return Caller(self._service, self._token, f"b-{uuid.uuid4().hex[:12]}", self.heard)

    def _note(self, way: str, name: str, kind: Kind, answer: str) -> None:
        self.answers[way, name], self.kinds[way, name] = "ok" if answer == "200" else answer, kind

    async def rest(self, client: httpx.AsyncClient) -> None:
        for route, operation in {**operations.REST, **operations.NOT_DOCUMENTED}.items():
            self._note("REST", route, operation.kind, await self._caller().rest(client, route, operation))
        for route in operations.SHORTCUT:
            operation = operations.REST[route]
            answer = await self._caller().rest(client, route, operation, Origin=ORIGIN)
            self._note("REST from a browser", route, operation.kind, answer)

    async def events(self, client: httpx.AsyncClient) -> None:
        for way, in_query in {"SSE with a header": False, "SSE with ?token=": True}.items():
            self._note(way, "live", READ, await self._caller().events(client, in_query=in_query))

    async def sockets(self) -> None:
        for way, in_query in {"WebSocket with a subprotocol": False, "WebSocket with ?token=": True}.items():
            answers = await self._caller().socket(operations.SOCKET, in_query=in_query)
            for name, answer in answers.items():
                self._note(way, name, operations.SOCKET[name].kind, answer)

    async def grpc(self, channel: grpc.aio.Channel) -> None:
        for name, operation in operations.GRPC.items():
            self._note("gRPC", name, operation.kind, await self._caller().grpc(channel, name, operation))

    async def everything(self) -> None:
        async with (
            httpx.AsyncClient(timeout=20, verify=False) as client,
            grpc.aio.insecure_channel(self._service.grpc) as channel,
        ):
            await asyncio.gather(self.rest(client), self.events(client), self.sockets(), self.grpc(channel))
