"""Watch messages that are wrong, each with its one right answer, and the ids by which answers are found again."""

import json
from typing import Any
from unittest.mock import ANY

import pytest
from services import Service
from watch_socket import WatchSocket, opened

ID_FORM = "its id, where there is one, is a text of up to 128 characters or an integer"
WATCH_FORM = (
    "a watch is a JSON object with the text dashboard; the integer top, the text around or the array of texts members;"
    " and, where they are wanted, the texts window and period, of up to 256 characters, and the truth value metadata; "
    + ID_FORM
)
MESSAGE_FORM = (
    "the message must be a JSON object with the texts dashboard and member_id, the number increment and, if any, the "
    "text op_id, or with an op; " + ID_FORM
)
SEVERAL = "top, around and members are each a view of their own; say one of them"
ALONE = "above and below belong to around; say around, too"
EMPTY = "member_id is empty; a name has 1 to 256 bytes"
CONTROL = "member_id has a control character"

BAD_WATCHES: dict[str, tuple[dict[str, Any], str]] = {
    "no dashboard": ({"dashboard": None, "top": 3}, "missing dashboard"),
    "an empty dashboard": ({"dashboard": ""}, "missing dashboard"),
    "braces in the dashboard": ({"dashboard": "a{b}"}, "dashboard has one of the characters { }"),
    "a control character in the dashboard": ({"dashboard": "a\x07"}, "dashboard has a control character"),
    "a long dashboard": ({"dashboard": "ü" * 129}, "dashboard has 258 bytes; at most 256 are allowed"),
    "top and around": ({"top": 3, "around": "ann"}, SEVERAL),
    "around and members": ({"around": "ann", "members": ["ann"]}, SEVERAL),
    "top and members": ({"top": 3, "members": ["ann"]}, SEVERAL),
    "above alone": ({"above": 3}, ALONE),
    "below with top": ({"top": 3, "below": 0}, ALONE),
    "above with members": ({"members": ["ann"], "above": 1}, ALONE),
    "top 0": ({"top": 0}, "top is 0; it must be from 1 to 100"),
    "top 101": ({"top": 101}, "top is 101; it must be from 1 to 100"),
    "top -1": ({"top": -1}, "top is -1; it must be from 1 to 100"),
    "top 2^53": ({"top": 2**53}, f"top is {2**53}; it must be from 1 to 100"),
    "top beyond all doubles": ({"top": 10**400}, WATCH_FORM),
    "top 1.5": ({"top": 1.5}, WATCH_FORM),
    "top 3.0": ({"top": 3.0}, WATCH_FORM),
    "top as a text": ({"top": "3"}, WATCH_FORM),
    "top true": ({"top": True}, WATCH_FORM),
    "top as an array": ({"top": [3]}, WATCH_FORM),
    "around nobody": ({"around": ""}, EMPTY),
    "around a control character": ({"around": "a\n"}, CONTROL),
    "around a long name": ({"around": "x" * 257}, "member_id has 257 bytes; at most 256 are allowed"),
    "around a number": ({"around": 7}, WATCH_FORM),
    "above 51": ({"around": "ann", "above": 51}, "above is 51; it must be from 0 to 50"),
    "below -1": ({"around": "ann", "below": -1}, "below is -1; it must be from 0 to 50"),
    "above as a text": ({"around": "ann", "above": "1"}, WATCH_FORM),
    "no members": ({"members": []}, "the number of members is 0; it must be from 1 to 100"),
    "101 members": (
        {"members": [f"m{number}" for number in range(101)]},
        "the number of members is 101; it must be from 1 to 100",
    ),
    "an empty member": ({"members": ["ann", ""]}, EMPTY),
    "a control character in a member": ({"members": ["ann", "b\x7f"]}, CONTROL),
    "a null member": ({"members": ["ann", None]}, WATCH_FORM),
    "members as a text": ({"members": "ann"}, WATCH_FORM),
    "members as an object": ({"members": {"ann": 1}}, WATCH_FORM),
    "a window that there is not": ({"window": "hourly"}, "the dashboard has no window 'hourly'; it has all"),
    "a period that there is not": (
        {"period": "2026-11-24"},
        "window 'all' has no period '2026-11-24'; one is named by its local start, as 2026-11-24T18:00+01:00",
    ),
    "the archive without a name": ({"window": "archive"}, "window archive has no current period; name one"),
    "a long window": ({"window": "x" * 257}, WATCH_FORM),
    "a long period": ({"period": "x" * 60_000}, WATCH_FORM),
    "window as a number": ({"window": 1}, WATCH_FORM),
    "dashboard as a number": ({"dashboard": 5}, WATCH_FORM),
    "period as an array": ({"period": []}, WATCH_FORM),
    "metadata as a text": ({"metadata": "true"}, WATCH_FORM),
    "metadata as a number": ({"metadata": 1}, WATCH_FORM),
    "an op that there is not": ({"op": "follow"}, "op 'follow' is unknown; there are watch, unwatch, ping, pong"),
    "an op in another case": ({"op": "Watch"}, "op 'Watch' is unknown; there are watch, unwatch, ping, pong"),
    "a long op": (
        {"op": "x" * 60_000},
        f"op '{'x' * 40}'… is unknown; there are watch, unwatch, ping, pong",
    ),
    "op as a number": ({"op": 5}, MESSAGE_FORM),
    "op as an array": ({"op": ["watch"]}, MESSAGE_FORM),
    "op as an object": ({"op": {}}, MESSAGE_FORM),
    "an empty op": ({"op": ""}, "op '' is unknown; there are watch, unwatch, ping, pong"),
    "an unwatch of a view of no dashboard": (
        {"op": "unwatch", "dashboard": None, "top": 3},
        "missing dashboard; an unwatch that names a view names its dashboard, too",
    ),
    "an unwatch of a view that cannot be": ({"op": "unwatch", "top": 0}, "top is 0; it must be from 1 to 100"),
    "an unwatch of several views": ({"op": "unwatch", "top": 1, "around": "ann"}, SEVERAL),
    "an unwatch of above alone": ({"op": "unwatch", "above": 2}, ALONE),
    "an unwatch whose dashboard is a number": ({"op": "unwatch", "dashboard": 5}, WATCH_FORM),
    "an unwatch of a bad dashboard": (
        {"op": "unwatch", "dashboard": "{"},
        "dashboard has one of the characters { }",
    ),
}


