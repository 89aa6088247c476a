"""A client of /ws that keeps what it watches, and gives everything else in the order in which it comes."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from services import TOKEN, Service
from shown_view import NEWS, ShownView
from websockets.asyncio.client import ClientConnection, connect

PATIENCE = 10.0


class WatchSocket:
    """An open socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.views: dict[tuple[str, str], ShownView] = {}
        """What is watched: news of anything else is an error."""
        self._ids = itertools.count()

    async def send(self, message: Any) -> None:
        await self.socket.send(message if isinstance(message, str) else json.dumps(message))

    async def next(self) -> Any:
        """Wait for the next message; news are taken in."""
        async with asyncio.timeout(PATIENCE):
            message = json.loads(await self.socket.recv())
        if is_news(message):
            self.views[key_of(message)].hear(message)
        return message

    async def reply(self) -> Any:
        """Wait for what is no news, and no heartbeat."""
        while is_news(message := await self.next()) or message == {"op": "ping"}:
            pass
        return message

    async def ask(self, message: Any) -> Any:
        await self.send(message)
        return await self.reply()

    async def refusal(self, message: Any) -> Any:
        """Ask for what is refused, and give the problem."""
        reply = await self.ask(message)
        assert set(reply) - {"id"} == {"problem"}, reply
        return reply["problem"]

    async def watch(self, board: str, **asked: Any) -> ShownView:
        """Watch, which must succeed."""
        identifier = next(self._ids)
        first = await self.ask({"op": "watch", "dashboard": board, "id": identifier, **asked})
        assert (first.get("type"), first["id"]) == ("snapshot", identifier), first
        view = self.views[key_of(first)] = ShownView()
        view.hear(first)
        return view

    async def unwatch(self, **asked: Any) -> int:
        """Watch no more; of which views that is, is for the caller to say: `views` loses none."""
        reply = await self.ask({"op": "unwatch", **asked})
        assert set(reply) == {"type", "watches"}, reply
        return int(reply["watches"])

    async def until(self, condition: Callable[[], object]) -> None:
        """Take in what comes until the condition holds."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await self.next()


def is_news(message: Any) -> bool:
    """Tell whether a message comes of itself: an answer to a watch that has no id is taken for such a one."""
    return isinstance(message, dict) and message.get("type") in NEWS and "id" not in message


def key_of(message: Any) -> tuple[str, str]:
    return message["dashboard"], json.dumps(message["view"], sort_keys=True)


@asynccontextmanager
async def opened(service: Service, token: str = TOKEN, **options: Any) -> AsyncIterator[WatchSocket]:
    """Open a socket; an empty token is none."""
    async with connect(service.ws + (f"?token={token}" if token else ""), **options) as socket:
        yield WatchSocket(socket)
