"""The routes that carry the load, answered before the framework sees them.

On one core, 100 connections: a POST that does nothing makes 11-14k/s through the framework's routing, dependencies and
response, 13-21k/s as a raw ASGI application mounted in it (its routing remembers 1,024 paths, fewer than a board has
members, and a raw route with path parameters Litestar 2.25 does not take), 28-38k/s here. The operations, their errors
and their order are the same; whatever is not plain (a browser's request, which needs CORS; a query beyond `limit`)
takes the framework's route.
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from time import perf_counter
from typing import Any, NamedTuple

import msgspec

from goboard.domain.identity import Identity
from goboard.entrypoints import problems, request_ids
from goboard.entrypoints.gate import Gate
from goboard.entrypoints.http import wire
from goboard.entrypoints.http.admission import refuse_overload
from goboard.entrypoints.http.answers import Answers, answers_of
from goboard.entrypoints.http.deadlines import Deadlines
from goboard.entrypoints.http.errors import (
    PROBLEM_JSON,
    broken_body,
    problem_body,
    problem_headers,
    too_large,
    too_slow,
)
from goboard.entrypoints.http.operations import Operations
from goboard.entrypoints.http.paths import sent_path
from goboard.entrypoints.http.queries import NO_QUERY, Query
from goboard.entrypoints.http.rest import sent_token
from goboard.entrypoints.http.rest_parameters import sent_key
from goboard.entrypoints.http.safety import Headers, safe_headers
from goboard.entrypoints.http.uploads import BODY_SECONDS
from goboard.entrypoints.load import Load
from goboard.entrypoints.problems import Problem
from goboard.entrypoints.updates import Caller

_BOARD_PATH = 6  # "", api, v1, dashboards, {dashboard}, top
_MEMBER_PATH = 8  # "", api, v1, dashboards, {dashboard}, members, {member_id}, rank
_JSON = b"application/json"
_PROBLEM_JSON = PROBLEM_JSON.encode()
_REQUEST_ID = request_ids.HEADER
_OK = int(HTTPStatus.OK)
_NO_HEADERS: Headers = ()


class _BodyRefused(Exception):
    """The body is not taken; the argument is why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


class _Request(NamedTuple):
    """A request that takes the shortcut."""

    scope: Any
    receive: Any
    segments: list[str]
    tokens: list[str]
    keys: list[str]
    sent_id: bytes | None

    @property
    def dashboard(self) -> str:
        return self.segments[4]

    @property
    def member_id(self) -> str:
        return self.segments[6]

    @property
    def key(self) -> str | None:
        return sent_key(self.keys)

    @property
    def path(self) -> str:
        return sent_path(self.scope)

    async def body(self, limit: int) -> bytes:
        """Read the body, of at most `limit` bytes."""
        body = b""
        more = True
        while more:
            event = await self.receive()
            if event["type"] == "http.disconnect":  # or its chunks are none; if the client has left, nobody is told
                raise _BodyRefused(broken_body())
            body += event.get("body", b"")
            if len(body) > limit:
                raise _BodyRefused(too_large(limit))
            more = event.get("more_body", False)
        return body


_Do = Callable[[Operations, Caller, _Request, bytes], Awaitable[msgspec.Struct]]


class _Operation(NamedTuple):
    """What is done, with a body of how many bytes, and where it is counted."""

    do: _Do
    body_limit: int
    """0: none is read; it is an operation that reads the board, for which no token may be needed."""
    answers: Answers


async def _increment(operations: Operations, caller: Caller, request: _Request, body: bytes) -> msgspec.Struct:
    return await operations.writes.increment(caller, request.dashboard, request.member_id, body, request.key)


async def _increments(operations: Operations, caller: Caller, request: _Request, body: bytes) -> msgspec.Struct:
    return await operations.writes.increments(caller, request.dashboard, body, request.key, request.path)


async def _submit(operations: Operations, caller: Caller, request: _Request, body: bytes) -> msgspec.Struct:
    return await operations.writes.submit(caller, request.dashboard, request.member_id, body, request.key)


async def _rank(operations: Operations, caller: Caller, request: _Request, _: bytes) -> msgspec.Struct:
    return await operations.reads.rank(caller, request.dashboard, request.member_id, NO_QUERY)


async def _top(operations: Operations, _: Caller, request: _Request, __: bytes) -> msgspec.Struct:
    limit = request.scope["query_string"][len(_LIMIT) :].decode()
    return await operations.reads.top(request.dashboard, Query({"limit": limit}))


def _operations(path: str, functions: dict[tuple[str, str], tuple[_Do, int]]) -> dict[tuple[str, str], _Operation]:
    return {
        (method, last): _Operation(do, body_limit, answers_of(method, f"{path}/{last}"))
        for (method, last), (do, body_limit) in functions.items()
    }


