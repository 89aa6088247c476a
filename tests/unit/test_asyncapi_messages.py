"""The messages of docs/asyncapi.yaml against the code: their fields, their examples, and what they forbid."""

import json
from typing import Any

import msgspec
import pytest
from asyncapi_document import FROM_CLIENTS, MESSAGES, fields, has_fields, payload, required, schema
from json_schema import fits

from goboard.domain.errors import InvalidArgument
from goboard.domain.names import BoardName, MemberName
from goboard.domain.views import DEFAULT_TOP, MAX_NEIGHBOURS, MAX_WATCHED, View
from goboard.entrypoints.http import live_wire, wire

WRITTEN: dict[str, type[msgspec.Struct]] = {
    "place": wire.MemberReply,
    "unwatched": live_wire.UnwatchedMessage,
    "snapshot": live_wire.SnapshotMessage,
    "change": live_wire.ChangeMessage,
    "ended": live_wire.EndedMessage,
}
"""Messages of the server that are a struct each; with an id where they are answers."""
WITHIN: dict[str, type[msgspec.Struct]] = {
    "entry": wire.MemberRecord,
    "moved": live_wire.MovedRecord,
    "passed": live_wire.PassedRecord,
    "problem": wire.ProblemDetails,
}
"""What messages are made of."""
EXAMPLES = [
    pytest.param(name, example["payload"], id=f"{name}: {example['name']}")
    for name, message in MESSAGES.items()
    for example in message["examples"]
]


@pytest.mark.parametrize("name", WRITTEN)
def test_a_message_of_the_server_has_the_fields_of_its_struct(name: str) -> None:
    said, more = payload(name), ["id"] if name in {"place", "unwatched", "snapshot"} else []
    assert has_fields(said, fields(WRITTEN[name]), *more)
    assert set(said["required"]) == required(WRITTEN[name])


@pytest.mark.parametrize("name", WITHIN)
def test_a_part_of_a_message_has_the_fields_of_its_struct(name: str) -> None:
    assert has_fields(schema(name), fields(WITHIN[name]))
    assert set(schema(name)["required"]) == required(WITHIN[name])


def test_an_outcome_is_a_place_or_a_refusal() -> None:
    place, refusal = payload("outcomes")["items"]["oneOf"]
    both = {"properties": {**place["properties"], **refusal["properties"]}}
    assert has_fields(both, fields(wire.OutcomeReply), "id")
    assert (payload("place"), payload("refusal")) == (place, refusal)


def test_a_message_of_a_client_has_the_fields_that_are_read() -> None:
    update, watch = fields(wire.UpdateMessage), fields(live_wire.WatchRequest)
    common = {name: update[name] for name in ("op", "id")}
    assert has_fields(payload("update"), {name: each for name, each in update.items() if name != "op"})
    for name in ("watch", "unwatch"):
        assert has_fields(payload(name), watch | common)
    for name in ("ping", "pong"):
        assert has_fields(payload(name), common)
    assert payload("updates")["items"] == payload("update")


@pytest.mark.parametrize(("name", "said"), EXAMPLES)
def test_an_example_fits_its_schema_and_is_what_the_code_reads_or_writes(name: str, said: Any) -> None:
    assert fits(payload(name), said)
    text = json.dumps(said)
    if name == "updates":
        assert [update.dashboard for update in wire.read_updates(text)] == [each["dashboard"] for each in said]  # type: ignore[union-attr]
    elif name in FROM_CLIENTS:
        read = wire.read_update(text)
        assert (read.op, read.id) == (said.get("op"), said.get("id"))
        if name in {"watch", "unwatch"}:
            check_view(said)
    else:
        assert rewritten(name, said) == said


def check_view(said: dict[str, Any]) -> None:
    request = msgspec.json.decode(json.dumps(said), type=live_wire.WatchRequest)
    if request.dashboard:
        BoardName.parse(request.dashboard)
    record = live_wire.view_record(request.view())
    asked = {name: each for name, each in said.items() if name not in {"op", "id", "dashboard"}}
    assert record == (asked or {"top": DEFAULT_TOP})
    assert fits(schema("view"), record)


