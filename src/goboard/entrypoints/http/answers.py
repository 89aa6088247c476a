"""What is counted of the HTTP requests, and logged where that is wanted."""

import logging
from collections.abc import Callable
from time import perf_counter
from typing import Any

from goboard.entrypoints import request_ids
from goboard.entrypoints.http.safety import with_safe_headers
from goboard.entrypoints.metrics import families

UNMATCHED = "unmatched"
"""Stands for all paths that lead nowhere: what is sent shall make no label."""
OTHER = "other"
"""Stands for all methods that HTTP has not."""
_SOCKET = "/ws"
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})

listeners: list[Callable[[str, str, int], None]] = []
"""Who hears of each answer: its method, its route, and its status."""

log = logging.getLogger("goboard.access")


class Answers:
    """The answers of one route to one method."""

    def __init__(self, method: str, route: str) -> None:
        self._method = method
        self._route = route
        self._codes: dict[int, families.Values] = {}
        self._observe = families.HTTP_DURATION.observer(method, route)

    def count(self, status: int, begun: float) -> None:
        """Count an answer that begins now, to a request that came at `begun` (of perf_counter)."""
        seconds = perf_counter() - begun
        code = self._codes.get(status)
        if code is None:
            code = self._codes[status] = families.HTTP_REQUESTS.of(self._method, self._route, str(int(status)))
        code[0] += 1
        self._observe(seconds)
        if log.isEnabledFor(logging.INFO):
            said = {"method": self._method, "route": self._route, "status": int(status), "seconds": round(seconds, 6)}
            log.info("answered", extra=said)
        for listener in listeners:
            listener(self._method, self._route, int(status))


def refused(instance: str, code: str) -> None:
    """Count a problem that a caller is told at `instance`."""
    families.REFUSALS.add("websocket" if instance == _SOCKET else "http", code)


def known_method(method: str) -> str:
    """Give a method as it is told to others."""
    return method if method in _METHODS else OTHER


_answers: dict[tuple[str, str], Answers] = {}


def answers_of(method: str, route: str) -> Answers:
    """Give the answers of a route."""
    key = (known_method(method), route)
    found = _answers.get(key)
    if found is None:
        found = _answers[key] = Answers(*key)
    return found


class Observed:
    """An ASGI application in front of another: counts its answers, and gives each request its id.

    For what takes the framework's way; the shortcut does the same by itself, without a function around `send`.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self._in_progress = families.IN_PROGRESS.of()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve a request; of a WebSocket, which counts itself, there is only the id to be settled."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        request_id = request_ids.begin(request_ids.sent(scope["headers"]))
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._in_progress[0] += 1
        try:
            await self._app(scope, receive, _sending(scope, send, request_id))
        finally:
            self._in_progress[0] -= 1


def _sending(scope: Any, send: Any, request_id: bytes) -> Any:
    begun = perf_counter()

    def sending(event: Any) -> Any:
        if event["type"] == "http.response.start":
            event["headers"] = [*with_safe_headers(scope, event["headers"]), (request_ids.HEADER, request_id)]
            answers_of(scope["method"], scope.get("path_template") or UNMATCHED).count(event["status"], begun)
        return send(event)

    return sending
