"""Names in paths: percent-decoded once, `%2F` being part of a name and never a separator."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote_to_bytes

from goboard.domain.errors import InvalidArgument

_Asgi = Callable[[Any, Any, Any], Awaitable[None]]

# Stands in the path for an empty segment, which the router would drop, so that `/dashboards//top` is known for an
# empty name. No client can send it as a name: a percent sign without two digits is refused.
_EMPTY = "%"


def route_by_raw_path(app: _Asgi) -> _Asgi:
    """Let `app` route by the path as it was sent: a server decodes `%2F` before the router would split on it."""

    def routed(scope: Any, receive: Any, send: Any) -> Awaitable[None]:
        if scope["type"] != "lifespan":
            path = sent_path(scope)
            while "//" in path:
                path = path.replace("//", f"/{_EMPTY}/")
            scope["path"] = path
        return app(scope, receive, send)

    return routed


def sent_path(scope: Any) -> str:
    """Give the path as it was sent, percent-encoded."""
    raw: bytes = scope["raw_path"]
    return raw.partition(b"?")[0].decode("latin-1")


def decode_segment(segment: str, what: str) -> str:
    """Give the text that a path segment stands for.

    Raises:
        InvalidArgument: a percent sign without two hexadecimal digits, or bytes that are no UTF-8.
    """
    if segment == _EMPTY:
        return ""
    if segment.isascii() and "%" not in segment:
        return segment
    raw = unquote_to_bytes(segment.encode("latin-1"))
    if b"%" in raw and raw.count(b"%") != segment.count("%25"):
        raise InvalidArgument(f"{what} has a percent sign that no two hexadecimal digits follow; write %25 for one")
    try:
        return raw.decode()
    except UnicodeDecodeError as exc:
        raise InvalidArgument(f"{what} is not valid UTF-8") from exc
