"""What a connection costs Granian itself: an ASGI application that says a word, and then waits.

See `common` for how it is run.
"""

from typing import Any

from common import is_the_token
from granian_server import serve


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Serve one socket, which gets its text back, or one request, whose answer does not end."""
    if scope["type"] == "websocket":
        await receive()  # websocket.connect
        assert is_the_token(scope["query_string"].decode().removeprefix("token="))  # noqa: S101 -- there is one client
        await send({"type": "websocket.accept"})
        while (event := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": event["text"]})
    elif scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b'{"type":"snapshot"}', "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass


def create_app() -> Any:
    """Give the application, in the worker."""
    return application


if __name__ == "__main__":
    serve("bare", create_app, "/")
