"""Foreign clients of the four ways in, behind one small interface, so that one table of scenarios runs over all."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import quote

import dashboard_pb
import grpc
import grpc.aio
import httpx
import websockets
from google.rpc import status_pb2
from services import TOKEN, Service


class Place(NamedTuple):
    """A member's place as a reply told it."""

    member: str
    rank: int
    score: float


class Problem(NamedTuple):
    """A problem as a reply told it."""

    status: int
    code: str
    detail: str


class Rest:
    """Everything over REST, by httpx."""

    def __init__(self, service: Service, token: str) -> None:
        self.service = service
        self.token = token
        headers = {"Authorization": f"Bearer {token}"}
        # Certificates, of which there is no need, take long to read.
        self.http = httpx.AsyncClient(base_url=service.api, headers=headers, timeout=20, verify=False)

    async def increment(self, board: str, member: str, delta: float, key: str = "") -> Place | Problem:
        path = f"/dashboards/{quote(board, safe='')}/members/{quote(member, safe='')}/increment"
        # Python writes NaN and Infinity, which are no JSON: just what a bad client sends.
        headers = {"Idempotency-Key": key} if key else {}
        return _place(await self.http.post(path, content=json.dumps({"increment": delta}), headers=headers))

    async def rank(self, board: str, member: str) -> Place | Problem:
        return _place(await self.http.get(f"/dashboards/{quote(board, safe='')}/members/{quote(member, safe='')}/rank"))

    async def top(self, board: str, limit: int) -> list[Place] | Problem:
        reply = await self.http.get(f"/dashboards/{quote(board, safe='')}/top", params={"limit": limit})
        if reply.status_code != 200:
            return _problem(reply.json())
        return [Place(entry["id"], entry["rank"], entry["score"]) for entry in reply.json()["members"]]

    async def stats(self, board: str) -> int | Problem:
        reply = await self.http.get(f"/dashboards/{quote(board, safe='')}/stats")
        return reply.json()["total_members"] if reply.status_code == 200 else _problem(reply.json())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.aclose()


class Socket(Rest):
    """Updates over a WebSocket, by websockets; reads, which it has none of, over REST."""

    socket: websockets.ClientConnection | None = None
    refusal: Problem

    async def __aenter__(self) -> Self:
        try:
            self.socket = await websockets.connect(f"{self.service.ws}?token={quote(self.token, safe='')}")
        except websockets.InvalidStatus as refused:
            self.refusal = _problem(json.loads(refused.response.body))
        return self

    async def __aexit__(self, *raised: object) -> None:
        if self.socket:
            await self.socket.close()
        await super().__aexit__(*raised)

    async def increment(self, board: str, member: str, delta: float, key: str = "") -> Place | Problem:
        if not self.socket:
            return self.refusal
        said = {"op_id": key} if key else {}
        await self.socket.send(json.dumps({"dashboard": board, "member_id": member, "increment": delta, **said}))
        reply = json.loads(await self.socket.recv())
        if "problem" in reply:
            return _problem(reply["problem"])
        return Place(reply["member_id"], reply["rank"], reply["score"])


class Unary:
    """Everything over unary gRPC, by grpcio."""

    def __init__(self, service: Service, token: str) -> None:
        self.channel = grpc.aio.insecure_channel(service.grpc)
        self.metadata = (("authorization", f"Bearer {token}"),)

    async def increment(self, board: str, member: str, delta: float, key: str = "") -> Place | Problem:
        return _record(await self.call("IncrementScore", dashboard=board, member_id=member, increment=delta, op_id=key))

    async def rank(self, board: str, member: str) -> Place | Problem:
        return _record(await self.call("GetMemberRank", dashboard=board, member_id=member))

    async def top(self, board: str, limit: int) -> list[Place] | Problem:
        reply = await self.call("GetTopMembers", dashboard=board, limit=limit)
        return reply if isinstance(reply, Problem) else [_record(record) for record in reply.members]

    async def stats(self, board: str) -> int | Problem:
        reply = await self.call("GetDashboardStats", dashboard=board)
        return reply if isinstance(reply, Problem) else reply.total_members

    async def call(self, name: str, **fields: Any) -> Any:
        request = dashboard_pb.message(f"{name}Request")(**fields)
        try:
            return await dashboard_pb.method(self.channel, name)(request, metadata=self.metadata, timeout=20)
        except grpc.aio.AioRpcError as error:
            return rich_problem(error)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.channel.close()


