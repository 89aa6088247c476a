"""docs/asyncapi.yaml against the code: what it says of /ws is what the server reads, writes and allows."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from json_schema import Schema, fits, referred, resolved

from goboard.domain.errors import InvalidArgument
from goboard.domain.names import MAX_NAME_BYTES, BoardName, MemberName
from goboard.domain.views import DEFAULT_NEIGHBOURS, DEFAULT_TOP, MAX_NEIGHBOURS, MAX_WATCHED, View
from goboard.entrypoints.http import live_wire, websocket, wire
from goboard.entrypoints.http.handshake import SUBPROTOCOL
from goboard.entrypoints.http.pulse import BEAT_SECONDS, STALLED_SECONDS
from goboard.entrypoints.http.socket_operations import OPERATIONS
from goboard.entrypoints.http.socket_updates import PATH
from goboard.entrypoints.settings import VARIABLES
from goboard.entrypoints.updates import MAX_UPDATES

DOCUMENT = yaml.safe_load((Path(__file__).parents[2] / "docs/asyncapi.yaml").read_text())
SOCKET = DOCUMENT["channels"]["socket"]
MESSAGES = DOCUMENT["components"]["messages"]
SCHEMAS = DOCUMENT["components"]["schemas"]

FROM_CLIENTS = {"update", "updates", "watch", "unwatch", "ping", "pong"}
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


def payload(message: str) -> Schema:
    return resolved(DOCUMENT, MESSAGES[message]["payload"])  # type: ignore[no-any-return]


def schema(name: str) -> Schema:
    return resolved(DOCUMENT, SCHEMAS[name])  # type: ignore[no-any-return]


def fields(struct: type[msgspec.Struct]) -> dict[str, Any]:
    """Give the types of a struct's fields by their names on the wire; the tag is one."""
    found: Any = msgspec.inspect.type_info(struct)
    tag = {found.tag_field: msgspec.inspect.LiteralType((found.tag,))} if found.tag_field else {}
    return tag | {field.encode_name: field.type for field in found.fields}


def required(struct: type[msgspec.Struct]) -> set[str]:
    found: Any = msgspec.inspect.type_info(struct)
    tag = {found.tag_field} if found.tag_field else set()
    return tag | {field.encode_name for field in found.fields if field.required}


_KINDS = {
    msgspec.inspect.StrType: "string",
    msgspec.inspect.LiteralType: "string",
    msgspec.inspect.IntType: "integer",
    msgspec.inspect.FloatType: "number",
    msgspec.inspect.BoolType: "boolean",
    msgspec.inspect.ListType: "array",
    msgspec.inspect.DictType: "object",
    msgspec.inspect.StructType: "object",
}


def agree(said: Schema, code: Any) -> bool:
    """Tell whether a schema is of the same types as the code's; null, which counts as absent, is passed over."""
    union = code.types if isinstance(code, msgspec.inspect.UnionType) else (code,)
    parts: list[Any] = [part for part in union if not isinstance(part, msgspec.inspect.NoneType)]
    if said_kinds(said) != {_KINDS[type(part)] for part in parts}:
        return False
    lengths = {part.max_length for part in parts if isinstance(part, msgspec.inspect.StrType) and part.max_length}
    if lengths and lengths != said_lengths(said):  # names have theirs from the domain
        return False
    if isinstance(parts[0], msgspec.inspect.ListType):
        return agree(said["items"], parts[0].item_type)
    return not isinstance(parts[0], msgspec.inspect.StructType) or has_fields(said, fields(parts[0].cls))


def said_kinds(said: Schema) -> set[str]:
    """Give the JSON types that a schema allows."""
    if "oneOf" in said:
        return set[str]().union(*(said_kinds(each) for each in said["oneOf"]))
    return {said["type"]} if "type" in said else {"string"}  # a const is a text


def said_lengths(said: Schema) -> set[int]:
    """Give the greatest lengths of texts that a schema says."""
    return {each["maxLength"] for each in said.get("oneOf", [said]) if "maxLength" in each}


def has_fields(said: Schema, code: dict[str, Any], *more: str) -> bool:
    """Tell whether an object has the fields of the code's, and `more`."""
    properties = said["properties"]
    return set(properties) == {*code, *more} and all(agree(properties[name], code[name]) for name in code)


def test_it_is_an_asyncapi_document_of_this_version() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert DOCUMENT["info"]["version"] == version("goboard")
    assert set(DOCUMENT) == {
        *("asyncapi", "info", "defaultContentType", "servers", "channels", "operations", "components"),
    }


def references(part: Any) -> list[str]:
    if isinstance(part, list):
        return [found for each in part for found in references(each)]
    if isinstance(part, dict):
        own = [part["$ref"]] if "$ref" in part else []
        return own + [found for each in part.values() for found in references(each)]
    return []


