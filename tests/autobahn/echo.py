"""A WebSocket that says what it hears, on goboard's server: what Autobahn|Testsuite needs to look at the protocol.

The server with its options, the way out of a socket and the event loop are goboard's; what a message may be is not, so
that binary messages and those of up to Granian's 16 MiB come back too.
"""

import multiprocessing
import os
import sys
from typing import Any

from goboard.entrypoints.http.sending import Sending
from goboard.entrypoints.serve import _server
from goboard.entrypoints.settings import Settings


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Serve one socket."""
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
    sending = Sending(send)
    while (event := await receive())["type"] == "websocket.receive":
        said = {name: event[name] for name in ("text", "bytes") if event.get(name) is not None}
        await sending.send({"type": "websocket.send", **said})


def load() -> Any:
    """Give the application to a worker."""
    return echo


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    _server(Settings.load({"HTTP_PORT": sys.argv[1], "AUTH_SECRET": os.urandom(16).hex()})).serve(
        target_loader=load, wrap_loader=False
    )
