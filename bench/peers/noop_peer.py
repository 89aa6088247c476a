"""The transport's ceiling: handlers that do nothing, on the server and with the options that goboard has.

`/noop` answers GET and POST, `/guarded/noop` the same behind a token, and the socket `/echo` sends text back.
See `common` for how it is run.
"""

import multiprocessing
import threading
import time
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import parse_qs

from common import HOST, is_the_token, port, say_ready
from granian.constants import Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer
from litestar import Litestar, Router, asgi, get, post
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler
from litestar.status_codes import HTTP_200_OK
from litestar.types import Receive, Scope, Send
from msgspec import Struct

from goboard.entrypoints.sockets import BACKLOG

_ASK_EVERY_SECONDS = 0.05


class Increment(Struct):
    """The body of an update."""

    increment: float


async def require_token(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Refuse a request without the token. A coroutine: Litestar runs a plain function in a thread."""
    given = connection.headers.get("authorization")
    if given is None:
        raise NotAuthorizedException
    if not is_the_token(given.removeprefix("Bearer ")):
        raise PermissionDeniedException


@get("/noop")
async def read() -> dict[str, bool]:
    """Answer."""
    return {"ok": True}


@post("/noop", status_code=HTTP_200_OK)
async def write(data: Increment) -> dict[str, bool]:  # noqa: ARG001 -- parsed, as every contender parses its body
    """Parse the body and answer."""
    return {"ok": True}


@asgi("/echo")
async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Send each text frame back, where the handshake has the token."""
    await receive()  # websocket.connect
    if not is_the_token(parse_qs(scope["query_string"].decode()).get("token", [""])[0]):
        await send({"type": "websocket.close", "code": 1008, "reason": "invalid token"})
        return
    await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
    while (event := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": event["text"], "bytes": None})


def create_app() -> Litestar:
    """Make the application, in the worker."""
    guarded = Router("/guarded", route_handlers=[read, write], guards=[require_token])
    return Litestar([read, write, guarded, echo], logging_config=None)


def _say_when_ready(http_port: int) -> None:
    while True:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{http_port}/noop", timeout=1):
                break
        except (urllib.error.URLError, OSError):
            time.sleep(_ASK_EVERY_SECONDS)
    say_ready()


def main() -> None:
    """Serve with one worker until SIGTERM."""
    # Here, for the worker imports this module too and would load all of goboard for nothing (0.9 s).
    from goboard.entrypoints.serve import HEADER_BYTES, HEADERS_MS  # noqa: PLC0415 -- said above

    http_port = port("PEER_HTTP_PORT")
    multiprocessing.set_start_method("spawn", force=True)  # as goboard does
    threading.Thread(target=_say_when_ready, args=(http_port,), daemon=True).start()
    MPServer(
        "noop",
        address=HOST,
        port=http_port,
        interface=Interfaces.ASGI,
        workers=1,
        loop=Loops.uvloop,
        backlog=BACKLOG,
        backpressure=BACKLOG,
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_MS, max_buffer_size=HEADER_BYTES),
        # The benchmark has no request in flight when it stops a peer.
        workers_kill_timeout=1,
        log_level=LogLevels.warning,
    ).serve(target_loader=create_app, wrap_loader=False)


if __name__ == "__main__":
    main()
