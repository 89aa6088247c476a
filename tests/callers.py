"""Calls any operation over any transport with any token, and gives `ok` or the code of the problem."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import dashboard_pb
import grpc.aio
import httpx
from drivers import rich_problem
from operations import MEMBER, Operation
from services import Service
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

ADMITTED = {"ok", "member_not_found", "not_found"}
"""Who may ask for what is not there hears so."""


def code_of(reply: Any) -> str:
    """Give the code of a problem, that of the first item of many included."""
    problem = reply.get("problem") or (reply if "code" in reply else None)
    if problem is None and (results := reply.get("results")):
        problem = results[0].get("problem")
    code = problem["code"] if problem else "ok"
    return "ok" if code in ADMITTED else str(code)


class Caller:
    """Has a token, or none, and a server."""

    def __init__(self, service: Service, token: str, board: str, heard: list[str]) -> None:
        self._service = service
        self._token = token
        self._board = board
        self._heard = heard
        """Where all that comes back goes, as text."""

    async def rest(self, client: httpx.AsyncClient, route: str, operation: Operation, **headers: str) -> str:
        """Call a route; in `headers` may be what a browser adds."""
        method, _, path = route.partition(" ")
        path = path.replace("{dashboard}", self._board).replace("{member_id}", MEMBER)
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        reply = await client.request(
            method, self._service.base + path, params=operation.query, json=operation.body, headers=headers
        )
        self._heard += [str(reply.headers), reply.text]
        return code_of(reply.json()) if "json" in reply.headers["content-type"] else str(reply.status_code)

    async def events(self, client: httpx.AsyncClient, *, in_query: bool) -> str:
        """Open a stream of events, and wait for the first."""
        query = {"token": self._token} if in_query and self._token else {}
        headers = {} if in_query or not self._token else {"Authorization": f"Bearer {self._token}"}
        url = f"{self._service.api}/dashboards/{self._board}/live"
        async with client.stream("GET", url, params=query, headers=headers) as reply:
            self._heard.append(str(reply.headers))
            if reply.status_code != 200:
                self._heard.append((await reply.aread()).decode())
                return code_of(reply.json())
            async for line in reply.aiter_lines():
                self._heard.append(line)
                if line.startswith("event: "):
                    return "ok" if line == "event: snapshot" else line
        return "ended"

    async def socket(self, operations: dict[str, Operation], *, in_query: bool) -> dict[str, str]:
        """Open a socket, and send each message."""
        try:
            async with self._opened(in_query=in_query) as socket:
                return {name: await self._ask(socket, operation.body) for name, operation in operations.items()}
        except InvalidStatus as refused:
            self._heard += [str(refused.response.headers), refused.response.body.decode()]
            return dict.fromkeys(operations, code_of(json.loads(refused.response.body)))

    @asynccontextmanager
    async def _opened(self, *, in_query: bool) -> AsyncIterator[Any]:
        url, offered = self._service.ws, ["goboard.v1"]
        if self._token and in_query:
            url += f"?token={quote(self._token, safe='')}"
        elif self._token:
            offered.append(self._token)
        async with connect(url, subprotocols=offered) as socket:  # type: ignore[arg-type] # a new type of str's
            yield socket

    async def _ask(self, socket: Any, message: Any) -> str:
        await socket.send(json.dumps(message).replace("{dashboard}", self._board))
        async with asyncio.timeout(10):
            while (reply := self._read(await socket.recv())) == {"op": "ping"} or (
                isinstance(reply, dict) and reply.get("type") == "change"
            ):
                pass
        return code_of(reply[0] if isinstance(reply, list) else reply)

    def _read(self, text: str) -> Any:
        self._heard.append(text)
        return json.loads(text)

    async def grpc(self, channel: grpc.aio.Channel, name: str, operation: Operation, **named: str) -> str:
        """Call a method; of a stream, give what comes first."""
        kind = dashboard_pb.message("UpdateRequest" if name == "StreamUpdates" else f"{name}Request")
        fields = {field.name for field in kind.DESCRIPTOR.fields}
        said = {"dashboard": self._board, "member_id": MEMBER, **named}
        request = kind(**{key: value for key, value in said.items() if key in fields}, **(operation.body or {}))
        metadata = [("authorization", f"Bearer {self._token}")] if self._token else []
        call = dashboard_pb.method(channel, name)
        try:
            if isinstance(call, grpc.aio.StreamStreamMultiCallable):
                return await self._first_of_stream(call, request, metadata)
            running = call(request, metadata=metadata, timeout=20)
            reply = await (running if hasattr(running, "__await__") else running.read())
        except grpc.aio.AioRpcError as error:
            self._heard += [repr(error), str(error.trailing_metadata())]
            code = rich_problem(error).code
            return "ok" if code in ADMITTED else code
        if not hasattr(running, "__await__"):
            running.cancel()
        self._heard.append(str(reply))
        return _code_in(reply)

    async def _first_of_stream(self, call: Any, request: Any, metadata: Any) -> str:
        stream = call(metadata=metadata, timeout=20)
        try:
            await stream.write(request)
            reply = await stream.read()
        except grpc.aio.AioRpcError:
            # A write that meets a refusal makes grpc.aio say INTERNAL instead: it is asked for again, by reading alone.
            await call(metadata=metadata, timeout=20).read()
            raise
        stream.cancel()
        self._heard.append(str(reply))
        return _code_in(reply)


def _code_in(reply: Any) -> str:
    found = reply.results[0] if "results" in reply.DESCRIPTOR.fields_by_name and reply.results else reply
    has_problem = "problem" in found.DESCRIPTOR.fields_by_name and found.HasField("problem")
    return str(found.problem.code) if has_problem else "ok"
