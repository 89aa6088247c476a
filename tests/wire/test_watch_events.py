"""Watching by server-sent events: each view, what changes in it, and how a client that comes again goes on."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
import redis
from rest_board import Board
from services import TOKEN, Service
from watch_events import Events, events, live_url

from goboard.adapters.embedded import attach

CROWD: dict[str, float] = {"ann": 50, "bob": 40, "cleo": 30, "dan": 20, "eve": 10}
NAMED_LIKE_LINES = "ann\u2028bob"
"""What some libraries take for two lines."""


@pytest.fixture
def on(service: Service, board: str) -> Iterator[Board]:
    with httpx.Client(base_url=service.api, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield Board(client, board)


async def comment(stream: Events) -> bool:
    """Tell whether what comes next is no event."""
    event = await stream.next()
    return event is not None and not event.kind


async def test_the_first_places_and_what_changes(service: Service, on: Board) -> None:
    on.fill({"ann": 10, NAMED_LIKE_LINES: 5})
    async with events(service, on.name, top=2) as stream:
        assert stream.response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert stream.response.headers["cache-control"] == "no-store"
        await stream.next()
        first, view = stream.id, stream.view
        assert view.last["view"] == {"top": 2}
        assert view.ranks == {"ann": 1, NAMED_LIKE_LINES: 2}
        on.fill({"cleo": 20})
        await stream.until(lambda: view.ranks == {"cleo": 1, "ann": 2})
        assert (view.heard, view.last["left"]) == (["snapshot", "change"], [NAMED_LIKE_LINES])
        assert stream.id not in {"", first}


async def test_the_run_around_a_member(service: Service, on: Board) -> None:
    on.fill(CROWD)
    async with events(service, on.name, around="cleo", above=0, below=1) as stream:
        await stream.until(lambda: stream.view.ranks == {"cleo": 3, "dan": 4})
        assert stream.view.last["view"] == {"around": "cleo", "above": 0, "below": 1}
        on.fill({"cleo": 60})
        await stream.until(lambda: stream.view.ranks == {"cleo": 1, "ann": 2})
        assert stream.view.last["overtaken"] == {"members": [], "others": 2}


async def test_members(service: Service, on: Board) -> None:
    on.fill(CROWD)
    async with events(service, on.name, members=["eve", "zoe", "a&b"]) as stream:
        await stream.until(lambda: stream.view.ranks == {"eve": 5})
        assert stream.view.last["view"] == {"members": ["eve", "zoe", "a&b"]}
        on.fill({"zoe": 1})
        await stream.until(lambda: stream.view.ranks == {"eve": 5, "zoe": 6})


async def test_windows_and_metadata(service: Service, on: Board) -> None:
    on.rule(windows=["daily", "all"])
    on.json("POST", "/members/ann/score", json={"score": 1, "metadata": {"flag": "pt"}})
    async with events(service, on.name, window="daily", metadata="true") as stream:
        await stream.next()
        today = stream.view.last["period"]
        assert stream.view.last["view"] == {"top": 10, "window": "daily", "metadata": True}
        assert stream.view.members["ann"]["metadata"] == {"flag": "pt"}
    async with events(service, on.name, window="daily", period=today, top="") as stream:
        await stream.next()
        assert stream.view.last["view"] == {"top": 10, "window": "daily", "period": today}


async def test_a_client_that_comes_again_is_sent_only_what_it_has_not(service: Service, on: Board) -> None:
    on.fill({"ann": 10})
    async with events(service, on.name) as stream:
        await stream.next()
        on.fill({"bob": 20})
        await stream.until(lambda: stream.view.ranks == {"bob": 1, "ann": 2})
        last, view = stream.id, stream.view
    async with events(service, on.name, last=last) as again:
        again.view = view
        assert await comment(again)
        on.fill({"cleo": 30})
        await again.until(lambda: view.ranks == {"cleo": 1, "bob": 2, "ann": 3})
        assert view.heard == ["snapshot", "change", "change"]
    async with events(service, on.name, last=last) as late:
        await late.next()
        assert (late.view.heard, late.view.ranks) == (["snapshot"], view.ranks)


@pytest.mark.parametrize("last", ["", "0", "....", "x" * 5_000, "a.1.b", "*", "ü"], ids=lambda text: text[:5])
async def test_an_id_that_is_unknown_is_none(service: Service, on: Board, last: str) -> None:
    on.fill({"ann": 10})
    headers = [(b"Authorization", TOKEN.encode()), (b"Last-Event-ID", last.encode())]
    with httpx.stream("GET", live_url(service, on.name), headers=headers) as response:
        assert next(response.iter_lines()).startswith("id: ")


async def test_an_id_that_is_almost_right_is_unknown(service: Service, on: Board) -> None:
    on.fill({"ann": 10})
    async with events(service, on.name) as stream:
        await stream.next()
        last = stream.id
    epoch, number, digest = last.split(".")
    for other in (f"{epoch}.{number}", f"{epoch}.{int(number) + 1}.{digest}", f"x.{number}.{digest}", f"{last} x"):
        async with events(service, on.name, last=other) as stream:
            assert not await comment(stream)
    async with events(service, on.name, last=last) as stream:
        assert await comment(stream)


def store_of(service: Service) -> str | None:
    """Give the URL of the server that a service keeps its boards in; None: in none."""
    return attach(Path(psutil.Process(service.process.pid).cwd()) / "goboard-data")


async def test_what_others_wrote_makes_an_id_unknown_though_it_raised_no_version(service: Service, on: Board) -> None:
    if (url := store_of(service)) is None:
        return  # nobody else can write to it
    on.fill({"ann": 10})
    async with events(service, on.name) as stream:
        await stream.next()
        with redis.Redis.from_url(url) as client:
            client.zadd(f"prod:{on.name}", {"bob": 20})
        await stream.until(lambda: stream.view.ranks == {"bob": 1, "ann": 2})
        assert stream.view.last["from"] == stream.view.last["to"]
        last = stream.id
        with redis.Redis.from_url(url) as client:
            client.zadd(f"prod:{on.name}", {"bob": 5})
    async with events(service, on.name, last=last) as stream:
        assert not await comment(stream)
        assert stream.view.ranks == {"ann": 1, "bob": 2}


async def test_a_window_that_the_board_loses_ends_the_stream(service: Service, on: Board) -> None:
    on.rule(windows=["daily", "all"])
    async with events(service, on.name, window="daily") as stream:
        await stream.next()
        on.json("PUT", "/rules?force=true", json={})
        kinds = [event.kind for event in await stream.rest() if event.kind]
        problem = stream.view.last["problem"]
    assert kinds == ["ended"]
    assert (problem["status"], problem["code"]) == (400, "invalid_argument")
    assert problem["instance"] == f"/api/v1/dashboards/{on.name}/live"


@pytest.mark.parametrize("name", ["with space", "a/b", "ü✓", "%41", "a?b#c"])
async def test_a_board_s_name_is_percent_encoded_as_everywhere(service: Service, board: str, name: str) -> None:
    async with events(service, f"{board}{name}") as stream:
        await stream.next()
        assert stream.view.last["dashboard"] == f"{board}{name}"
