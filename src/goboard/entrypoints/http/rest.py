"""The REST routes under /api/v1, as the framework serves and documents them."""

import asyncio
from typing import Annotated, Any

from litestar import Request, Router, get, post
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.params import Dependency, Parameter
from litestar.types import ASGIApp, Receive, Scope, Send

from goboard.domain.errors import InvalidToken
from goboard.domain.identity import Identity
from goboard.entrypoints.gate import Gate, bearer_token
from goboard.entrypoints.http import wire
from goboard.entrypoints.http.openapi import BatchOperation, IncrementOperation, TopOperation, problem_responses
from goboard.entrypoints.http.operations import Operations
from goboard.entrypoints.http.paths import sent_path
from goboard.entrypoints.updates import Caller

_AnyRequest = Request[Identity, Gate, Any]
Offered = Annotated[Operations, Dependency(skip_validation=True)]
BoardPath = Annotated[str, Parameter(description="The board's name: 1 to 256 bytes, percent-encoded, no braces.")]
MemberPath = Annotated[str, Parameter(description="The member's name: 1 to 256 bytes, percent-encoded.")]


@post(
    "/dashboards/{dashboard:str}/members/{member_id:str}/increment",
    status_code=200,
    operation_class=IncrementOperation,
    responses=problem_responses(400, 401, 403, 409, 413, 500, 503, 504),
)
async def increment(
    request: _AnyRequest, dashboard: BoardPath, member_id: MemberPath, operations: Offered
) -> wire.MemberReply:
    """Add to the score of the authenticated member (for role server: of the member named)."""
    return await operations.increment(_caller(request), dashboard, member_id, await request.body())


@post(
    "/dashboards/{dashboard:str}/increments",
    status_code=200,
    operation_class=BatchOperation,
    request_max_body_size=wire.MAX_BATCH_BYTES,
    responses=problem_responses(400, 401, 403, 413, 500, 503, 504),
)
async def increments(request: _AnyRequest, dashboard: BoardPath, operations: Offered) -> wire.ResultsReply:
    """Add to many scores, in order; each is answered in its place, and one that is refused leaves the others alone.

    As with a single increment, the authenticated member is credited (for role server: the members named).
    """
    return await operations.increments(_caller(request), dashboard, await request.body(), sent_path(request.scope))


@get(
    "/dashboards/{dashboard:str}/members/{member_id:str}/rank",
    responses=problem_responses(400, 401, 403, 404, 500, 503, 504),
)
async def rank(
    request: _AnyRequest, dashboard: BoardPath, member_id: MemberPath, operations: Offered
) -> wire.MemberReply:
    """Tell the place of the authenticated member (for role server: of the member named)."""
    return await operations.rank(_caller(request), dashboard, member_id)


@get(
    "/dashboards/{dashboard:str}/top",
    operation_class=TopOperation,
    responses=problem_responses(400, 401, 403, 500, 503, 504),
)
async def top(request: _AnyRequest, dashboard: BoardPath, operations: Offered) -> wire.TopReply:
    """Tell the first places, best first; none of an unknown board."""
    return await operations.top(dashboard, request.query_params.getall("limit", [""])[0])


@get("/dashboards/{dashboard:str}/stats", responses=problem_responses(400, 401, 403, 500, 503, 504))
async def stats(dashboard: BoardPath, operations: Offered) -> wire.StatsReply:
    """Tell how many members the board has; 0 of an unknown board."""
    return await operations.stats(dashboard)


def rest_router(gate: Gate, request_timeout: float) -> Router:
    """Make the routes: each asks for a token first, and ends within `request_timeout` seconds."""

    def authenticate(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        connection.scope["user"] = gate.admit(sent_token(connection.headers.getall("authorization", [])))
        connection.scope["auth"] = gate

    return Router(
        "/api/v1",
        route_handlers=[increment, increments, rank, top, stats],
        guards=[authenticate],
        middleware=[_deadline(request_timeout)],
        tags=["dashboards"],
        security=[{"token": []}],
    )


def sent_token(values: list[str]) -> str:
    """Take the token out of the `Authorization` headers of a request.

    Raises:
        InvalidToken: there are several.
    """
    if len(values) > 1:
        raise InvalidToken("two Authorization headers")
    return bearer_token(values[0]) if values else ""


def _deadline(seconds: float) -> Any:
    def middleware(app: ASGIApp) -> ASGIApp:
        async def bounded(scope: Scope, receive: Receive, send: Send) -> None:
            async with asyncio.timeout(seconds):
                await app(scope, receive, send)

        return bounded

    return middleware


def _caller(request: _AnyRequest) -> Caller:
    return Caller(request.user, request.auth)
