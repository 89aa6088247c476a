"""Granian with one worker, started as goboard starts it."""

import multiprocessing
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

from common import HOST, port, say_ready
from granian.constants import Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

_ASK_EVERY_SECONDS = 0.05


def serve(name: str, create_app: Callable[[], Any], asked: str) -> None:
    """Serve the application that `create_app` makes in the worker until SIGTERM; `asked` is a path that answers GET."""
    # Here, for the worker imports this module too and would load all of goboard for nothing (0.9 s).
    from goboard.entrypoints.serve import HEADER_BYTES, HEADERS_MS, MAX_CONNECTIONS  # noqa: PLC0415 -- said above
    from goboard.entrypoints.sockets import BACKLOG  # noqa: PLC0415 -- said above

    http_port = port("PEER_HTTP_PORT")
    multiprocessing.set_start_method("spawn", force=True)  # as goboard does
    threading.Thread(target=_say_when_ready, args=(f"http://{HOST}:{http_port}{asked}",), daemon=True).start()
    MPServer(
        name,
        address=HOST,
        port=http_port,
        interface=Interfaces.ASGI,
        workers=1,
        loop=Loops.uvloop,
        backlog=BACKLOG,
        backpressure=MAX_CONNECTIONS,
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_MS, max_buffer_size=HEADER_BYTES),
        # The benchmark has no request in flight when it stops a peer.
        workers_kill_timeout=1,
        log_level=LogLevels.warning,
    ).serve(target_loader=create_app, wrap_loader=False)


def _say_when_ready(url: str) -> None:
    while True:
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 -- a URL of our own
                break
        except (urllib.error.URLError, OSError):
            time.sleep(_ASK_EVERY_SECONDS)
    say_ready()
