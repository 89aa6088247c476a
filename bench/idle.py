"""What a watcher takes of the worker's memory while nothing happens, for each way to watch."""

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import uvloop

from bench.boards import WATCHED
from bench.contenders import PEERS, TOKEN, Contender, Fleet, Launcher
from bench.load.connection import Connection
from bench.load.driver import Course, connect
from bench.load.idle import IdleCalls, IdleEvents, IdleSocket, events_request
from bench.load.tally import Tally
from bench.load.websocket import text_frame, upgrade_request
from bench.processes import Family
from bench.redis_side import RedisSide
from bench.results import Results

WEBSOCKET, SSE, GRPC, GRPC_SHARED = "WebSocket", "SSE", "gRPC", "gRPC, shared"
BARE_SOCKET, BARE_STREAM = "bare socket", "bare stream"
BARE = (BARE_SOCKET, BARE_STREAM)

FIRST = 100
"""Watchers that are not counted: with them comes what all share."""
GROUP = 100
"""Connections that are opened at a time, so that none waits long to be accepted."""
_HOST = "127.0.0.1"


class _FullError(Exception):
    """A server takes no more watchers; the message says of how many."""


class _Kind(NamedTuple):
    connection: Callable[[Tally], Connection]
    grpc: bool = False
    each: int = 1
    """Watchers a connection."""


def _socket(tally: Tally) -> Connection:
    request = b'{"op":"watch","dashboard":"%s"}' % WATCHED.name.encode()
    return IdleSocket(tally, upgrade_request(_HOST, "/ws", TOKEN), text_frame(request))


def _bare_socket(tally: Tally) -> Connection:
    return IdleSocket(tally, upgrade_request(_HOST, "/", TOKEN), text_frame(b'{"type":"snapshot"}'))


def _events(tally: Tally) -> Connection:
    return IdleEvents(tally, events_request(_HOST, WATCHED.name, TOKEN))


def _calls(count: int) -> Callable[[Tally], Connection]:
    return lambda tally: IdleCalls(tally, count, _HOST, WATCHED.name, TOKEN)


_KINDS = {
    WEBSOCKET: _Kind(_socket),
    BARE_SOCKET: _Kind(_bare_socket),
    SSE: _Kind(_events),
    BARE_STREAM: _Kind(_events),
    GRPC: _Kind(_calls(1), grpc=True),
    GRPC_SHARED: _Kind(_calls(100), grpc=True, each=100),
}


def measure_idle(redis: RedisSide, folder: Path, watchers: int, results: Results) -> None:
    """Measure every kind on a server of its own: memory that others have given back would be taken again.

    Raises:
        CannotStartError: a server does not start.
    """
    redis.fill(WATCHED, lambda _: None)
    for name, kind in _KINDS.items():
        with contextlib.ExitStack() as stack:
            server = _started(name, Launcher(stack, redis.url, folder, Fleet({}, {})))
            try:
                results.idle_kib[name] = uvloop.run(_measured(kind, server, watchers)) / 1024
            except _FullError as full:
                results.missing[name] = str(full)
            except OSError as failure:
                results.faults.append(f"idle watchers, {name}: {failure}")


def _started(kind: str, launch: Launcher) -> Contender:
    name = f"idle {kind}"
    if kind in BARE:
        launch.peer(name, [sys.executable, str(PEERS / "bare_peer.py")], http=True)
    else:
        launch.goboard(name)
    server = launch.fleet.running[name]
    server.server.await_ready()
    return server


async def _measured(kind: _Kind, server: Contender, watchers: int) -> float:
    """Give the bytes that each takes.

    Raises:
        _FullError: not all of them were let in.
    """
    tally = Tally()
    course = Course(_HOST, server.grpc if kind.grpc else server.http, GROUP // kind.each, 0.0, 0.0)
    opened: list[Connection] = []
    family = Family(server.server.process.pid)
    before = 0
    while (there := len(opened) * kind.each) < watchers:
        if there == FIRST:
            before = family.resident_bytes()
        try:
            opened += await connect(course, lambda: kind.connection(tally))
        except TimeoutError:
            raise _FullError(f"{there:,} watch, and no more are let in") from None
    taken = family.resident_bytes() - before
    if tally.errors:
        raise ConnectionError(tally.sample)
    for one in opened:
        one.transport.abort()
    return taken / (watchers - FIRST)
