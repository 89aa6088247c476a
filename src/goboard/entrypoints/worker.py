"""A worker process: one event loop with the HTTP application and, beside it, the gRPC server."""

import asyncio
import gc
import logging
import multiprocessing
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import svcs
from litestar import Litestar

from goboard.entrypoints.container import registry_for
from goboard.entrypoints.gate import Gate
from goboard.entrypoints.grpc.server import GrpcServer
from goboard.entrypoints.http.app import create_app
from goboard.entrypoints.settings import Settings
from goboard.entrypoints.sockets import listen
from goboard.leaderboards import Leaderboards
from goboard.ports.store import BoardStore

GC_YOUNG = 50_000
"""Objects made and not yet freed at which the collector looks for cycles: over what 1,000 requests in flight hold."""

log = logging.getLogger(__name__)


def load_worker(settings: Settings) -> Any:
    """Make the ASGI application of a worker; its lifespan starts and stops everything else."""
    registry = registry_for(settings)
    container = svcs.Container(registry)
    # Looked up here, once, and handed inward: nothing asks a container while it serves.
    boards = Leaderboards(container.get_abstract(BoardStore))
    gate = container.get(Gate)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        _end_with_parent()
        _spare_the_collector()
        try:
            if settings.enable_grpc:
                async with _grpc_server(boards, gate, settings):
                    yield
            else:
                yield
        finally:
            await container.aclose()
            await registry.aclose()

    return create_app(boards, gate, settings, lifespan)


@asynccontextmanager
async def _grpc_server(boards: Leaderboards, gate: Gate, settings: Settings) -> AsyncIterator[None]:
    server = GrpcServer(
        boards,
        gate,
        max_message_bytes=settings.grpc_max_message_bytes,
        request_timeout=settings.request_timeout,
        max_limit=settings.max_limit,
    )
    await server.start(listen(settings.grpc))
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
    os._exit(1)
