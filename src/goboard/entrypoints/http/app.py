"""The HTTP application: REST, WebSocket, probes and the OpenAPI document."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from importlib.metadata import version
from typing import Any

from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.di import Provide

from goboard.entrypoints.gate import Gate
from goboard.entrypoints.http import wire
from goboard.entrypoints.http.admission import Admission, Loads
from goboard.entrypoints.http.answers import Observed
from goboard.entrypoints.http.door import Door
from goboard.entrypoints.http.errors import exception_handlers
from goboard.entrypoints.http.feed import Feeding
from goboard.entrypoints.http.handshake import Handshakes
from goboard.entrypoints.http.heads import Heads
from goboard.entrypoints.http.openapi import openapi_config
from goboard.entrypoints.http.operations import Operations
from goboard.entrypoints.http.page import PAGE
from goboard.entrypoints.http.paths import route_by_raw_path
from goboard.entrypoints.http.probes import health, metrics_route, ready
from goboard.entrypoints.http.rest import rest_router
from goboard.entrypoints.http.shortcut import Shortcut
from goboard.entrypoints.http.traced import Traced
from goboard.entrypoints.metrics.meter import Meter
from goboard.entrypoints.settings import Settings
from goboard.entrypoints.tracing.requests import Requests
from goboard.leaderboards import Leaderboards

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


def create_app(  # noqa: PLR0913, PLR0917 -- what a worker's transports share, and its settings
    boards: Leaderboards,
    feeding: Feeding,
    door: Door,
    gate: Gate,
    settings: Settings,
    lifespan: Lifespan,
    meter: Meter | None = None,
    requests: Requests | None = None,
) -> Any:
    """Make the ASGI application, for as long as `door` is open; `lifespan` spans its life in a server.

    Without a `meter` there is no /metrics; with `requests` they are traced.
    """
    operations = Operations.on(boards, settings.max_limit, allow_self_delete=settings.allow_self_delete)
    litestar = Litestar(
        route_handlers=[
            rest_router(gate, settings.request_timeout),
            health,
            ready,
            *([metrics_route(meter, settings.metrics_token)] if meter else []),
            *PAGE,
        ],
        dependencies={
            "boards": Provide(lambda: boards, sync_to_thread=False),
            "operations": Provide(lambda: operations, sync_to_thread=False),
            "feeding": Provide(lambda: feeding, sync_to_thread=False),
            "gate": Provide(lambda: gate, sync_to_thread=False),
            "door": Provide(lambda: door, sync_to_thread=False),
            "request_timeout": Provide(lambda: settings.request_timeout, sync_to_thread=False),
        },
        exception_handlers=exception_handlers,  # type: ignore[arg-type] # each handler takes its own error type
        cors_config=CORSConfig(
            allow_origins=list(settings.cors_origins),
            allow_credentials=settings.cors_credentials,
            expose_headers=["X-Request-ID", "Retry-After"],
        ),
        openapi_config=openapi_config(version("goboard")),
        request_max_body_size=wire.MAX_BODY_BYTES,
        lifespan=[lifespan],
        logging_config=None,
    )
    handshakes = Handshakes(
        litestar,
        boards,
        feeding,
        gate,
        settings.cors_origins,
        enabled=settings.enable_websocket,
        request_timeout=settings.request_timeout,
    )
    loads = Loads.bounded()
    admitted = Admission(Observed(Heads(handshakes)), loads)
    app = route_by_raw_path(door.before(Shortcut(admitted, operations, gate, settings.request_timeout, loads.requests)))
    return Traced(app, requests) if requests else app
