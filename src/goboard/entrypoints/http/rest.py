"""The REST routes under /api/v1, as the framework serves and documents them."""

import asyncio
from typing import Any

from litestar import Router
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from goboard.domain.errors import InvalidToken
from goboard.entrypoints.gate import Gate, bearer_token
from goboard.entrypoints.http.rest_reads import READS
from goboard.entrypoints.http.rest_writes import WRITES


def rest_router(gate: Gate, request_timeout: float) -> Router:
    """Make the routes: each asks for a token first, and ends within `request_timeout` seconds."""

    def authenticate(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        connection.scope["user"] = gate.admit(sent_token(connection.headers.getall("authorization", [])))
        connection.scope["auth"] = gate

    return Router(
        "/api/v1",
        route_handlers=[*WRITES, *READS],
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
