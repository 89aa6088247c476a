"""What keeps the boards under a hub, and how it is hurt: in memory, and a real server."""

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, cast

import redis
from boards import BOARD
from servers import Server

from goboard.adapters.memory import MemoryBoardStore, MemoryEventBus
from goboard.adapters.redis import RedisBoardStore, RedisEventBus
from goboard.domain.errors import StoreUnavailable, UpdateRefused
from goboard.domain.names import MemberName
from goboard.ports.events import EventBus
from goboard.ports.store import BoardStore


class Base(Protocol):
    """What keeps BOARD for all stores and buses that are opened on it."""

    down: bool

    def store(self) -> BoardStore:
        """Open a store on it."""
        ...

    def bus(self) -> EventBus:
        """Open a bus on it."""
        ...

    def kill(self) -> None:
        """Let it be gone."""
        ...

    def start(self, having: str) -> None:
        """Begin anew with `all` that it had, what it had at the last `copy` ("old"), or `nothing`."""
        ...

    def copy(self) -> None:
        """Keep a copy of what it holds."""
        ...

    def forget(self) -> None:
        """Lose everything while it runs."""
        ...

    def cut(self) -> None:
        """Break off the connections of those who listen."""
        ...

    def write_past(self, member: MemberName, delta: float | None, at: float) -> None:
        """Add to a score as others than goboard do, which raises no version; None: take the member off."""
        ...

    def delete_past(self) -> None:
        """Delete the standings as others than goboard do."""
        ...


class MemoryBase:
    """A store in memory. Those on it lose reach of it while it is down."""

    def __init__(self) -> None:
        self.down = False
        self.current = MemoryBoardStore(events := MemoryEventBus())
        self._events = events

    def store(self) -> BoardStore:
        return cast("BoardStore", _Door(self))

    def bus(self) -> EventBus:
        return self._events

    def kill(self) -> None:
        self.down = True

    def start(self, having: str) -> None:
        if having != "all":
            self.forget()
        self.down = False

    def copy(self) -> None:
        """What is old is nothing."""

    def forget(self) -> None:
        self.current = MemoryBoardStore(self._events)

    def cut(self) -> None:
        """There are no connections."""

    def write_past(self, member: MemberName, delta: float | None, at: float) -> None:
        board = self.current._boards.get(BOARD)
        if board is not None and delta is None:
            board.remove(member, at)
        elif board is not None and delta is not None:
            with suppress(UpdateRefused):
                board.increment(member, delta, at)

    def delete_past(self) -> None:
        self.current._boards.pop(BOARD, None)


class _Door:
    """Leads to the store that the base has at the moment."""

    def __init__(self, base: MemoryBase) -> None:
        self._base = base

    def __getattr__(self, name: str) -> Any:
        if self._base.down and name != "close":
            raise StoreUnavailable
        return getattr(self._base.current, name)


class ServerBase:
    """A server that keeps an append-only file in `folder`, and belongs to this alone."""

    def __init__(self, server: Server, folder: Path, prefix: str) -> None:
        self.down = False
        self._server = server
        self._files = folder / "appendonlydir"
        self._copy = folder / "copy"
        self._prefix = prefix

    def store(self) -> BoardStore:
        return RedisBoardStore.from_url(self._server.url, prefix=self._prefix)

    def bus(self) -> EventBus:
        return RedisEventBus.from_url(self._server.url, prefix=self._prefix)

    def kill(self) -> None:
        self._server.kill()
        self.down = True

    def start(self, having: str) -> None:
        if having != "all":
            shutil.rmtree(self._files)
        if having == "old" and self._copy.exists():
            shutil.copytree(self._copy, self._files)
        self._server.restart()
        self.down = False

    def copy(self) -> None:
        shutil.rmtree(self._copy, ignore_errors=True)
        shutil.copytree(self._files, self._copy)

    def forget(self) -> None:
        with self._server.client() as client:
            client.flushall()

    def cut(self) -> None:
        with self._server.client() as client:
            client.client_kill_filter(_type="pubsub")

    def write_past(self, member: MemberName, delta: float | None, at: float) -> None:
        del at  # the key is that of a board without rules
        with self._server.client() as client, suppress(redis.ResponseError):  # not beyond infinity
            if delta is None:
                client.zrem(self._key, member)
            else:
                client.zincrby(self._key, delta, member)

    def delete_past(self) -> None:
        with self._server.client() as client:
            client.delete(self._key)

    @property
    def _key(self) -> str:
        return self._prefix + BOARD
