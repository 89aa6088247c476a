"""JSON Schema (draft 7) as far as our documents use it; a word that is not known here is an error."""

import re
from collections.abc import Callable
from typing import Any

Schema = dict[str, Any]

_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}
_ANNOTATIONS = {"title", "description", "default"}


def resolved(document: Any, part: Any) -> Any:
    """Give a part of a document with what its references name in their place."""
    if isinstance(part, list):
        return [resolved(document, each) for each in part]
    if not isinstance(part, dict):
        return part
    if "$ref" not in part:
        return {name: resolved(document, each) for name, each in part.items()}
    assert set(part) == {"$ref"}, f"what stands beside a reference is ignored: {part}"
    return resolved(document, referred(document, part["$ref"]))


def referred(document: Any, reference: str) -> Any:
    """Give what a reference within the document names."""
    assert reference.startswith("#/"), reference
    for name in reference[2:].split("/"):
        document = document[name]
    return document


def fits(schema: Schema, value: Any) -> bool:
    """Tell whether a value is as the schema, which has no references, says."""
    return all(word in _ANNOTATIONS or _WORDS[word](schema, value) for word in schema)


def _on(kind: str, test: Callable[[Schema, Any], bool]) -> Callable[[Schema, Any], bool]:
    """Make a word that is about values of one type alone."""
    return lambda schema, value: not _TYPES[kind](value) or test(schema, value)


def _is_whole(pattern: str, text: str) -> bool:
    """Tell whether a pattern, which is of a whole text, fits; in Python, `$` is before a last newline, too."""
    assert pattern.startswith("^")
    assert pattern.endswith("$")
    return re.fullmatch(pattern[1:-1], text) is not None


_WORDS: dict[str, Callable[[Schema, Any], bool]] = {
    "type": lambda schema, value: _TYPES[schema["type"]](value),
    "const": lambda schema, value: bool(schema["const"] == value),
    "oneOf": lambda schema, value: sum(fits(each, value) for each in schema["oneOf"]) == 1,
    "anyOf": lambda schema, value: any(fits(each, value) for each in schema["anyOf"]),
    "not": lambda schema, value: not fits(schema["not"], value),
    "required": _on("object", lambda schema, value: set(schema["required"]) <= set(value)),
    "properties": _on(
        "object",
        lambda schema, value: all(fits(schema["properties"].get(name, {}), each) for name, each in value.items()),
    ),
    "dependencies": _on(
        "object",
        lambda schema, value: all(
            set(needed) <= set(value) for name, needed in schema["dependencies"].items() if name in value
        ),
    ),
    "items": _on("array", lambda schema, value: all(fits(schema["items"], each) for each in value)),
    "minItems": _on("array", lambda schema, value: len(value) >= schema["minItems"]),
    "maxItems": _on("array", lambda schema, value: len(value) <= schema["maxItems"]),
    "minLength": _on("string", lambda schema, value: len(value) >= schema["minLength"]),
    "maxLength": _on("string", lambda schema, value: len(value) <= schema["maxLength"]),
    "pattern": _on("string", lambda schema, value: _is_whole(schema["pattern"], value)),
    "minimum": _on("number", lambda schema, value: value >= schema["minimum"]),
    "maximum": _on("number", lambda schema, value: value <= schema["maximum"]),
}