class Stream(Unary):
    """Updates over one bidirectional stream; reads over unary calls."""

    async def __aenter__(self) -> Self:
        self.stream = dashboard_pb.method(self.channel, "StreamUpdates")(metadata=self.metadata)
        return self

    async def __aexit__(self, *raised: object) -> None:
        if not self.stream.done():
            await self.stream.done_writing()
            assert await self.stream.read() is grpc.aio.EOF
            assert await self.stream.code() is grpc.StatusCode.OK
        await super().__aexit__(*raised)

    async def increment(self, board: str, member: str, delta: float, key: str = "") -> Place | Problem:
        request = dashboard_pb.message("UpdateRequest")(dashboard=board, member_id=member, increment=delta, op_id=key)
        try:
            await self.stream.write(request)
            reply = await self.stream.read()
        except grpc.aio.AioRpcError:
            return await self.refusal()
        if reply.HasField("problem"):
            return Problem(reply.problem.status, reply.problem.code, reply.problem.detail)
        return _record(reply)

    async def refusal(self) -> Problem:
        """Open the stream again and only read: a write that meets a refusal makes grpc.aio say INTERNAL instead."""
        try:
            await dashboard_pb.method(self.channel, "StreamUpdates")(metadata=self.metadata).read()
        except grpc.aio.AioRpcError as error:
            return rich_problem(error)
        raise AssertionError("a refused stream opened the second time")


DRIVERS = {"rest": Rest, "websocket": Socket, "grpc": Unary, "grpc-stream": Stream}


@asynccontextmanager
async def every_driver(service: Service) -> AsyncIterator[dict[str, Any]]:
    """Open one of each, with the static token."""
    async with AsyncExitStack() as stack:
        yield {name: await stack.enter_async_context(kind(service, TOKEN)) for name, kind in DRIVERS.items()}


async def timed(answer: Any) -> tuple[Any, float]:
    """Await an answer, and tell after how many seconds it came."""
    begun = time.monotonic()
    return await answer, time.monotonic() - begun


def rich_problem(error: grpc.aio.AioRpcError) -> Problem:
    """Read the problem out of a failed call's rich status; the error itself is raised where it has none."""
    details = [value for key, value in error.trailing_metadata() or () if key == "grpc-status-details-bin"]
    if not details:
        raise error
    status = status_pb2.Status.FromString(details[0])
    assert status.code == error.code().value[0]
    problem = dashboard_pb.message("ProblemDetails").FromString(status.details[0].value)
    assert status.details[0].type_url.endswith("/dashboard.ProblemDetails")
    assert problem.detail == error.details()
    return Problem(problem.status, problem.code, problem.detail)


def _place(reply: httpx.Response) -> Place | Problem:
    body = reply.json()
    if reply.status_code != 200:
        assert reply.headers["content-type"] == "application/problem+json"
        assert body["status"] == reply.status_code
        return _problem(body)
    return Place(body["member_id"], body["rank"], body["score"])


def _problem(body: dict[str, Any]) -> Problem:
    assert set(body) - {"request_id"} == {"type", "title", "status", "detail", "instance", "code"}
    return Problem(body["status"], body["code"], body["detail"])


def _record(reply: Any) -> Place | Problem:
    return reply if isinstance(reply, Problem) else Place(reply.member_id, reply.rank, reply.score)
