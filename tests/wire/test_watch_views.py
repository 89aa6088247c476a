"""Watching over a WebSocket: each view, and what changes in it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from rest_board import Board
from services import TOKEN, Service
from watch_socket import opened

CROWD: dict[str, float] = {"ann": 50, "bob": 40, "cleo": 30, "dan": 20, "eve": 10}


@pytest.fixture
def on(service: Service, board: str) -> Iterator[Board]:
    with httpx.Client(base_url=service.api, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield Board(client, board)


def passed(message: Any) -> tuple[list[str], int]:
    assert set(message) == {"members", "others"}
    return sorted(message["members"]), message["others"]


async def test_the_first_places(service: Service, on: Board) -> None:
    on.fill({"ann": 10, "bob": 5})
    async with opened(service) as socket:
        view = await socket.watch(on.name, top=2)
        assert (view.last["dashboard"], view.last["window"], view.last["period"]) == (on.name, "all", "all")
        assert view.last["members"] == [{"id": "ann", "rank": 1, "score": 10.0}, {"id": "bob", "rank": 2, "score": 5.0}]
        on.fill({"cleo": 7})
        await socket.until(lambda: "cleo" in view.members)
        assert (view.last["entered"], view.last["left"]) == ([{"id": "cleo", "rank": 2, "score": 7.0}], ["bob"])
        on.fill({"cleo": 20})
        await socket.until(lambda: view.ranks == {"cleo": 1, "ann": 2})
        assert view.last["moved"] == [
            {"id": "cleo", "rank": 1, "score": 20.0, "previous_rank": 2},
            {"id": "ann", "rank": 2, "score": 10.0, "previous_rank": 1},
        ]
    assert view.heard == ["snapshot", "change", "change"]


async def test_the_run_around_a_member_and_who_passes_whom(service: Service, on: Board) -> None:
    on.fill(CROWD)
    async with opened(service) as socket:
        view = await socket.watch(on.name, around="cleo", above=2, below=1)
        assert view.ranks == {"ann": 1, "bob": 2, "cleo": 3, "dan": 4}
        on.fill({"cleo": 45})
        await socket.until(lambda: view.ranks == {"ann": 1, "cleo": 2, "bob": 3})
        assert (passed(view.last["overtaken"]), passed(view.last["overtook"])) == ((["bob"], 0), ([], 0))
        on.fill({"bob": 60})
        await socket.until(lambda: view.ranks["bob"] == 1)
        assert (passed(view.last["overtaken"]), passed(view.last["overtook"])) == (([], 0), (["bob"], 0))
        on.fill({"cleo": 5})  # eve comes into view only now
        await socket.until(lambda: view.ranks == {"dan": 3, "eve": 4, "cleo": 5})
        assert passed(view.last["overtook"]) == (["dan"], 1)
    assert view.heard == ["snapshot", *["change"] * 3]


async def test_members_alone_and_together(service: Service, on: Board) -> None:
    on.fill(CROWD)
    async with opened(service) as socket:
        alone = await socket.watch(on.name, members=["eve"])
        several = await socket.watch(on.name, members=["eve", "zoe", "ann", "ann"])
        assert (alone.ranks, several.ranks) == ({"eve": 5}, {"ann": 1, "eve": 5})
        assert [record["id"] for record in several.last["members"]] == ["ann", "eve"]  # best first
        on.fill({"eve": 45})
        await socket.until(lambda: alone.ranks["eve"] == several.ranks["eve"] == 2)
        assert (passed(alone.last["overtaken"]), passed(alone.last["overtook"])) == (([], 3), ([], 0))
        on.fill({"zoe": 1})
        await socket.until(lambda: several.ranks == {"ann": 1, "eve": 2, "zoe": 6})
    assert alone.heard == ["snapshot", "change"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, {"top": 10}),
        ({"top": 1}, {"top": 1}),
        ({"top": 100}, {"top": 100}),
        ({"around": "ann"}, {"around": "ann", "above": 5, "below": 5}),
        ({"around": "ann", "above": 0, "below": 50}, {"around": "ann", "above": 0, "below": 50}),
        ({"around": "ünïcode ✓"}, {"around": "ünïcode ✓", "above": 5, "below": 5}),
        ({"members": ["bob", "ann", "bob"]}, {"members": ["bob", "ann"]}),
        ({"top": 3, "metadata": True}, {"top": 3, "metadata": True}),
        ({"top": 3, "metadata": False}, {"top": 3}),
        ({"top": 3, "window": "all"}, {"top": 3, "window": "all"}),
        ({"top": 3, "window": "", "period": ""}, {"top": 3}),
        (dict.fromkeys(("top", "around", "above", "below", "members", "window", "period", "metadata")), {"top": 10}),
        ({"top": 3, "of": "another", "version": 1}, {"top": 3}),
    ],
    ids=str,
)
async def test_a_view_is_told_as_it_was_understood(
    service: Service, board: str, asked: dict[str, Any], said: dict[str, Any]
) -> None:
    async with opened(service) as socket:
        assert (await socket.watch(board, **asked)).last["view"] == said


async def test_metadata_comes_where_it_is_asked_for_and_has_changed(service: Service, on: Board) -> None:
    def submit(score: float, **more: Any) -> None:
        on.json("POST", "/members/ann/score", json={"score": score, **more})

    submit(1, metadata={"flag": "pt", "n": [1, None, 2**60]})
    async with opened(service) as socket:
        plain, full = await socket.watch(on.name), await socket.watch(on.name, metadata=True)
        assert "metadata" not in plain.members["ann"]
        assert full.members["ann"]["metadata"] == {"flag": "pt", "n": [1, None, 2**60]}
        submit(2)
        await socket.until(lambda: plain.members["ann"]["score"] == full.members["ann"]["score"] == 3)
        assert "metadata" not in full.last["moved"][0]
        submit(0, metadata={})
        await socket.until(lambda: full.members["ann"]["metadata"] == {})
    assert (plain.heard, full.heard) == (["snapshot", "change"], ["snapshot", "change", "change"])


async def test_windows_and_periods(service: Service, on: Board) -> None:
    on.rule(windows=["daily", "all"])
    before = datetime.now(UTC).date().isoformat()
    on.fill({"ann": 1})
    async with opened(service) as socket:
        default, daily = await socket.watch(on.name), await socket.watch(on.name, window="daily")
        today = daily.last["period"]
        assert before <= today <= datetime.now(UTC).date().isoformat()
        assert (daily.last["window"], default.last["window"], default.last["period"]) == ("daily", "all", "all")
        this = await socket.watch(on.name, window="daily", period=today)
        assert (this.last["window"], this.last["period"], this.ranks) == ("daily", today, {"ann": 1})
        on.fill({"bob": 2})
        for view in (default, daily, this):
            await socket.until(lambda view=view: view.ranks == {"bob": 1, "ann": 2})
