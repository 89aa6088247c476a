"""Metadata: a small JSON object, and nothing that would come back as something else."""

import json
from collections import ChainMap
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goboard.domain.errors import InvalidArgument
from goboard.domain.metadata import MAX_METADATA_BYTES, parse_metadata

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | FINITE | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(TEXTS, VALUES, max_size=2))
def test_what_is_written_reads_back_the_same(value: dict[str, Any]) -> None:
    assert json.loads(parse_metadata(value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, "{}"),
        ({"name": "Ada", "country": "GB"}, '{"name":"Ada","country":"GB"}'),
        ({"name": "Zoë \U0001f600", "tab": "\t\x00"}, '{"name":"Zoë \U0001f600","tab":"\\t\\u0000"}'),
        ({"": [1, 2.5, None, True, {"deep": [[]]}]}, '{"":[1,2.5,null,true,{"deep":[[]]}]}'),
        (MappingProxyType({"car": "Mini"}), '{"car":"Mini"}'),
        (ChainMap({"car": "Mini"}, {"car": "Fiat"}), '{"car":"Mini"}'),
    ],
)
def test_it_is_written_compactly(value: Any, text: str) -> None:
    assert parse_metadata(value) == text


@pytest.mark.parametrize("char", ["a", "ö", "\u20ac", "\U0001f600"])
def test_it_has_at_most_a_kibibyte_of_utf_8(char: str) -> None:
    room = MAX_METADATA_BYTES - len('{"n":""}')
    count, rest = divmod(room, len(char.encode()))
    fits = {"n": char * count + "x" * rest}
    assert len(parse_metadata(fits).encode()) == MAX_METADATA_BYTES == 1024
    with pytest.raises(InvalidArgument, match="metadata has 1025 bytes; at most 1024 are allowed"):
        parse_metadata({"n": fits["n"] + "x"})


@pytest.mark.parametrize("value", [None, [], "{}", 5, b"{}", [("a", 1)]])
def test_what_is_no_object_is_refused(value: Any) -> None:
    with pytest.raises(InvalidArgument, match=f"a JSON object, not {type(value).__name__}"):
        parse_metadata(value)


CIRCULAR: dict[str, Any] = {}
CIRCULAR["self"] = [CIRCULAR]
DEEP: dict[str, Any] = {}
for _ in range(100_000):
    DEEP = {"": DEEP}


@pytest.mark.parametrize(
    "value",
    [
        {"n": float("nan")},
        {"n": float("inf")},
        {"n": [-float("inf")]},
        {"n": "\ud800"},
        {"\udfff": 1},
        {1: "one"},
        {None: "none"},
        {True: "yes"},
        {1.5: "x"},
        {b"a": 1},
        {("a",): 1},
        {"deep": [{"deep": {1: "one"}}]},
        {"deep": ({2: "two"},)},
        {"n": b"bytes"},
        {"n": {1, 2}},
        {"n": object()},
        {"n": 1j},
        {"n": 10**5000},
        {"n": MappingProxyType({})},
        CIRCULAR,
        DEEP,
    ],
    ids=range(21),
)
def test_what_json_cannot_say_is_refused(value: Any) -> None:
    with pytest.raises(InvalidArgument, match="metadata must be a JSON object, its keys texts, its numbers finite"):
        parse_metadata(value)


def test_as_deep_as_a_kibibyte_allows_is_allowed() -> None:
    deep = json.loads('{"d":' + "[" * 509 + "]" * 509 + "}")
    assert json.loads(parse_metadata(deep)) == deep
    with pytest.raises(InvalidArgument, match="1026 bytes"):
        parse_metadata({"d": [deep["d"]]})
