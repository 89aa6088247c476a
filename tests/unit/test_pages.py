"""Cursors: opaque to callers, and whatever callers make of them is refused and no more."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goboard.domain.errors import InvalidArgument
from goboard.domain.pages import MAX_CURSOR, Cursor, ScoreRange
from goboard.domain.rules import archived
from goboard.domain.scores import MAX_SCORE

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=64)
SCORES = st.floats(-MAX_SCORE, MAX_SCORE)
ENDS = st.none() | SCORES
CURSORS = st.builds(Cursor, TEXTS, TEXTS, st.booleans(), st.builds(ScoreRange, ENDS, ENDS), ENDS, TEXTS)
PARTS: list[Any] = ["7-ab", "all", False, None, None, 10.0, "ada"]


def encoded(plain: str | bytes) -> str:
    raw = plain if isinstance(plain, bytes) else plain.encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def refused(text: str) -> bool:
    try:
        Cursor.parse(text)
    except InvalidArgument as refusal:
        assert str(refusal) == "cursor is malformed; take it as it was given, or leave it out"  # noqa: PT017
        return True
    return False


@given(CURSORS)
def test_a_cursor_comes_back_as_it_was(cursor: Cursor) -> None:
    assert Cursor.parse(cursor.text()) == cursor


@given(CURSORS)
def test_a_cursor_needs_no_escaping_in_a_query(cursor: Cursor) -> None:
    assert set(cursor.text()) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@pytest.mark.parametrize("name", ["ö" * 128, "\U0001f600" * 64, '"' * 256, "\\" * 256, "\u20ac" * 85])
def test_the_longest_names_fit_into_a_cursor(name: str) -> None:
    scores = ScoreRange(-0.1 - 2.0**52, 0.1 + 2.0**52)
    cursor = Cursor(f"{2**63}-{'f' * 64}", archived(name).place, True, scores, -1.1e-300, name)  # noqa: FBT003
    assert Cursor.parse(cursor.text()) == cursor


def test_the_example_that_the_others_are_variations_of_is_none_refused() -> None:
    assert Cursor.parse(encoded(json.dumps(PARTS))) == Cursor("7-ab", "all", False, ScoreRange(), 10.0, "ada")  # noqa: FBT003


@pytest.mark.parametrize(
    "plain",
    [
        "",
        "null",
        "{}",
        "[]",
        '"7-ab"',
        json.dumps(PARTS)[:-1],
        json.dumps(PARTS[:-1]),
        json.dumps([*PARTS, "more"]),
        json.dumps([PARTS]),
        "[" * 1500,
        "[" * 700 + "]" * 700,
        '{"a":' * 400,
        b"\xff\xfe\xfd",
        b'["\xff", "all", false, null, null, 10.0, "ada"]',
        "9" * 3000,
    ],
)
def test_what_is_none_of_ours_is_refused(plain: str | bytes) -> None:
    assert refused(encoded(plain))


@pytest.mark.parametrize("score", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "10", "true", '"10"', "[]", "{}"])
@pytest.mark.parametrize("place", [3, 4, 5])
def test_a_score_is_a_finite_double_or_none(score: str, place: int) -> None:
    parts = [json.dumps(part) for part in PARTS]
    parts[place] = score
    assert refused(encoded(f"[{','.join(parts)}]"))


@pytest.mark.parametrize("place", [0, 1, 6])
@pytest.mark.parametrize("wrong", [None, 1, 1.0, True, [], {}, "\ud800", "a\udfff"])
def test_its_texts_are_texts_that_a_store_can_be_asked_with(place: int, wrong: Any) -> None:
    assert refused(encoded(json.dumps([*PARTS[:place], wrong, *PARTS[place + 1 :]])))


@pytest.mark.parametrize("wrong", [None, 0, 1, "false", []])
def test_its_direction_is_a_boolean(wrong: Any) -> None:
    assert refused(encoded(json.dumps([*PARTS[:2], wrong, *PARTS[3:]])))


@pytest.mark.parametrize("text", ["", "a", "*", "ö", "\ud800", "=", "====", "AAAA\n", "a b", "W10="])
def test_what_is_no_base64_of_a_cursor_is_refused(text: str) -> None:
    assert refused(text)


def test_a_cursor_has_an_end() -> None:
    long = encoded(json.dumps([*PARTS[:6], "a" * MAX_CURSOR]))
    assert refused(long)
    assert refused("A" * 10_000_000)


@given(st.binary(max_size=200))
def test_random_bytes_are_refused(raw: bytes) -> None:
    assert refused(encoded(raw))


@given(st.text(max_size=200))
def test_random_text_is_refused(text: str) -> None:
    assert refused(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


@given(place=st.integers(0, 6), part=JSON)
def test_a_part_that_was_changed_is_refused_or_sound(place: int, part: Any) -> None:
    text = encoded(json.dumps([*PARTS[:place], part, *PARTS[place + 1 :]]))
    if not refused(text):
        cursor = Cursor.parse(text)
        assert Cursor.parse(cursor.text()) == cursor
        (cursor.tag + cursor.place + cursor.tie).encode()
