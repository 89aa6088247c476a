"""How much a worker lets in at once over HTTP."""

import asyncio
import json
from typing import Any

import pytest

from goboard.entrypoints.http.admission import Admission, Loads

KINDS = {
    "a request": ("http", "/api/v1/dashboards/b/stats", "requests"),
    "an event stream": ("http", "/api/v1/dashboards/b/live", "lasting"),
    "a WebSocket": ("websocket", "/ws", "lasting"),
}
SAID = {"requests": "2 requests under way", "lasting": "2 WebSockets and event streams"}


class Lasting:
    """An application whose answers take until they are told to come."""

    def __init__(self) -> None:
        self.begun = 0
        self.end = asyncio.Event()

    async def __call__(self, *_: Any) -> None:
        self.begun += 1
        await self.end.wait()


def scope(kind: str, path: str) -> dict[str, Any]:
    return {
        "type": kind,
        "path": path,
        "raw_path": path.encode(),
        "method": "GET",
        "headers": [],
        "scheme": "http",
        "extensions": {"websocket.http.response": {}},
    }


async def ask(app: Admission, kind: str, path: str) -> list[dict[str, Any]]:
    """Ask, and give what was sent."""
    sent: list[dict[str, Any]] = []

    async def send(event: dict[str, Any]) -> None:
        sent.append(event)

    await app(scope(kind, path), None, send)
    return sent


@pytest.mark.parametrize("name", KINDS)
async def test_more_than_the_bound_is_refused_at_once_and_there_is_room_again_later(name: str) -> None:
    kind, path, load = KINDS[name]
    app = Lasting()
    admission = Admission(app, Loads.bounded(2, 2))
    held = [asyncio.create_task(ask(admission, kind, path)) for _ in range(2)]
    await asyncio.sleep(0)
    assert app.begun == 2

    start, body = await ask(admission, kind, path)
    headers, problem = dict(start["headers"]), json.loads(body["body"])
    assert (start["status"], headers[b"retry-after"]) == (503, b"1")
    assert (problem["code"], problem["instance"]) == ("overloaded", path)
    said = f"the server has {SAID[load]}, the most that it takes on; nothing was changed, try again"
    assert problem["detail"] == said

    app.end.set()
    assert await asyncio.gather(*held) == [[], []]
    assert await ask(admission, kind, path) == []


async def test_the_others_and_the_probes_are_let_in() -> None:
    app = Lasting()
    admission = Admission(app, Loads.bounded(0, 2))
    asked = [
        asyncio.create_task(ask(admission, "http", path))
        for path in ("/health", "/ready", "/metrics", "/api/v1/dashboards/b/live")
    ]
    await asyncio.sleep(0)
    assert app.begun == len(asked)
    app.end.set()
    await asyncio.gather(*asked)


async def test_what_is_broken_off_makes_room() -> None:
    app = Lasting()
    admission = Admission(app, Loads.bounded(1, 1))
    for _ in range(3):
        task = asyncio.create_task(ask(admission, "http", "/api/v1/dashboards"))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
    assert app.begun == 3
