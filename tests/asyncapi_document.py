"""docs/asyncapi.yaml, and how its schemas are compared with the structs of the code."""

from pathlib import Path
from typing import Any

import msgspec
import yaml
from json_schema import Schema, resolved

DOCUMENT = yaml.safe_load((Path(__file__).parents[1] / "docs/asyncapi.yaml").read_text())
MESSAGES = DOCUMENT["components"]["messages"]
FROM_CLIENTS = {"update", "updates", "watch", "unwatch", "ping", "pong"}
"""The messages that clients send."""
SCHEMAS = DOCUMENT["components"]["schemas"]


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


_KINDS: dict[Any, str] = {
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
