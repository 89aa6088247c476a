"""The opening of a WebSocket: whence it comes, who it is, and the refusal as a problem over HTTP."""

from collections.abc import Awaitable
from http import HTTPStatus
from time import perf_counter
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from goboard.domain.errors import GoboardError
from goboard.entrypoints import problems, request_ids
from goboard.entrypoints.gate import Gate, only_token
from goboard.entrypoints.http.answers import UNMATCHED, answers_of
from goboard.entrypoints.http.deadlines import Deadlines
from goboard.entrypoints.http.errors import PROBLEM_JSON, problem_body, problem_headers
from goboard.entrypoints.http.feed import Feeding
from goboard.entrypoints.http.paths import sent_path
from goboard.entrypoints.http.safety import safe_headers
from goboard.entrypoints.http.socket_updates import PATH, Updates
from goboard.entrypoints.http.websocket import Socket
from goboard.entrypoints.problems import Problem
from goboard.entrypoints.updates import Caller
from goboard.leaderboards import Leaderboards

SUBPROTOCOL = "goboard.v1"


class Credentials(NamedTuple):
    """What a handshake offers."""

    token: str
    subprotocol: str | None
    """What is answered: a browser drops the connection where none of what it offered comes back."""


class Handshakes:
    """An ASGI application in front of another: it opens sockets at /ws, and hands on what is none.

    Through the framework each reply would run through its wrapper of `send` (5 % of a loaded worker's time), and a
    handshake at another path would be closed as 403.
    """

    def __init__(  # noqa: PLR0913 -- what a socket is made of
        self,
        app: Any,
        boards: Leaderboards,
        feeding: Feeding,
        gate: Gate,
        origins: tuple[str, ...],
        *,
        enabled: bool,
        request_timeout: float,
    ) -> None:
        self._app = app
        self._boards = boards
        self._feeding = feeding
        self._gate = gate
        self._origins = origins
        self._enabled = enabled
        self._deadlines = Deadlines(request_timeout)

    def __call__(self, scope: Any, receive: Any, send: Any) -> Awaitable[None]:
        """Open a socket, refuse to, or hand on what is none."""
        is_socket = scope["type"] == "websocket"
        if scope["type"] != "lifespan" and scope["path"] == PATH:
            refusal = self._refusal(scope, is_socket=is_socket)
            return refuse(scope, send, refusal) if refusal else self._admit(scope, receive, send)
        if is_socket:
            return refuse(scope, send, Problem(problems.NOT_FOUND, "there is nothing at this path"), sent_path(scope))
        handed_on: Awaitable[None] = self._app(scope, receive, send)
        return handed_on

    def _refusal(self, scope: Any, *, is_socket: bool) -> Problem | None:
        if not self._enabled:
            return Problem(problems.SWITCHED_OFF, "WebSocket is switched off on this server")
        if not is_socket:
            return Problem(problems.UPGRADE_REQUIRED, f"{PATH} speaks WebSocket only")
        if not origin_allowed(scope, self._origins):
            return Problem(problems.ORIGIN_NOT_ALLOWED, "this Origin is not in CORS_ALLOWED_ORIGINS")
        return None

    async def _admit(self, scope: Any, receive: Any, send: Any) -> None:
        begun = perf_counter()
        try:
            credentials = read_credentials(scope)
            identity = self._gate.admit_reader(credentials.token)
        except GoboardError as refusal:
            await refuse(scope, send, problems.problem_for(refusal, PATH))
            return
        await receive()  # websocket.connect
        await send({"type": "websocket.accept", "subprotocol": credentials.subprotocol, "headers": []})
        answers_of("GET", PATH).count(HTTPStatus.SWITCHING_PROTOCOLS, begun)
        caller = Caller(identity, self._gate)
        socket = Socket(
            receive,
            send,
            Updates(self._boards, caller, self._deadlines),
            self._feeding,
            identity=caller.name,
            lifetime=caller.lifetime,
            request_timeout=self._deadlines.seconds,
        )
        await socket.serve()


def read_credentials(scope: Any) -> Credentials:
    """Take the token from `?token=`, else from `Sec-WebSocket-Protocol`: bare, or beside `goboard.v1`.

    Raises:
        InvalidToken: the query has several.
    """
    offered = [
        part.strip()
        for value in _headers(scope, b"sec-websocket-protocol")
        for part in value.split(",")
        if part.strip()
    ]
    subprotocol = SUBPROTOCOL if SUBPROTOCOL in offered else None
    in_query = [value for name, value in parse_qsl(scope["query_string"].decode("latin-1")) if name == "token"]
    if in_query:
        return Credentials(only_token(in_query), subprotocol)
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
    is_socket = scope["type"] == "websocket"
    event = "websocket.http.response" if is_socket else "http.response"
    observed = not is_socket and request_ids.current.get() is not None
    if not observed:
        _settle_id(scope)
    body = problem_body(problem, instance)
    headers = [(b"content-type", PROBLEM_JSON.encode()), (b"content-length", str(len(body)).encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in problem_headers(problem).items()]
    if problem.kind is problems.UPGRADE_REQUIRED:
        headers += [(b"upgrade", b"websocket"), (b"connection", b"upgrade")]
    if not observed:  # else the application around this one takes care
        headers += [*safe_headers(scope), (request_ids.HEADER, _settle_id(scope))]
        route = PATH if scope["path"] == PATH else UNMATCHED
        answers_of(scope.get("method", "GET"), route).count(problem.kind.status, perf_counter())
    await send({"type": f"{event}.start", "status": int(problem.kind.status), "headers": headers})
    await send({"type": f"{event}.body", "body": body, "more_body": False})


def _settle_id(scope: Any) -> bytes:
    return request_ids.current.get() or request_ids.begin(request_ids.sent(scope["headers"]))
