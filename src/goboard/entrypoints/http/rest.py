"""The REST routes under /api/v1, as the framework serves and documents them."""

import asyncio
from http import HTTPStatus
from typing import Any

from litestar import Request, Response, Router
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from goboard.entrypoints.gate import Gate, bearer_token, only_token
from goboard.entrypoints.http.rest_live import live
from goboard.entrypoints.http.rest_reads import READS
from goboard.entrypoints.http.rest_writes import WRITES
from goboard.entrypoints.http.uploads import BodyTooSlow, Upload

_READING = "reading"
"""Marks routes that a visitor may use."""
_STREAMS = "streams"
"""Marks routes that take the token from the query, too: an EventSource sets no headers."""


def rest_router(gate: Gate, request_timeout: float) -> Router:
    """Make the routes: each asks for a token first, and ends within `request_timeout` seconds unless it is a stream."""

    def authenticate(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        token = sent_token(connection.headers.getall("authorization", []))
        if handler.opt.get(_STREAMS) and not token:
            token = only_token(connection.query_params.getall("token", []))
        admit = gate.admit_reader if handler.opt.get(_READING) else gate.admit
        connection.scope["user"] = admit(token)
        connection.scope["auth"] = gate

    bounded = [_deadline(request_timeout)]
    return Router(
        "/api/v1",
        route_handlers=[
            Router("", route_handlers=WRITES, middleware=bounded),
            Router("", route_handlers=READS, middleware=bounded, opt={_READING: True}),
            Router("", route_handlers=[live], opt={_READING: True, _STREAMS: True}),
        ],
        guards=[authenticate],
        before_request=_tell_methods,
        tags=["dashboards"],
        security=[{"token": []}],
    )


def _tell_methods(request: Request[Any, Any, Any]) -> Response[None] | None:
    """Answer OPTIONS, for which Litestar tells the methods of the handler alone that came first to the path."""
    if request.method != "OPTIONS":
        return None
    path = request.scope["path_template"]
    methods = {method for route in request.app.routes if route.path_format == path for method in route.methods}
    return Response(None, status_code=HTTPStatus.NO_CONTENT, headers={"Allow": ", ".join(sorted(methods))})


def sent_token(values: list[str]) -> str:
    """Take the token out of the `Authorization` headers of a request.

    Raises:
        InvalidToken: there are several.
    """
    return bearer_token(only_token(values))


def _deadline(seconds: float) -> Any:
    def middleware(app: ASGIApp) -> ASGIApp:
        async def bounded(scope: Scope, receive: Receive, send: Send) -> None:
            upload = None
            try:
                async with asyncio.timeout(seconds) as limit:
                    upload = Upload(receive, limit, seconds)
                    await app(scope, upload, send)
            except TimeoutError:
                if upload is not None and upload.under_way:
                    raise BodyTooSlow from None
                raise

        return bounded

    return middleware
