"""docs/asyncapi.yaml against the code: what it says of /ws is what the server reads, writes and allows."""

import json
from importlib.metadata import version
from typing import Any

import msgspec
import pytest
from asyncapi_document import DOCUMENT, FROM_CLIENTS, MESSAGES, payload, schema
from json_schema import fits, referred

from goboard.domain.names import MAX_NAME_BYTES
from goboard.domain.views import DEFAULT_NEIGHBOURS, DEFAULT_TOP, MAX_NEIGHBOURS, MAX_WATCHED
from goboard.entrypoints.http import websocket, wire
from goboard.entrypoints.http.handshake import SUBPROTOCOL
from goboard.entrypoints.http.pulse import BEAT_SECONDS, STALLED_SECONDS
from goboard.entrypoints.http.socket_operations import OPERATIONS
from goboard.entrypoints.http.socket_updates import PATH
from goboard.entrypoints.settings import VARIABLES
from goboard.entrypoints.updates import MAX_UPDATES

SOCKET = DOCUMENT["channels"]["socket"]


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
