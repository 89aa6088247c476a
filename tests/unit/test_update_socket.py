"""A socket's frames, against an ASGI server of the test's own that says when a frame is sent."""

import asyncio
import json
from asyncio import Future
from typing import Any

from goboard import Leaderboards
from goboard.adapters.auth import StaticVerifier
from goboard.adapters.memory import MemoryBoardStore, MemoryEventBus
from goboard.domain.identity import Mismatch, Role
from goboard.entrypoints.gate import Gate
from goboard.entrypoints.http.deadlines import Deadlines
from goboard.entrypoints.http.feed import Feeding
from goboard.entrypoints.http.pulse import Pulse
from goboard.entrypoints.http.socket_updates import Updates
from goboard.entrypoints.http.websocket import Socket
from goboard.entrypoints.updates import Caller
from goboard.live import LiveStandings

UPDATE = json.dumps({"dashboard": "b", "member_id": "m", "increment": 1})


class Server:
    """Hands over messages, then the end; keeps each frame until it is told that it is sent."""

    def __init__(self, messages: list[str]) -> None:
        self.events = [{"type": "websocket.receive", "text": text} for text in messages]
        self.begun: list[tuple[dict[str, Any], Future[None]]] = []

    async def receive(self) -> dict[str, Any]:
        await asyncio.sleep(0)
        return self.events.pop(0) if self.events else {"type": "websocket.disconnect"}

    def send(self, event: dict[str, Any]) -> Future[None]:
        """Begin at once, as Granian does."""
        sent: Future[None] = asyncio.get_running_loop().create_future()
        self.begun.append((event, sent))
        return sent

    async def send_when_awaited(self, event: dict[str, Any]) -> None:
        """Begin when awaited, as other servers do."""
        self.begun.append((event, asyncio.get_running_loop().create_future()))

    def scores(self) -> list[float]:
        return [json.loads(event["text"])["score"] for event, _ in self.begun]


def socket(server: Server, send: Any) -> Socket:
    gate = Gate(StaticVerifier("x", Role.SERVER), Mismatch.OVERRIDE)
    events = MemoryEventBus()
    store = MemoryBoardStore(events)
    feeding = Feeding(LiveStandings(store, events, lambda: 0.0), Pulse(), 16)
    updates = Updates(Leaderboards(store), Caller(gate.admit("x"), gate), Deadlines(60))
    return Socket(server.receive, send, updates, feeding, identity="x", lifetime=None, request_timeout=60)


async def turns() -> None:
    """Let everything run that can."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_a_frame_is_begun_only_when_the_one_before_it_is_sent() -> None:
    server = Server([UPDATE] * 4)
    serving = asyncio.create_task(socket(server, server.send).serve())
    for number in range(1, 5):
        await turns()
        assert server.scores() == [*range(1, number + 1)]  # and not one more
        server.begun[-1][1].set_result(None)
    await serving


async def test_after_a_frame_that_fails_no_more_are_sent_and_updates_are_still_made() -> None:
    server = Server([UPDATE] * 4)
    serving = asyncio.create_task(socket(server, server.send).serve())
    await turns()
    server.begun[0][1].set_exception(RuntimeError("the peer has left"))
    await serving
    assert server.scores() == [1]


async def test_on_a_server_that_sends_when_awaited_no_reply_waits_for_the_next() -> None:
    server = Server([UPDATE])
    more = asyncio.Event()
    handed = server.receive

    async def receive() -> dict[str, Any]:
        if not server.events:
            await more.wait()
        return await handed()

    server.receive = receive  # type: ignore[method-assign] # this server alone waits
    serving = asyncio.create_task(socket(server, server.send_when_awaited).serve())
    await turns()
    assert server.scores() == [1]
    more.set()
    await serving
