"""The way in over HTTP: closed when the server stops, so that what is inside can be answered to its end."""

from collections.abc import Awaitable, Callable
from typing import Any

from goboard.domain.errors import ServerStopping
from goboard.entrypoints import problems
from goboard.entrypoints.http.handshake import refuse
from goboard.entrypoints.http.paths import sent_path

PROBES = ("/health", "/ready", "/metrics")
"""What is answered to the end: an orchestrator watches the stop by it."""

_Asgi = Callable[[Any, Any, Any], Awaitable[None]]


class Door:
    """Lets requests and handshakes in until it is closed."""

    def __init__(self) -> None:
        self.ready = True
        """Whether more is wanted: what `/ready` tells, some time before the door is closed."""
        self._open = True

    def announce(self) -> None:
        """Tell who asks that the door will be closed."""
        self.ready = False

    def close(self) -> None:
        """Let nothing more in but the probes."""
        self.ready = self._open = False

    def before(self, app: _Asgi) -> _Asgi:
        """Put the door before `app`, which gets what is let in."""

        def admitted(scope: Any, receive: Any, send: Any) -> Awaitable[None]:
            if self._open or scope["type"] == "lifespan" or scope["path"] in PROBES:
                return app(scope, receive, send)
            path = sent_path(scope)
            return refuse(scope, send, problems.problem_for(ServerStopping(), path), path)

        return admitted
