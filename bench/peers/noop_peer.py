"""The transport's ceiling: handlers that do nothing, on the server and with the options that goboard has.

`/noop` answers GET and POST, `/guarded/noop` the same behind a token, and the socket `/echo` sends text back.
See `common` for how it is run.
"""

from typing import Any
from urllib.parse import parse_qs

from common import is_the_token
from granian_server import serve
from litestar import Litestar, Router, asgi, get, post
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler
from litestar.status_codes import HTTP_200_OK
from litestar.types import Receive, Scope, Send
from msgspec import Struct


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


if __name__ == "__main__":
    serve("noop", create_app, "/noop")