def test_every_reference_leads_somewhere_and_nothing_is_unused() -> None:
    found = set(references(DOCUMENT))
    for reference in found:
        referred(DOCUMENT, reference)
    for kind, parts in DOCUMENT["components"].items():
        for name in parts:
            assert any(f"{each}/".startswith(f"#/components/{kind}/{name}/") for each in found), name


def test_the_operations_are_what_the_socket_does() -> None:
    assert (SOCKET["address"], list(DOCUMENT["channels"])) == (PATH, ["socket"])
    assert set(SOCKET["messages"]) == set(MESSAGES)
    operations = list(DOCUMENT["operations"].values())
    received = {name for each in operations if each["action"] == "receive" for name in names_of(each)}
    sent = {name for each in operations if each["action"] == "send" for name in names_of(each)}
    answered = {name for each in operations if "reply" in each for name in names_of(each["reply"])}
    assert received == FROM_CLIENTS
    assert sent == {"snapshot", "change", "ended", "ping"}
    assert received | sent | answered == set(MESSAGES)


def names_of(operation: Any) -> list[str]:
    return [each["$ref"].rpartition("/")[2] for each in operation["messages"]]


def test_the_ops_are_those_that_the_code_knows() -> None:
    consts = {name: payload(name).get("properties", {}).get("op") for name in FROM_CLIENTS}
    assert sorted(said["const"] for said in consts.values() if said) == sorted(OPERATIONS)
    for operation in OPERATIONS:
        assert payload(operation)["properties"]["op"] == {"const": operation}


def test_the_close_codes_are_those_that_the_code_has() -> None:
    codes = {value for name, value in vars(websocket).items() if name.startswith("CLOSE_") and isinstance(value, int)}
    assert {int(code) for code in SOCKET["x-close-codes"]} == codes
    assert f"{STALLED_SECONDS:g} s" in SOCKET["x-close-codes"]["4008"]
    assert f"{websocket.MAX_MESSAGE_BYTES // 1024} KiB" in SOCKET["x-close-codes"]["1009"]


def test_the_limits_are_the_code_s() -> None:
    assert (schema("limit")["minimum"], schema("limit")["maximum"]) == (1, MAX_WATCHED)
    assert (schema("members")["minItems"], schema("members")["maxItems"]) == (1, MAX_WATCHED)
    neighbours = schema("neighbours")
    assert (neighbours["minimum"], neighbours["maximum"], neighbours["default"]) == (
        0,
        MAX_NEIGHBOURS,
        DEFAULT_NEIGHBOURS,
    )
    assert f"the first {DEFAULT_TOP}." in MESSAGES["watch"]["summary"]
    assert payload("updates")["maxItems"] == payload("outcomes")["maxItems"] == MAX_UPDATES
    assert schema("dashboard")["maxLength"] == schema("member")["maxLength"] == MAX_NAME_BYTES
    assert SOCKET["x-max-message-bytes"] == websocket.MAX_MESSAGE_BYTES
    assert SOCKET["x-heartbeat-seconds"] == BEAT_SECONDS
    assert f"every {BEAT_SECONDS:g} s" in DOCUMENT["operations"]["heartbeat"]["description"]
    most = next(each.default for each in VARIABLES if each.name == "LIVE_MAX_WATCHES")
    assert f"LIVE_MAX_WATCHES ({most})" in MESSAGES["watch"]["summary"]


def test_an_id_is_what_the_code_takes_for_one() -> None:
    text = next(each for each in schema("id")["oneOf"] if each["type"] == "string")
    reads = msgspec.json.Decoder(wire.MessageId)
    for value in ("x" * text["maxLength"], "", 0, -1, 10**30):
        assert reads.decode(json.dumps(value)) == value
        assert fits(schema("id"), value)
    for value in ("x" * (text["maxLength"] + 1), 1.5, True, [], {}):
        with pytest.raises(msgspec.ValidationError):
            reads.decode(json.dumps(value))
        assert not fits(schema("id"), value)


def test_who_comes_in_and_how() -> None:
    schemes = DOCUMENT["components"]["securitySchemes"]
    used = {each["$ref"].rpartition("/")[2] for each in DOCUMENT["servers"]["local"]["security"]}
    assert used == set(schemes)
    assert {(each["in"], each["name"]) for each in schemes.values()} == {
        ("query", "token"),
        ("header", "Sec-WebSocket-Protocol"),
    }
    headers = SOCKET["bindings"]["ws"]["headers"]["properties"]
    assert f"`{SUBPROTOCOL}`" in headers["Sec-WebSocket-Protocol"]["description"]


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
