"""The opening of a WebSocket: whence it comes, who it is, and the refusal as a problem over HTTP."""

from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from litestar import asgi
from litestar.enums import ScopeType
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send

from goboard.domain.errors import GoboardError
from goboard.entrypoints import problems
from goboard.entrypoints.gate import Gate
from goboard.entrypoints.http.errors import PROBLEM_JSON, problem_body
from goboard.entrypoints.http.websocket import PATH, Updates, UpdateSocket
from goboard.entrypoints.problems import Problem
from goboard.entrypoints.updates import Caller
from goboard.leaderboards import Leaderboards

SUBPROTOCOL = "goboard.v1"


class Credentials(NamedTuple):
    """What a handshake offers."""

    token: str
    subprotocol: str | None
    """What is answered: a browser drops the connection where none of what it offered comes back."""


def websocket_route(
    boards: Leaderboards, gate: Gate, origins: tuple[str, ...], *, enabled: bool, request_timeout: float
) -> ASGIRouteHandler:
    """Make the route /ws."""

    @asgi(PATH, copy_scope=True)
    async def updates(scope: Scope, receive: Receive, send: Send) -> None:
        if not enabled:
            await refuse(scope, send, Problem(problems.SWITCHED_OFF, "WebSocket is switched off on this server"))
        elif scope["type"] == ScopeType.HTTP:
            await refuse(scope, send, Problem(problems.UPGRADE_REQUIRED, f"{PATH} speaks WebSocket only"))
        elif not origin_allowed(scope, origins):
            await refuse(
                scope, send, Problem(problems.ORIGIN_NOT_ALLOWED, "this Origin is not in CORS_ALLOWED_ORIGINS")
            )
        else:
            await admit(scope, receive, send)

    async def admit(scope: Scope, receive: Receive, send: Send) -> None:
        credentials = read_credentials(scope)
        try:
            identity = gate.admit(credentials.token)
        except GoboardError as refusal:
            await refuse(scope, send, problems.problem_of(refusal) or problems.internal_problem())
            return
        await receive()  # websocket.connect
        await send({"type": "websocket.accept", "subprotocol": credentials.subprotocol, "headers": []})
        await UpdateSocket(receive, send, Updates(boards, Caller(identity, gate), request_timeout)).serve()

    return updates


def read_credentials(scope: Any) -> Credentials:
    """Take the token from `?token=`, else from `Sec-WebSocket-Protocol`: bare, or beside `goboard.v1`."""
    offered = [
        part.strip()
        for value in _headers(scope, b"sec-websocket-protocol")
        for part in value.split(",")
        if part.strip()
    ]
    subprotocol = SUBPROTOCOL if SUBPROTOCOL in offered else None
    for name, value in parse_qsl(scope["query_string"].decode("latin-1")):
        if name == "token":
            return Credentials(value, subprotocol)
    tokens = [part for part in offered if part != SUBPROTOCOL]
    token = tokens[0] if tokens else ""
    return Credentials(token, subprotocol or token or None)


def origin_allowed(scope: Any, origins: tuple[str, ...]) -> bool:
    """Tell whether a browser at the handshake's Origin may connect; what sends no Origin is no browser."""
    found = _headers(scope, b"origin")
    if not found:
        return True
    own = {f"{scheme}://{host}" for host in _headers(scope, b"host") for scheme in ("http", "https")}
    return len(found) == 1 and (origins == ("*",) or found[0] in origins or found[0] in own)


def _headers(scope: Any, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


async def refuse(scope: Any, send: Any, problem: Problem, instance: str = PATH) -> None:
    """Answer over HTTP: a WebSocket that is not accepted yet is still an HTTP request (ASGI's denial response)."""
    event = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    body = problem_body(problem, instance)
    headers = [(b"content-type", PROBLEM_JSON.encode()), (b"content-length", str(len(body)).encode())]
    if problem.kind is problems.UPGRADE_REQUIRED:
        headers += [(b"upgrade", b"websocket"), (b"connection", b"upgrade")]
    await send({"type": f"{event}.start", "status": int(problem.kind.status), "headers": headers})
    await send({"type": f"{event}.body", "body": body, "more_body": False})
