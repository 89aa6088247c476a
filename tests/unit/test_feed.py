"""What is sent to a peer that watches and takes it slowly: the latest state, and answers in their turn."""

import asyncio
import random
from typing import Any

from boards import BOARD, put, top
from leaping_loop import leaping
from shown_view import NEWS, ShownView
from slow_server import SlowServer, settled, watch, worker

from goboard.domain.names import BoardName


def shown(server: SlowServer) -> ShownView:
    """Give what a peer knows of the one view that it watches."""
    view = ShownView()
    for message in server.messages:
        if "type" in message:
            view.hear(message)
    return view


@leaping
async def test_a_slow_peer_is_sent_the_latest_state_when_it_takes_again() -> None:
    async with worker() as world:
        server = SlowServer(slow=True)
        world.serve(server)
        server.hand(watch())
        for score in range(1, 40):
            await world.put("ann", score)
            await world.put("bob", -score)
        assert len(server.frames) == 1
        server.let_go()
        await settled()
        assert (len(server.frames), server.messages[1]["type"]) == (2, "snapshot")
        assert shown(server).places == [("ann", 1, 39), ("bob", 2, -39)]
        server.let_go()
        await settled()
        assert len(server.frames) == 2
        await world.put("bob", 50)
        assert (len(server.frames), server.messages[2]["type"]) == (3, "change")
        assert shown(server).ranks == {"bob": 1, "ann": 2}
        assert server.overlaps == 0


@leaping
async def test_a_peer_that_missed_one_change_alone_is_sent_it() -> None:
    async with worker() as world:
        server = SlowServer(slow=True)
        world.serve(server)
        server.hand(watch())
        await settled()
        await world.put("ann", 1)
        server.let_go()
        await settled()  # a board that comes to be is a snapshot
        await world.put("ann", 2)
        server.let_go()
        await settled()
        assert shown(server).heard == ["snapshot", "snapshot", "change"]


@leaping
async def test_what_is_due_longest_goes_first_and_each_view_once() -> None:
    async with worker() as world:
        server = SlowServer(slow=True)
        world.serve(server)
        for top in (1, 2, 3):
            server.hand(watch(top, top=top))
            await settled()
            server.let_go()
        await world.put("ann", 1)  # the first of the three is on its way
        for score in range(2, 6):
            await put(world.live.store, BOARD, "ann", score)
            await world.put("bob", -score)
        begun = len(server.frames)
        for _ in range(6):
            server.let_go()
            await settled()
        news = server.messages[begun:]
        assert [(each["view"]["top"], each["members"][0]["score"]) for each in news] == [(2, 5), (3, 5), (1, 5)]


@leaping
async def test_no_news_come_before_the_answer_that_they_follow() -> None:
    async with worker() as world:
        server = await world.watching()
        server.slow = True
        await world.put("cleo", 3)
        server.hand(watch(7, top=2))  # waits for the way to be free
        for score in range(5):
            await world.put("ann", score)
        for _ in range(10):
            server.let_go()
            await settled()
        of_two = [message for message in server.messages if message["view"] == {"top": 2}]
        assert of_two[0]["id"] == 7
        view = ShownView()
        for message in of_two:
            view.hear(message)
        assert view.ranks == {"ann": 1, "cleo": 2}


@leaping
async def test_two_frames_are_never_on_their_way_at_once_and_answers_keep_their_order() -> None:
    chance = random.Random(5)
    async with worker() as world:
        server = SlowServer(slow=True)
        asked: list[dict[str, Any]] = []
        world.serve(server)
        for _ in range(3_000):
            what = chance.random()
            if what < 0.4:
                server.let_go()
            elif what < 0.6:
                await put(world.live.store, BOARD, chance.choice("abcdef"), chance.randrange(10))
            else:
                asked.append(drawn_message(chance, len(asked)))
                server.hand(asked[-1])
            await asyncio.sleep(chance.choice((0, 0, 0.004, 0.02)))
        server.slow = False
        server.let_go()
        await settled()
        assert [message["id"] for message in server.messages if "id" in message] == list(range(len(asked)))
        assert server.overlaps == 0
        views = replayed(server, asked)
        assert views
        for limit, view in views.items():
            entries = await top(world.live.store, BOARD, limit)
            assert view.places == [(entry.member, entry.rank, entry.score) for entry in entries]


def drawn_message(chance: random.Random, identifier: int) -> dict[str, Any]:
    limit = chance.randrange(1, 6)
    return chance.choice(
        [
            watch(identifier, top=limit),
            {"op": "ping", "id": identifier},
            {"dashboard": BOARD, "member_id": chance.choice("abcdef"), "increment": 1, "id": identifier},
            {"op": "unwatch", "dashboard": BOARD, "top": limit, "id": identifier},
        ]
    )


def replayed(server: SlowServer, asked: list[dict[str, Any]]) -> dict[int, ShownView]:
    """Give the views that the peer watches in the end, by their limit; of what it does not watch no news may come."""
    views: dict[int, ShownView] = {}
    for message in server.messages:
        request = asked[message["id"]] if "id" in message else {}
        if request.get("op") == "watch":
            views[request["top"]] = ShownView()
        elif request.get("op") == "unwatch":
            views.pop(request["top"], None)
        if message.get("type") in NEWS:
            views[message["view"]["top"]].hear(message)
    return views


@leaping
async def test_answers_and_news_take_turns_where_a_peer_takes_fewer_than_there_are() -> None:
    async with worker() as world:
        server = SlowServer()
        world.serve(server)
        boards = [BoardName.parse(f"board {number}") for number in range(3)]
        for number, board in enumerate(boards):
            server.hand({"op": "watch", "dashboard": board, "id": number})
        await settled()
        server.slow = True
        for turn in range(100):
            for board in boards:
                await put(world.live.store, board, "ann", turn)
            server.hand({"op": "ping", "id": turn})
            await asyncio.sleep(0.05)
            server.let_go()
        answers = [message["id"] for message in server.messages[3:] if "op" in message]
        assert answers == list(range(len(answers)))
        assert 45 <= len(answers) <= 55
        watched = [message["dashboard"] for message in server.messages[3:] if "op" not in message]
        assert all(15 <= watched.count(board) <= 19 for board in boards)
        assert server.overlaps == 0


@leaping
async def test_on_a_server_that_sends_when_awaited_it_is_all_the_same() -> None:
    async with worker() as world:
        server = SlowServer(slow=True)
        world.serve(server, send=server.send_when_awaited)
        server.hand(watch())
        for score in range(1, 20):
            await world.put("ann", score)
        assert len(server.frames) == 1
        for _ in range(3):
            server.let_go()
            await settled()
        assert shown(server).heard == ["snapshot", "snapshot"]
        await world.put("ann", 50)
        server.hand({"op": "ping", "id": 1})
        server.let_go()
        await settled()
        assert [message.get("type") for message in server.messages[2:]] == ["change", None]
        assert (shown(server).places, server.overlaps) == ([("ann", 1, 50)], 0)
