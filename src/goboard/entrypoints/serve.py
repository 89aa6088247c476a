"""The parent process: checks what can be checked before, starts the workers, and stops what it started."""

import asyncio
import logging
import multiprocessing
import resource
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any

from granian._granian import SocketHolder
from granian.constants import Interfaces, SSLProtocols
from granian.http import HTTP1Settings, HTTP2Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from goboard.domain.errors import StoreError
from goboard.domain.names import BoardName
from goboard.domain.rules import Rules
from goboard.entrypoints import container, logs
from goboard.entrypoints.banner import show_when_ready
from goboard.entrypoints.boards_file import give_rules, read_boards_file
from goboard.entrypoints.metrics.opening import open_folder
from goboard.entrypoints.settings import Settings
from goboard.entrypoints.sockets import BACKLOG, Address, listen, reserve
from goboard.entrypoints.stop import STOP_SECONDS
from goboard.entrypoints.tls import Tls
from goboard.entrypoints.worker import load_worker

KILL_SECONDS = 1
"""How long after it should have ended by itself a worker is killed, so that the whole stops within 10 s."""

MAX_CONNECTIONS = 20_000
"""HTTP connections of a worker at once, event streams and idle ones included; more wait in the socket's backlog."""
HEADERS_MS = 5_000
PING_MS = 20_000
"""How long after an HTTP/2 connection was last heard it is asked for a sign of life."""
PONG_SECONDS = 10
HEADER_BYTES = 64 * 1024
"""For the request line and headers: a token of 8 KiB and long names fit many times."""


log = logging.getLogger(__name__)


class CannotServe(Exception):
    """The server cannot start; the message says why, and the way out."""


def serve(settings: Settings, *, token_is_new: bool) -> None:
    """Serve until a signal ends it; `token_is_new` has the token shown.

    Raises:
        CannotServe: a port is taken, or the store is not there.
        StoreError: the embedded store cannot be started (`EmbeddedError`), or the store takes no rules.
        BoardsFileError: BOARDS_FILE is wrong, or at odds with the store.
        KeySetError: JWT_JWKS is a file that cannot be used.
        TlsError: the certificate cannot be used.
    """
    if settings.tls:
        settings.tls.check()
    ruled = read_boards_file(settings.boards_file)
    container.check_keys(settings)
    _warn_of_trust(settings)
    with ExitStack() as running:
        placed = _reserve_ports(settings, running)
        reachable = running.enter_context(container.started_store(placed))
        asyncio.run(_prepare_store(reachable, ruled))
        _allow_open_files()
        show_when_ready(reachable, token_is_new=token_is_new)
        # Fresh processes: a fork would inherit the embedded store's pipe and whatever else is open here.
        multiprocessing.set_start_method("spawn", force=True)
        # The memory store is its worker's own: what was set here is not there.
        left = ruled if reachable.store == "memory" else {}
        metrics = running.enter_context(open_folder(wanted=reachable.metrics))
        _server(reachable).serve(target_loader=partial(load_worker, reachable, left, metrics), wrap_loader=False)


def _warn_of_trust(settings: Settings) -> None:
    """Say where more callers are let in than an operator may think."""
    if settings.auth_mode == "noop":
        log.warning("AUTH_MODE=noop believes every token: whoever reaches this server may act as anybody")
    if settings.auth_mode == "jwt" and settings.jwt_jwks and not settings.jwt_audiences:
        log.warning("JWT_AUDIENCE is not set: tokens that the issuer made for other services are accepted, too")


def _allow_open_files() -> None:
    """Let the workers open as many files as the system allows: each connection is one, and 1,024 is the usual limit."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _reserve_ports(settings: Settings, running: ExitStack) -> Settings:
    http = _reserve("HTTP_PORT", settings.http, running)
    grpc = _reserve("GRPC_PORT", settings.grpc, running) if settings.enable_grpc else settings.grpc
    return replace(settings, http=http, grpc=grpc)


def _reserve(name: str, address: Address, running: ExitStack) -> Address:
    try:
        held = running.enter_context(reserve(address))
    except (OSError, socket.gaierror) as exc:
        raise CannotServe(
            f"{name}: cannot listen at {address}: {exc.strerror}. Stop what is there, or set {name} to another address"
        ) from exc
    return Address(address.host, held.getsockname()[1])


async def _prepare_store(settings: Settings, ruled: Mapping[BoardName, Rules]) -> None:
    async with container.open_leaderboards(settings) as boards:
        try:
            await boards.check()
        except StoreError as exc:
            raise CannotServe(
                f"there is no Redis at {settings.redis_place}. Start one, set REDIS_ADDR or REDIS_URL, or run"
                " `goboard serve --store embedded`, which brings its own"
            ) from exc
        await _tell_of_store(settings)
        await give_rules(boards, settings.boards_file, ruled)


async def _tell_of_store(settings: Settings) -> None:
    """Log what the store's settings leave undone of what docs/guarantees.md promises."""
    try:
        remarks = await container.store_advice(settings)
    except StoreError as exc:  # it answered a moment ago: it is no reason not to serve
        log.warning("how the store is set could not be asked: %s", exc)
        return
    for remark in remarks:
        log.log(logging.WARNING if remark.is_grave else logging.INFO, "%s", remark.text)


def _server(settings: Settings) -> MPServer:
    return _Granian(
        settings.http,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        backlog=BACKLOG,
        backpressure=MAX_CONNECTIONS,
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_MS, max_buffer_size=HEADER_BYTES),
        # The headers are of each stream: 16 MiB by default. Without pings a peer that says nothing may stay for ever.
        http2_settings=HTTP2Settings(
            max_headers_size=HEADER_BYTES, keep_alive_interval=PING_MS, keep_alive_timeout=PONG_SECONDS
        ),
        workers_kill_timeout=ceil(settings.stop_delay + STOP_SECONDS) + KILL_SECONDS,
        respawn_failed_workers=True,
        log_level=LogLevels.warning,
        log_dictconfig=logs.logging_config(settings.log_level, settings.log_format, access_log=settings.access_log),
        **_tls_options(settings.tls),
    )


def _tls_options(tls: Tls | None) -> dict[str, Any]:
    if tls is None:
        return {}
    return {
        "ssl_cert": Path(tls.cert),
        "ssl_key": Path(tls.key),
        "ssl_protocol_min": SSLProtocols.tls12,
        "ssl_ca": Path(tls.client_ca) if tls.client_ca else None,
        "ssl_client_verify": tls.client_ca is not None,
    }


class _Granian(MPServer):
    """Granian with listening sockets of our making: its own have no keepalive, so that a dead peer stays for ever."""

    def __init__(self, listen_at: Address, **options: Any) -> None:
        super().__init__("goboard", **options)
        self._listen_at = listen_at

    def _init_shared_socket(self) -> None:
        self._ssp = None
        self._sso = None
        self._shd = _Listener(self._listen_at)  # type: ignore[assignment] # unpickled as a SocketHolder


class _Listener:
    """A listening socket that is opened where this is unpickled: in the worker."""

    def __init__(self, address: Address) -> None:
        self._address = address

    def __reduce__(self) -> tuple[Any, tuple[Address]]:
        return _open_listener, (self._address,)


def _open_listener(address: Address) -> SocketHolder:
    return SocketHolder(listen(address).detach(), False, BACKLOG)  # type: ignore[call-arg]  # noqa: FBT003 -- fd, is it a Unix socket, backlog: its stub tells no arguments
