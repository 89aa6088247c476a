"""Traces of what comes in over HTTP: one span a request, from its arrival until its answer begins."""

from http import HTTPStatus
from typing import Any

from goboard.entrypoints import request_ids
from goboard.entrypoints.http import answers
from goboard.entrypoints.http.door import PROBES
from goboard.entrypoints.tracing.requests import Requests, current

_OTHER = "_OTHER"
"""OpenTelemetry's word for a method that HTTP has not."""


class Traced:
    """An ASGI application in front of another, whose requests it has followed; it is there only where that is wanted.

    Their paths are told as routes alone: a path names boards and members, and its query may have a token.
    """

    def __init__(self, app: Any, requests: Requests) -> None:
        self._app = app
        self._requests = requests
        answers.listeners.append(_answered)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve a request; probes are not worth a trace."""
        if scope["type"] == "lifespan" or scope["path"] in PROBES:
            await self._app(scope, receive, send)
            return
        method = answers.known_method(scope.get("method", "GET"))
        sent = [value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"]
        attributes = {
            "http.request.method": _OTHER if method == answers.OTHER else method,
            "url.scheme": scope["scheme"],
            "network.protocol.version": scope["http_version"],
        }
        request = self._requests.begin(_name(method), sent, attributes)
        try:
            await self._app(scope, receive, send)
        finally:
            request.left()


def _answered(method: str, route: str, status: int) -> None:
    request = current.get()
    if request is None:
        return
    attributes: dict[str, str | int] = {"http.response.status_code": status}
    name = _name(method)
    if route != answers.UNMATCHED:
        attributes["http.route"] = route
        name = f"{name} {route}"
    failed = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    if failed:
        attributes["error.type"] = str(status)
    request_id = request_ids.text()
    if request_id:
        attributes["goboard.request_id"] = request_id
    request.answered(name, attributes, failed=failed, lasts=status == HTTPStatus.SWITCHING_PROTOCOLS)


def _name(method: str) -> str:
    return "HTTP" if method == answers.OTHER else method
