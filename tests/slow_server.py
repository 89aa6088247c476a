"""Sockets and streams over a hub, against an ASGI server of the test's own that says when something is sent."""

import asyncio
import json
from asyncio import Future, Task
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from boards import BOARD, put
from live_hub import NOTHING, Live, live_hub

from goboard import Leaderboards
from goboard.adapters.auth import StaticVerifier
from goboard.domain.identity import Mismatch, Role
from goboard.entrypoints.gate import Gate
from goboard.entrypoints.http.deadlines import Deadlines
from goboard.entrypoints.http.feed import Feeding
from goboard.entrypoints.http.pulse import Pulse
from goboard.entrypoints.http.socket_updates import Updates
from goboard.entrypoints.http.websocket import Socket
from goboard.entrypoints.updates import Caller

REQUEST_TIMEOUT = 5.0
MAX_WATCHES = 16


class Frame(NamedTuple):
    """A frame, or a part of a response, that was begun at the loop's time `at`; `sent` is done when it is sent."""

    event: dict[str, Any]
    sent: "Future[None]"
    at: float


class SlowServer:
    """The server's side of one connection, and its peer."""

    def __init__(self, *, slow: bool = False) -> None:
        self.slow = slow
        """Whether a frame is sent only when `let_go` says so, and not at once."""
        self.frames: list[Frame] = []
        self.overlaps = 0
        """How often a frame was begun before the one before it was sent."""
        self._incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def hand(self, message: Any) -> None:
        """Hand over a message of the peer."""
        text = message if isinstance(message, str) else json.dumps(message)
        self._incoming.put_nowait({"type": "websocket.receive", "text": text})

    def hand_bytes(self) -> None:
        """Hand over what is no message."""
        self._incoming.put_nowait({"type": "websocket.receive", "bytes": b"\0"})

    def leave(self) -> None:
        """Tell that the peer has left."""
        self._incoming.put_nowait({"type": "websocket.disconnect"})

    def request(self) -> None:
        """Hand over a request, whose head the application has already."""
        self._incoming.put_nowait({"type": "http.request", "body": b"", "more_body": False})

    def leave_stream(self) -> None:
        """Tell that the peer of a stream has left, or that the response is whole."""
        self._incoming.put_nowait({"type": "http.disconnect"})

    async def receive(self) -> dict[str, Any]:
        return await self._incoming.get()

    def send(self, event: dict[str, Any]) -> "Future[None]":
        loop = asyncio.get_running_loop()
        is_last = event["type"] == "websocket.close" or event.get("more_body") is False
        if self.frames and not self.frames[-1].sent.done() and not is_last:
            self.overlaps += 1
        sent: Future[None] = loop.create_future()
        if not self.slow:
            sent.set_result(None)
        self.frames.append(Frame(event, sent, loop.time()))
        return sent

    async def send_when_awaited(self, event: dict[str, Any]) -> None:
        """Begin when awaited, as other servers do."""
        await self.send(event)

    def let_go(self) -> None:
        """Let all that was begun be sent."""
        for frame in self.frames:
            if not frame.sent.done():
                frame.sent.set_result(None)

    @property
    def messages(self) -> list[Any]:
        return [json.loads(frame.event["text"]) for frame in self.frames if "text" in frame.event]

    @property
    def bodies(self) -> list[bytes]:
        return [frame.event["body"] for frame in self.frames if "body" in frame.event]

    @property
    def code(self) -> int | None:
        """The code with which this side has closed the connection."""
        codes = [frame.event["code"] for frame in self.frames if frame.event["type"] == "websocket.close"]
        assert len(codes) <= 1
        return codes[0] if codes else None


class Worker(NamedTuple):
    """What a worker's sockets share."""

    live: Live
    feeding: Feeding
    updates: Updates

    def serve(self, server: SlowServer, *, lifetime: float | None = None, send: Any = None) -> "Task[None]":
        """Serve a connection; `send` is the server's, unless told."""
        socket = Socket(
            server.receive,
            send or server.send,
            self.updates,
            self.feeding,
            identity="x",
            lifetime=lifetime,
            request_timeout=REQUEST_TIMEOUT,
        )
        return asyncio.create_task(socket.serve())

    @property
    def nothing_is_left(self) -> bool:
        """Whether there is neither a watch, nor a connection, nor a task but the test's own."""
        pulse, alone = self.feeding.pulse, asyncio.all_tasks() == {asyncio.current_task()}
        return (self.live.left, alone, pulse._group_of, pulse._open) == (NOTHING, True, {}, set())

    async def watching(self, **asked: Any) -> SlowServer:
        """Serve a peer that watches, and has taken what is sent first."""
        server = SlowServer()
        self.serve(server)
        server.hand(watch(**asked))
        await settled()
        assert len(server.frames) == 1
        return server

    async def put(self, member: str, score: float) -> None:
        """Set a score on BOARD, and give it the time in which watchers hear of it."""
        await put(self.live.store, BOARD, member, score)
        await asyncio.sleep(0.1)


@asynccontextmanager
async def worker() -> AsyncIterator[Worker]:
    """Run what a worker's sockets share."""
    async with live_hub() as live:
        gate = Gate(StaticVerifier("x", Role.SERVER), Mismatch.OVERRIDE)
        boards = Leaderboards(live.store, live.clock)
        updates = Updates(boards, Caller(gate.admit("x"), gate), Deadlines(REQUEST_TIMEOUT))
        yield Worker(live, Feeding(live.hub, Pulse(), MAX_WATCHES), updates)


async def settled() -> None:
    """Let happen what happens without waiting for a heartbeat."""
    await asyncio.sleep(0.2)


def watch(identifier: int = 0, **asked: Any) -> dict[str, Any]:
    """Give the message that watches BOARD."""
    return {"op": "watch", "dashboard": BOARD, "id": identifier, **asked}