@pytest.mark.parametrize("case", BAD_WATCHES)
async def test_a_bad_message_gets_a_problem_and_the_socket_lives_on(service: Service, board: str, case: str) -> None:
    asked, detail = BAD_WATCHES[case]
    async with opened(service) as socket:
        kept = await socket.watch(board)
        reply = await socket.ask({"op": "watch", "dashboard": board, **asked, "id": case})
        assert await socket.unwatch() == 1
        await socket.watch(board)
    assert reply == {"problem": invalid(detail), "id": case}
    assert kept.heard == ["snapshot"]


def invalid(detail: str) -> dict[str, Any]:
    return {
        "type": "urn:goboard:request:invalid-argument",
        "title": "Bad Request",
        "status": 400,
        "detail": detail,
        "instance": "/ws",
        "code": "invalid_argument",
        "request_id": ANY,
    }


@pytest.mark.parametrize("identifier", ["a", "", "x" * 128, "é" * 128, 0, -1, 2**53, 10**30], ids=str)
async def test_an_id_comes_back_with_every_kind_of_answer(service: Service, board: str, identifier: Any) -> None:
    update = {"dashboard": board, "member_id": "ann", "increment": 1}
    async with opened(service) as socket:
        for message in kinds_of_message(board, update):
            assert await identified(socket, {**message, "id": identifier}) == identifier, message
        for message in kinds_of_message(board, update):
            assert "id" not in await raw(socket, message)


async def test_an_id_comes_back_with_the_item_of_an_array_that_has_it(service: Service, board: str) -> None:
    update = {"dashboard": board, "member_id": "ann", "increment": 1}
    items = [{**update, "id": 0}, update, {**update, "member_id": "", "id": ""}]
    malformed = [{**update, "id": "x" * 128}, {**update, "increment": "1", "id": 5}, 7, {**update, "id": 1.5}]
    async with opened(service) as socket:
        many = await socket.ask(items)
        mixed = await socket.ask(items + malformed)
        none = await socket.ask([update, {**update, "increment": None}])
    assert [each.get("id") for each in many] == [0, None, ""]
    assert [each.get("score") for each in many] == [1, 2, None]
    assert [each.get("id") for each in mixed] == [0, None, "", "x" * 128, 5, None, None]
    assert ["problem" in each for each in mixed] == [False, False, True, False, True, True, True]
    assert not any("id" in each for each in [many[1], mixed[1], *mixed[-2:], *none])


def kinds_of_message(board: str, update: dict[str, Any]) -> list[dict[str, Any]]:
    """Give a message for each kind of answer."""
    return [
        update,
        {**update, "member_id": ""},
        {**update, "increment": "1"},
        {"op": "watch", "dashboard": board, "top": 5},
        {"op": "watch", "dashboard": board, "top": 0},
        {"op": "watch", "dashboard": board, "top": "5"},
        {"op": "watch", "dashboard": board, "window": "daily"},
        {"op": "watch", "dashboard": 5},
        {"op": "unwatch"},
        {"op": "unwatch", "dashboard": "{"},
        {"op": "ping"},
        {"op": "follow"},
    ]


async def raw(socket: WatchSocket, message: Any) -> Any:
    """Ask where nothing comes but the answer; a snapshot without an id is one here."""
    await socket.send(message)
    return json.loads(await socket.socket.recv())


async def identified(socket: WatchSocket, message: Any) -> Any:
    return (await raw(socket, message))["id"]


@pytest.mark.parametrize("identifier", ["x" * 129, 1.5, 1.0, True, [], {}, [1]], ids=str)
async def test_what_is_no_id_is_refused(service: Service, board: str, identifier: Any) -> None:
    update = {"dashboard": board, "member_id": "ann", "increment": 1}
    async with opened(service) as socket:
        for message in ({"op": "watch", "dashboard": board}, {"op": "ping"}, update):
            reply = await socket.ask({**message, "id": identifier})
            assert (list(reply), ID_FORM in reply["problem"]["detail"]) == (["problem"], True)
        many = await socket.ask([{**update, "id": identifier}, {**update, "id": 1}])
        assert await socket.unwatch() == 0
    assert many == [{"problem": invalid(MESSAGE_FORM)}, {"member_id": "ann", "rank": 1, "score": 1.0, "id": 1}]


async def test_a_null_id_is_none(service: Service) -> None:
    async with opened(service) as socket:
        assert await socket.ask({"op": "ping", "id": None}) == {"op": "pong"}


async def test_ids_may_come_twice(service: Service) -> None:
    async with opened(service) as socket:
        await socket.send({"op": "ping", "id": 1})
        await socket.send({"op": "unwatch", "id": 1})
        assert await socket.reply() == {"op": "pong", "id": 1}
        assert await socket.reply() == {"type": "unwatched", "watches": 0, "id": 1}
