"""Which server holds a key: always the same one, the primary that Sentinel names, or the slot's in a Cluster."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from redis.exceptions import AskError

from goboard.adapters.redis.server import Server


class Topology(Protocol):
    """Knows the servers."""

    clustered: bool
    """Whether keys lie on several servers, by their slots."""
    moves: int
    """How often a server has taken over from another: what was last written to that may be lost."""

    def server(self, key: str) -> Server | None:
        """Tell where the key is, as far as is known; None: it must be asked for, with `find`."""
        ...

    async def find(self, key: str) -> Server:
        """Ask where the key is.

        Raises:
            RedisError, OSError: nobody tells.
        """
        ...

    async def servers(self) -> Sequence[Server]:
        """Ask for the servers that hold all keys together.

        Raises:
            RedisError, OSError: nobody tells.
        """
        ...

    def doubt(self, server: Server) -> None:
        """Trust `server` no more: it could not be reached, broke off, or said that it takes no writes."""
        ...

    def redirected(self, answer: AskError, by: Server) -> Server:
        """Give the server to which `by` has pointed; heed that where it is for good."""
        ...

    async def close(self) -> None:
        """Wait for what is in flight, then disconnect."""
        ...


class OneServer:
    """The same server always."""

    clustered = False
    moves = 0

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._server = Server(options)

    def server(self, _key: str) -> Server:
        return self._server

    async def find(self, _key: str) -> Server:
        return self._server

    async def servers(self) -> Sequence[Server]:
        return [self._server]

    def doubt(self, server: Server) -> None:
        server.let_go()  # behind its name there may be another by now

    def redirected(self, answer: AskError, by: Server) -> Server:  # noqa: ARG002 -- as the protocol says it
        raise answer  # one node of a Cluster, and the key is on another

    async def close(self) -> None:
        await self._server.close()
