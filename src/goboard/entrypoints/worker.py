"""A worker process: one event loop with the HTTP application and, beside it, the gRPC server."""

import asyncio
import gc
import logging
import multiprocessing
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import svcs
from litestar import Litestar

from goboard.domain.errors import StoreError
from goboard.domain.names import BoardName
from goboard.domain.rules import Rules
from goboard.entrypoints.boards_file import give_rules
from goboard.entrypoints.container import registry_for
from goboard.entrypoints.gate import Gate
from goboard.entrypoints.grpc.server import GrpcServer
from goboard.entrypoints.http.app import create_app
from goboard.entrypoints.http.door import Door
from goboard.entrypoints.http.feed import Feeding
from goboard.entrypoints.http.pulse import Pulse
from goboard.entrypoints.http.silence import silence_ended
from goboard.entrypoints.metrics import families
from goboard.entrypoints.metrics.meter import Meter
from goboard.entrypoints.settings import Settings
from goboard.entrypoints.sockets import listen
from goboard.entrypoints.stop import OrderlyStop, hold_back_interrupts
from goboard.entrypoints.tracing.opening import open_tracing
from goboard.entrypoints.tracing.requests import Requests
from goboard.leaderboards import Leaderboards
from goboard.live import LiveStandings
from goboard.ports.clock import Clock
from goboard.ports.store import BoardStore

GC_YOUNG = 50_000
"""Objects made and not yet freed at which the collector looks for cycles: over what 1,000 requests in flight hold."""

log = logging.getLogger(__name__)


def load_worker(settings: Settings, ruled: Mapping[BoardName, Rules], metrics: str = "") -> Any:
    """Make the ASGI application of a worker; its lifespan starts and stops everything else.

    `ruled` are boards whose rules the worker sets before it serves: the memory store's, which lives here. `metrics` is
    the folder of the workers' numbers; empty: there are no metrics.
    """
    hold_back_interrupts()
    tracing = open_tracing() if settings.traces else None
    registry = registry_for(settings, tracing)
    container = svcs.Container(registry)
    # Looked up here, once, and handed inward: nothing asks a container while it serves.
    boards = Leaderboards(container.get_abstract(BoardStore), container.get_abstract(Clock).now)
    gate = container.get(Gate)
    live = container.get(LiveStandings)
    feeding = Feeding(live, Pulse(), settings.live_max_watches)
    watched = {families.WATCHERS: lambda: live.watchers, families.VIEWS: lambda: live.views}
    meter = Meter(metrics, watched) if metrics else None
    door = Door()

    async def close() -> None:
        await live.close()
        await container.aclose()
        await registry.aclose()
        if tracing:
            await tracing.close()

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        _end_with_parent()
        _spare_the_collector()
        try:
            await give_rules(boards, settings.boards_file, ruled)
            grpc = _grpc_server(boards, live, gate, settings, tracing) if settings.enable_grpc else None
            OrderlyStop(door, feeding.pulse, grpc, settings.stop_delay, close).await_signal()
            measuring = meter.measuring() if meter else nullcontext()
            async with _discovering(boards), measuring, silence_ended(settings.http.port), _serving(grpc, settings):
                yield
        finally:
            await close()

    return create_app(boards, feeding, door, gate, settings, lifespan, meter, tracing)


@asynccontextmanager
async def _discovering(boards: Leaderboards) -> AsyncIterator[None]:
    """Look in the background for boards that others than goboard wrote; serving does not wait for it."""
    task = asyncio.create_task(_discover(boards))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _discover(boards: Leaderboards) -> None:
    try:
        await boards.discover()
    except StoreError as exc:
        log.warning("boards that others than goboard wrote may be missing from the list until the next start: %s", exc)


def _grpc_server(
    boards: Leaderboards, live: LiveStandings, gate: Gate, settings: Settings, requests: Requests | None
) -> GrpcServer:
    return GrpcServer(
        boards,
        live,
        gate,
        max_message_bytes=settings.grpc_max_message_bytes,
        request_timeout=settings.request_timeout,
        max_limit=settings.max_limit,
        allow_self_delete=settings.allow_self_delete,
        requests=requests,
    )


@asynccontextmanager
async def _serving(server: GrpcServer | None, settings: Settings) -> AsyncIterator[None]:
    if server is None:
        yield
        return
    await server.start(listen(settings.grpc), settings.tls.for_grpc() if settings.tls else None)
    try:
        yield
    finally:
        await server.stop()


def _spare_the_collector() -> None:
    """Let Python's cycle collector look neither at what stays for ever nor at what is about to go by itself.

    By default it took 15 % of a loaded worker's time, and 20-70 ms at once when it walked through all modules: that
    was p99.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_YOUNG, *gc.get_threshold()[1:])


def _end_with_parent() -> None:
    """End this process when the one that started it ends, however it died: a worker alone would hold the ports."""
    parent = multiprocessing.parent_process()
    if parent is None:  # run by another server than ours
        return
    # The read end of a pipe that the parent holds open: readable once the parent is gone.
    asyncio.get_running_loop().add_reader(parent.sentinel, _leave)


def _leave() -> None:
    log.error("the parent process is gone: this worker ends")
    logging.shutdown()  # what waits is written
    os._exit(1)
