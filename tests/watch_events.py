"""A client of server-sent events, as the HTML standard (section 9.2) has it, that keeps the view that it watches."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
from services import TOKEN, Service
from shown_view import ShownView

PATIENCE = 10.0


class Event(NamedTuple):
    """One event; a comment alone has no kind."""

    kind: str
    id: str
    data: Any


class Events:
    """An open stream."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.view = ShownView()
        self.id = ""
        """What a client that comes again sends as Last-Event-ID."""
        self._chunks = response.aiter_bytes()
        self._buffer = b""

    async def next(self) -> Event | None:
        """Wait for the next event, and take it in; None: the stream has ended."""
        async with asyncio.timeout(PATIENCE):
            while b"\n\n" not in self._buffer:
                try:
                    self._buffer += await anext(self._chunks)
                except StopAsyncIteration:
                    assert not self._buffer, self._buffer
                    return None
        raw, _, self._buffer = self._buffer.partition(b"\n\n")
        event = _read(raw.decode())
        self.id = event.id or self.id
        if event.kind:
            assert event.kind == event.data["type"]
            assert bool(event.id) == (event.kind != "ended")
            self.view.hear(event.data)
        return event

    async def until(self, condition: Callable[[], object]) -> None:
        """Take in what comes until the condition holds."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                assert await self.next() is not None, "the stream has ended"

    async def rest(self) -> list[Event]:
        """Take in all that comes until the stream ends."""
        found = []
        while (event := await self.next()) is not None:
            found.append(event)
        return found


def _read(text: str) -> Event:
    fields = {"event": "", "id": "", "data": "null"}
    for line in text.split("\n"):
        name, _, value = line.partition(":")
        if name:  # else a comment
            assert name in fields, line
            fields[name] = value.removeprefix(" ")
    return Event(fields["event"], fields["id"], json.loads(fields["data"]))


def live_url(service: Service, board: str) -> str:
    return f"{service.api}/dashboards/{quote(board, safe='')}/live"


@asynccontextmanager
async def events(
    service: Service, board: str, *, token: str = TOKEN, last: str | None = None, **query: Any
) -> AsyncIterator[Events]:
    """Open a stream, which must succeed; an empty token is none, and `last` is the Last-Event-ID."""
    headers = ({"Authorization": f"Bearer {token}"} if token else {}) | (
        {} if last is None else {"Last-Event-ID": last}
    )
    async with (
        httpx.AsyncClient(timeout=PATIENCE, headers=headers, verify=False) as client,  # certificates take long to read
        client.stream("GET", live_url(service, board), params=query) as response,
    ):
        assert response.status_code == 200, (await response.aread()).decode()
        yield Events(response)
