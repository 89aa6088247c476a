"""Clients that ask, and are gone before they are answered, in all the ways there are; what they do hear is checked."""

import asyncio
import json
import random
import socket
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import dashboard_pb
import grpc
import grpc.aio
import websockets
from drivers import Place, Problem, Rest, Unary
from services import Service
from sole_writer import SoleWriter

PATIENCE = 20.0
GIVES_UP = (0.001, 0.002, 0.005, 0.01, 0.05)
"""Seconds."""


class Vanishing:
    """Clients of one service, with a token of the role server.

    Each method is one that comes and goes, for a member of the board that nobody else writes to.
    """

    def __init__(self, service: Service, token: str, board: str, rng: random.Random) -> None:
        self.service = service
        self.board = board
        self.rng = rng
        self.rest = Rest(service, token)
        self.unary = Unary(service, token)
        self._token = token

    async def close(self) -> None:
        await self.rest.__aexit__(None, None, None)
        await self.unary.__aexit__(None, None, None)

    @property
    def ways(self) -> list[Callable[[SoleWriter], Awaitable[None]]]:
        return [
            self.resets_http,
            self.closes_half_of_http,
            self.breaks_off_a_pipeline,
            self.cancels_rest,
            self.drops_a_socket,
            self.drops_a_socket_in_a_frame,
            self.lets_a_deadline_pass,
            self.cancels_unary,
            self.cancels_a_stream,
        ]

    async def resets_http(self, member: SoleWriter) -> None:
        """Send a request, or a part of one, and reset the connection."""
        amount = member.amount()
        request = self._post(member, amount)
        part = self.rng.choice([request, request[: self.rng.randrange(len(request))]])
        async with self._http() as (_, writer):
            if part is request:
                member.open.append(amount)
            writer.write(part)
            await self._wait()

    async def closes_half_of_http(self, member: SoleWriter) -> None:
        """Send a request, and say that no more will come: an answer may come, or none."""
        amount = member.amount()
        async with self._http() as (reader, writer):
            writer.write(self._post(member, amount))
            writer.write_eof()
            await self._hear(member, [amount], reader)

    async def breaks_off_a_pipeline(self, member: SoleWriter) -> None:
        """Send some requests at once, again and again on one connection, and read the answers, not all of the last."""
        async with self._http() as (reader, writer):
            for _ in range(self.rng.randint(0, 3)):
                amounts = [member.amount() for _ in range(self.rng.randint(1, 4))]
                writer.write(b"".join(self._post(member, amount) for amount in amounts))
                await self._hear(member, amounts, reader)
            amounts = [member.amount() for _ in range(3)]
            writer.write(b"".join(self._post(member, amount) for amount in amounts))
            heard = self.rng.randint(0, 2)
            await self._hear(member, amounts[:heard], reader)
            member.open += amounts[heard:]

    async def cancels_rest(self, member: SoleWriter) -> None:
        await self._cancels(member, self.rest)

    async def cancels_unary(self, member: SoleWriter) -> None:
        await self._cancels(member, self.unary)

    async def lets_a_deadline_pass(self, member: SoleWriter) -> None:
        amount = member.amount()
        request = dashboard_pb.message("IncrementScoreRequest")(
            dashboard=self.board, member_id=member.name, increment=amount
        )
        method = dashboard_pb.method(self.unary.channel, "IncrementScore")
        try:
            reply = await method(request, metadata=self.unary.metadata, timeout=self.rng.choice(GIVES_UP))
        except grpc.aio.AioRpcError as error:
            if error.code() not in {grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE}:
                raise
            member.open.append(amount)
        else:
            member.answered(Place(reply.member_id, reply.rank, reply.score), amount)

    async def drops_a_socket(self, member: SoleWriter) -> None:
        """Send some updates, hear some answers, and drop the connection."""
        async with self._socket() as client:
            amounts = [member.amount() for _ in range(self.rng.randint(1, 4))]
            for amount in amounts:
                await client.send(self._update(member, amount))
            heard = self.rng.randrange(len(amounts))
            for amount in amounts[:heard]:
                member.answered(_read(json.loads(await client.recv())), amount)
            member.open += amounts[heard:]
            await self._wait()

    async def drops_a_socket_in_a_frame(self, member: SoleWriter) -> None:
        async with self._socket() as client:
            text = self._update(member, member.amount()).encode()
            client.transport.write(bytes([0x81, 0x80 | len(text)]) + bytes(4) + text[: self.rng.randrange(len(text))])
            await self._wait()

    async def cancels_a_stream(self, member: SoleWriter) -> None:
        """Send some updates, hear some answers, and cancel the call."""
        call = dashboard_pb.method(self.unary.channel, "StreamUpdates")(metadata=self.unary.metadata)
        amounts = [member.amount() for _ in range(self.rng.randint(1, 4))]
        heard = self.rng.randrange(len(amounts))
        make = dashboard_pb.message("UpdateRequest")
        for amount in amounts:
            await call.write(make(dashboard=self.board, member_id=member.name, increment=amount))
        for amount in amounts[:heard]:
            reply = await call.read()
            member.answered(_read_stream(reply), amount)
        member.open += amounts[heard:]
        await self._wait()
        call.cancel()

    async def _cancels(self, member: SoleWriter, driver: Rest | Unary) -> None:
        amount = member.amount()
        try:
            async with asyncio.timeout(self.rng.choice(GIVES_UP)):
                answer = await driver.increment(self.board, member.name, amount)
        except TimeoutError:
            member.open.append(amount)
        else:
            member.answered(answer, amount)

    async def _wait(self) -> None:
        await asyncio.sleep(self.rng.choice(GIVES_UP))

    async def _hear(self, member: SoleWriter, amounts: list[float], reader: StreamReader) -> None:
        """Read as many answers, or the end."""
        for heard, amount in enumerate(amounts):
            async with asyncio.timeout(PATIENCE):
                answer = await _read_http(reader)
            if answer is None:
                member.open += amounts[heard:]
                return
            member.answered(answer, amount)

    @asynccontextmanager
    async def _http(self) -> AsyncIterator[tuple[StreamReader, StreamWriter]]:
        """Open a connection, and reset it in the end."""
        at = urlsplit(self.service.base)
        reader, writer = await asyncio.open_connection(at.hostname, at.port)
        try:
            yield reader, writer
        finally:
            reset(writer.transport)

    @asynccontextmanager
    async def _socket(self) -> AsyncIterator[websockets.ClientConnection]:
        client = await websockets.connect(f"{self.service.ws}?token={self._token}", ping_interval=None)
        try:
            yield client
        finally:
            reset(client.transport)
            await client.wait_closed()

    def _post(self, member: SoleWriter, amount: float) -> bytes:
        body = json.dumps({"increment": amount})
        path = f"/api/v1/dashboards/{self.board}/members/{member.name}/increment"
        head = f"POST {path} HTTP/1.1\r\nHost: b\r\nAuthorization: Bearer {self._token}\r\n"
        return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()

    def _update(self, member: SoleWriter, amount: float) -> str:
        return json.dumps({"dashboard": self.board, "member_id": member.name, "increment": amount})


def reset(transport: Any) -> None:
    with suppress(OSError):
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _read_http(reader: StreamReader) -> Place | Problem | None:
    """Read an answer; None: the connection is at its end."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:] if line)
        body = json.loads(await reader.readexactly(int(lines["content-length"])))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return _read(body if "code" not in body else {"problem": body})


def _read(body: Any) -> Place | Problem:
    if "problem" in body:
        problem = body["problem"]
        return Problem(problem["status"], problem["code"], problem["detail"])
    return Place(body["member_id"], body["rank"], body["score"])


def _read_stream(reply: Any) -> Place | Problem:
    if reply.HasField("problem"):
        return Problem(reply.problem.status, reply.problem.code, reply.problem.detail)
    return Place(reply.member_id, reply.rank, reply.score)