def rewritten(name: str, said: Any) -> Any:
    """Give what the code makes of a message that it has written."""
    if name in {"outcomes", "refusal"}:
        many = said if isinstance(said, list) else [said]
        replies = [rewritten_as(wire.OutcomeReply, each) for each in many]
        return replies if isinstance(said, list) else replies[0]
    if name == "pong":
        return said
    return rewritten_as(WRITTEN[name], said)


def rewritten_as(struct: type[msgspec.Struct], said: dict[str, Any]) -> Any:
    without = {name: each for name, each in said.items() if name != "id"}
    read = msgspec.json.decode(json.dumps(without), type=struct)
    return json.loads(wire.with_id(wire.encode(read), said.get("id")))


@pytest.mark.parametrize("name", sorted(FROM_CLIENTS))
def test_what_is_required_of_a_client_is_what_the_code_needs(name: str) -> None:
    needed = {"update": ["dashboard", "member_id", "increment"], "watch": ["op", "dashboard"]}
    if name != "updates":
        assert payload(name)["required"] == needed.get(name, ["op"])


VIEWS = [
    View.top(3),
    View.around("ann", 0, 50),
    View.members(["ann", "bob"]),
]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: type(view.shows).__name__)
def test_a_view_is_described_as_it_is_told(view: View) -> None:
    plain, full = live_wire.view_record(view), live_wire.view_record(view.within("daily", "2026-11-24").with_metadata())
    described = [each for each in schema("view")["oneOf"] if fits(each, full)]
    assert len(described) == 1
    assert (set(described[0]["properties"]), set(described[0]["required"])) == (set(full), set(plain))
    assert len(schema("view")["oneOf"]) == len(VIEWS)


BAD: list[tuple[str, Any]] = [
    ("watch", {"op": "watch"}),
    ("watch", {"op": "watch", "dashboard": ""}),
    ("watch", {"op": "watch", "dashboard": "a{b}"}),
    ("watch", {"op": "watch", "dashboard": "b", "top": 0}),
    ("watch", {"op": "watch", "dashboard": "b", "top": MAX_WATCHED + 1}),
    ("watch", {"op": "watch", "dashboard": "b", "top": "3"}),
    ("watch", {"op": "watch", "dashboard": "b", "top": 1.5}),
    ("watch", {"op": "watch", "dashboard": "b", "top": 3, "around": "ann"}),
    ("watch", {"op": "watch", "dashboard": "b", "members": ["ann"], "around": "ann"}),
    ("watch", {"op": "watch", "dashboard": "b", "above": 3}),
    ("watch", {"op": "watch", "dashboard": "b", "around": "ann", "below": MAX_NEIGHBOURS + 1}),
    ("watch", {"op": "watch", "dashboard": "b", "around": "a\x00"}),
    ("watch", {"op": "watch", "dashboard": "b", "members": []}),
    ("watch", {"op": "watch", "dashboard": "b", "members": [f"m{number}" for number in range(MAX_WATCHED + 1)]}),
    ("watch", {"op": "watch", "dashboard": "b", "metadata": 1}),
    ("unwatch", {"op": "unwatch", "dashboard": "b", "top": 0}),
    ("unwatch", {"op": "unwatch", "dashboard": "b", "top": 1, "members": ["ann"]}),
]


@pytest.mark.parametrize(("name", "said"), BAD, ids=str)
def test_what_the_schema_forbids_the_code_refuses(name: str, said: Any) -> None:
    assert not fits(payload(name), said)
    with pytest.raises((InvalidArgument, msgspec.ValidationError)):
        read_strictly(said)


def read_strictly(said: Any) -> None:
    request = msgspec.json.decode(json.dumps(said), type=live_wire.WatchRequest)
    BoardName.parse(request.dashboard or "")
    request.view()


TEXTS = [
    "a",
    "x" * 256,
    "ünïcode ✓",
    "a/b",
    " ",
    "\xa0",
    "a\u2028b",
    "",
    "x" * 257,
    "a\n",
    "\x00",
    "\x7f",
    "\x80",
    "{",
    "a}",
]


@pytest.mark.parametrize(("name", "parse"), [("dashboard", BoardName.parse), ("member", MemberName.parse)])
@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_names_are_described_as_they_are_parsed(name: str, parse: Any, text: str) -> None:
    try:
        parse(text)
    except InvalidArgument:
        assert not fits(schema(name), text)
    else:
        assert fits(schema(name), text)
