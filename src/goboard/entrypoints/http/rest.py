"""The REST routes under /api/v1."""

import asyncio
import re
from typing import Annotated, Any

from litestar import Request, Router, get, post
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.params import Dependency, Parameter
from litestar.types import ASGIApp, Receive, Scope, Send

from goboard.domain.errors import InvalidArgument, InvalidToken
from goboard.domain.identity import Identity
from goboard.domain.names import BoardName, MemberName
from goboard.entrypoints.gate import Gate, bearer_token
from goboard.entrypoints.http import wire
from goboard.entrypoints.http.openapi import IncrementOperation, TopOperation, problem_responses
from goboard.entrypoints.http.paths import decode_segment
from goboard.leaderboards import Leaderboards

DEFAULT_LIMIT = 10

_AnyRequest = Request[Identity, Any, Any]
Boards = Annotated[Leaderboards, Dependency(skip_validation=True)]
BoardPath = Annotated[str, Parameter(description="The board's name: 1 to 256 bytes, percent-encoded, no braces.")]
MemberPath = Annotated[str, Parameter(description="The member's name: 1 to 256 bytes, percent-encoded.")]


@post(
    "/dashboards/{dashboard:str}/members/{member_id:str}/increment",
    status_code=200,
    operation_class=IncrementOperation,
    responses=problem_responses(400, 401, 403, 409, 413, 500, 503, 504),
)
async def increment(
    request: _AnyRequest, dashboard: BoardPath, member_id: MemberPath, boards: Boards
) -> wire.MemberReply:
    """Add to the score of the authenticated member (for role server: of the member named)."""
    board, member = _board(dashboard), _member(request, member_id)
    delta = wire.read_increment(await request.body())
    return wire.member_reply(await boards.increment(board, member, delta))


@get(
    "/dashboards/{dashboard:str}/members/{member_id:str}/rank",
    responses=problem_responses(400, 401, 403, 404, 500, 503, 504),
)
async def rank(request: _AnyRequest, dashboard: BoardPath, member_id: MemberPath, boards: Boards) -> wire.MemberReply:
    """Tell the place of the authenticated member (for role server: of the member named)."""
    return wire.member_reply(await boards.rank(_board(dashboard), _member(request, member_id)))


@get(
    "/dashboards/{dashboard:str}/top",
    operation_class=TopOperation,
    responses=problem_responses(400, 401, 403, 500, 503, 504),
)
async def top(
    request: _AnyRequest,
    dashboard: BoardPath,
    boards: Boards,
    max_limit: Annotated[int, Dependency(skip_validation=True)],
) -> wire.TopReply:
    """Tell the first places, best first; none of an unknown board."""
    limit = request.query_params.getall("limit", [""])[0]
    return wire.top_reply(await boards.top(_board(dashboard), parse_limit(limit, max_limit)))


@get("/dashboards/{dashboard:str}/stats", responses=problem_responses(400, 401, 403, 500, 503, 504))
async def stats(dashboard: BoardPath, boards: Boards) -> wire.StatsReply:
    """Tell how many members the board has; 0 of an unknown board."""
    return wire.StatsReply(await boards.count(_board(dashboard)))


def parse_limit(text: str, max_limit: int) -> int:
    """Read the query parameter `limit`.

    Raises:
        InvalidArgument: it is no integer, or over `max_limit`.
    """
    if not text:
        return DEFAULT_LIMIT
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise InvalidArgument("invalid limit query parameter")
    if text[0] == "-":
        return DEFAULT_LIMIT
    digits = text.lstrip("+0")
    if len(digits) > len(str(max_limit)) or int(digits or "0") > max_limit:
        raise InvalidArgument(f"limit is over the maximum of {max_limit}")
    return int(digits or "0") or DEFAULT_LIMIT


def rest_router(gate: Gate, request_timeout: float) -> Router:
    """Make the routes: each asks for a token first, and ends within `request_timeout` seconds."""

    def authenticate(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        connection.scope["user"] = gate.admit(_token(connection))
        connection.scope["auth"] = gate

    return Router(
        "/api/v1",
        route_handlers=[increment, rank, top, stats],
        guards=[authenticate],
        middleware=[_deadline(request_timeout)],
        tags=["dashboards"],
        security=[{"token": []}],
    )


def _deadline(seconds: float) -> Any:
    def middleware(app: ASGIApp) -> ASGIApp:
        async def bounded(scope: Scope, receive: Receive, send: Send) -> None:
            async with asyncio.timeout(seconds):
                await app(scope, receive, send)

        return bounded

    return middleware


def _token(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    values = connection.headers.getall("authorization", [])
    if len(values) > 1:
        raise InvalidToken("two Authorization headers")
    return bearer_token(values[0]) if values else ""


def _board(segment: str) -> BoardName:
    return BoardName.parse(decode_segment(segment, "dashboard"))


def _member(request: _AnyRequest, segment: str) -> MemberName:
    gate: Gate = request.auth
    return gate.member_for(request.user, MemberName.parse(decode_segment(segment, "member_id")))