_BOARD = "/api/v1/dashboards/{dashboard}"
_OF_MEMBER = _operations(
    f"{_BOARD}/members/{{member_id}}",
    {
        ("POST", "increment"): (_increment, wire.MAX_BODY_BYTES),
        ("POST", "score"): (_submit, wire.MAX_BODY_BYTES),
        ("GET", "rank"): (_rank, 0),
    },
)
_OF_BOARD = _operations(
    _BOARD, {("POST", "increments"): (_increments, wire.MAX_BATCH_BYTES), ("GET", "top"): (_top, 0)}
)
_LIMIT = b"limit="
_NOT_PLAIN = {b"origin", b"host", b"transfer-encoding", b"content-encoding"}


class Shortcut:
    """An ASGI application in front of another, which gets what takes no shortcut."""

    def __init__(self, app: Any, operations: Operations, gate: Gate, request_timeout: float, load: Load) -> None:
        self._app = app
        self._operations = operations
        self._gate = gate
        self._load = load
        self._deadlines = Deadlines(request_timeout)
        self._body_deadlines = Deadlines(BODY_SECONDS)

    def __call__(self, scope: Any, receive: Any, send: Any) -> Awaitable[None]:
        """Serve a request, or whatever else the server hands over."""
        if scope["type"] == "http" and scope["path"].startswith("/api/v1/dashboards/"):
            segments = scope["path"].split("/")
            operation = _operation(scope, segments)
            if operation is not None and (plain := _plain(scope["headers"])) is not None:
                if self._load.full:
                    return refuse_overload(scope, send, self._load)
                return self._answer(operation, _Request(scope, receive, segments, *plain), send)
        handed_on: Awaitable[None] = self._app(scope, receive, send)
        return handed_on

    def _admit(self, operation: _Operation, token: str) -> Identity:
        return self._gate.admit(token) if operation.body_limit else self._gate.admit_reader(token)

    async def _body(self, operation: _Operation, request: _Request) -> bytes:
        try:
            with self._body_deadlines.limit():
                return await request.body(operation.body_limit)
        except TimeoutError:
            raise _BodyRefused(too_slow()) from None

    async def _answer(self, operation: _Operation, request: _Request, send: Any) -> None:
        begun = perf_counter()
        request_id = request_ids.begin(request.sent_id)
        self._load.count += 1
        try:
            caller = Caller(self._admit(operation, sent_token(request.tokens)), self._gate)
            body = await self._body(operation, request) if operation.body_limit else b""
            with self._deadlines.limit():
                reply = await operation.do(self._operations, caller, request, body)
            status, media_type, body, more = _OK, _JSON, wire.encode(reply), _NO_HEADERS
        except _BodyRefused as refusal:
            status, media_type, body, more = _problem(refusal.problem, request.path)
        except Exception as error:  # noqa: BLE001 -- every failure is answered; the unforeseen is logged
            path = request.path
            status, media_type, body, more = _problem(problems.problem_for(error, path), path)
        finally:
            self._load.count -= 1
        operation.answers.count(status, begun)
        length = b"%d" % len(body)
        safe = safe_headers(request.scope)
        headers = [(b"content-type", media_type), (b"content-length", length), (_REQUEST_ID, request_id), *safe, *more]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})


def _operation(scope: Any, segments: list[str]) -> _Operation | None:
    """Find what answers the request; None: the framework does."""
    key = (scope["method"], segments[-1])
    query: bytes = scope["query_string"]
    if len(segments) == _MEMBER_PATH and segments[5] == "members":
        return None if query else _OF_MEMBER.get(key)
    if len(segments) != _BOARD_PATH:
        return None
    plain = not query or (query.startswith(_LIMIT) and query[len(_LIMIT) :].isalnum())
    return _OF_BOARD.get(key) if plain else None


def _plain(headers: list[tuple[bytes, bytes]]) -> tuple[list[str], list[str], bytes | None] | None:
    """Give the values of Authorization and Idempotency-Key, and the request's id.

    None: a browser's request, or a head that must be looked at (heads.py).
    """
    tokens: list[str] = []
    keys: list[str] = []
    request_id = None
    hosts = 0
    for name, value in headers:
        if name == b"authorization":
            tokens.append(value.decode("latin-1"))
        elif name == b"host" and value:
            hosts += 1
        elif name == b"idempotency-key":
            keys.append(value.decode("latin-1"))
        elif name == _REQUEST_ID:
            request_id = b"" if request_id is not None else value  # of several none can be meant
        elif name in _NOT_PLAIN:
            return None
    return (tokens, keys, request_id) if hosts == 1 else None


def _problem(problem: Problem, path: str) -> tuple[int, bytes, bytes, Headers]:
    more = [(name.lower().encode(), value.encode()) for name, value in problem_headers(problem).items()]
    return int(problem.kind.status), _PROBLEM_JSON, problem_body(problem, path), more
