"""Boards that go-board wrote are listed soon after a start."""

import time
from pathlib import Path
from typing import Any

import httpx
from servers import SERVERS, start_server
from services import TOKEN, goboard_serve


def test_a_board_that_others_wrote_is_listed_after_a_start(tmp_path: Path) -> None:
    with start_server(SERVERS["valkey"], tmp_path) as server, server.client() as client:
        client.zadd("prod:old", {"ada": 1, "bob": 2})
        client.set("prod:text", "no board")
        with goboard_serve(tmp_path, STORE="redis", REDIS_URL=server.url) as service:
            listed = listed_boards(service.api)
    assert listed == [{"name": "old", "total_members": 2}]


def listed_boards(api: str) -> list[dict[str, Any]]:
    """Ask until there are boards: they are looked for in the background."""
    ends = time.monotonic() + 10
    while True:
        reply = httpx.get(f"{api}/dashboards", headers={"Authorization": TOKEN}).json()
        if reply["dashboards"] or time.monotonic() > ends:
            return list(reply["dashboards"])
