"""How much a worker does at once over HTTP."""

from collections.abc import Awaitable
from typing import Any, NamedTuple

from goboard.entrypoints import problems
from goboard.entrypoints.http.door import PROBES
from goboard.entrypoints.http.handshake import refuse
from goboard.entrypoints.http.paths import sent_path
from goboard.entrypoints.http.socket_updates import PATH
from goboard.entrypoints.load import Load

MAX_REQUESTS = 4_000
MAX_LASTING = 15_000
"""Of the 20,000 connections that a worker accepts (serve.py): the rest is for requests, and for who asks how it is."""
_STREAM = "/live"


class Loads(NamedTuple):
    """What is under way in a worker."""

    requests: Load
    lasting: Load
    """WebSockets and event streams, which have no end of their own."""

    @classmethod
    def bounded(cls, requests: int = MAX_REQUESTS, lasting: int = MAX_LASTING) -> "Loads":
        """Bound both."""
        return cls(Load("requests under way", requests), Load("WebSockets and event streams", lasting))


class Admission:
    """An ASGI application in front of another, which gets no more at once than is taken on.

    The probes are always answered. What takes the shortcut (shortcut.py) is counted there.
    """

    def __init__(self, app: Any, loads: Loads) -> None:
        self._app = app
        self._loads = loads

    def __call__(self, scope: Any, receive: Any, send: Any) -> Awaitable[None]:
        """Let a request in, or refuse it."""
        if scope["type"] == "lifespan" or scope["path"] in PROBES:
            handed_on: Awaitable[None] = self._app(scope, receive, send)
            return handed_on
        load = self._loads.lasting if scope["path"].endswith((PATH, _STREAM)) else self._loads.requests
        return refuse_overload(scope, send, load) if load.full else self._counted(load, scope, receive, send)

    async def _counted(self, load: Load, scope: Any, receive: Any, send: Any) -> None:
        load.count += 1
        try:
            await self._app(scope, receive, send)
        finally:
            load.count -= 1


def refuse_overload(scope: Any, send: Any, load: Load) -> Awaitable[None]:
    """Refuse what is too much."""
    path = sent_path(scope)
    return refuse(scope, send, problems.problem_for(load.refusal(), path), path)
