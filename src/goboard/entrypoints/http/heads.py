"""What is wrong with a request before its body: servers and proxies that read such heads differently can be fooled."""

from collections.abc import Awaitable
from typing import Any

from goboard.entrypoints import problems
from goboard.entrypoints.http.handshake import refuse
from goboard.entrypoints.http.paths import sent_path
from goboard.entrypoints.http.queries import shown
from goboard.entrypoints.problems import Problem

_CODINGS = {"gzip", "x-gzip", "deflate", "compress", "x-compress", "br", "zstd"}
"""Others name none: clients are about that send `utf-8` there, and JSON."""


class Heads:
    """An ASGI application in front of another, which gets the requests whose heads are right."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def __call__(self, scope: Any, receive: Any, send: Any) -> Awaitable[None]:
        """Refuse a request, or hand it on."""
        if scope["type"] != "lifespan" and (fault := fault_of(scope)):
            return refuse(scope, send, fault, sent_path(scope))
        handed_on: Awaitable[None] = self._app(scope, receive, send)
        return handed_on


def fault_of(scope: Any) -> Problem | None:
    """Tell what is wrong with the target, `Host`, or how the body is said to be sent; None: nothing."""
    if not scope["raw_path"].startswith(b"/"):
        return _malformed("the request's target is no path")
    hosts = _values(scope, b"host")  # where none is sent, Granian gives an empty one
    if len(hosts) > 1 or (scope["http_version"] == "1.1" and not any(hosts)):
        return _malformed("one Host header is needed")  # RFC 9112, section 3.2
    sent_as = _values(scope, b"transfer-encoding")
    if sent_as and [each.lower() for each in sent_as] != ["chunked"]:
        return _malformed("of the Transfer-Encodings, chunked is known, once")
    for coding in _values(scope, b"content-encoding"):
        if _CODINGS.intersection(part.strip().lower() for part in coding.split(",")):
            return Problem(
                problems.UNSUPPORTED_ENCODING, f"Content-Encoding {shown(coding)} is not read; send the body as it is"
            )
    return None


def _values(scope: Any, name: bytes) -> list[str]:
    return [value.decode("latin-1").strip() for key, value in scope["headers"] if key == name]


def _malformed(detail: str) -> Problem:
    return Problem(problems.INVALID_ARGUMENT, detail)
