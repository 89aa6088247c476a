"""Laws of names and scores."""

import math
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from goboard.domain.errors import InvalidArgument, ScoreOutOfRange
from goboard.domain.names import MAX_NAME_BYTES, BoardName, MemberName
from goboard.domain.scores import MAX_SCORE, add, parse_number, parse_score

CONTROL = st.sampled_from([chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Cc"])
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=64)  # at most 256 bytes


@given(NAMES)
def test_what_fits_the_rules_comes_through_unchanged(text: str) -> None:
    name = MemberName.parse(text)
    assert name == text
    assert name.encode().decode() == text
    assert MemberName.parse(name) is name


@given(NAMES)
def test_a_board_s_name_has_no_braces(text: str) -> None:
    if set(text) & set("{}"):
        with pytest.raises(InvalidArgument):
            BoardName.parse(text)
    else:
        assert BoardName.parse(text) == text


@given(st.text(max_size=20), CONTROL, st.text(max_size=20))
def test_a_control_character_anywhere_is_refused(before: str, control: str, after: str) -> None:
    with pytest.raises(InvalidArgument):
        MemberName.parse(before + control + after)


@given(st.text(max_size=20), st.integers(0xD800, 0xDFFF), st.text(max_size=20))
def test_a_lone_surrogate_anywhere_is_refused(before: str, surrogate: int, after: str) -> None:
    with pytest.raises(InvalidArgument):
        MemberName.parse(before + chr(surrogate) + after)


@given(st.characters(exclude_categories=["Cs", "Cc"]), st.integers(1, 300))
def test_the_length_counts_in_bytes(char: str, count: int) -> None:
    size = len(char.encode()) * count
    if size <= MAX_NAME_BYTES:
        assert MemberName.parse(char * count) == char * count
    else:
        with pytest.raises(InvalidArgument, match=f"{size} bytes"):
            MemberName.parse(char * count)


@given(st.floats() | st.integers())
def test_a_score_is_a_finite_double_within_the_range(value: float) -> None:
    try:
        score = parse_score(value, "ada")
    except InvalidArgument:
        assert isinstance(value, int) or not math.isfinite(value)
    except ScoreOutOfRange:
        assert abs(value) > MAX_SCORE
    else:
        assert abs(score) <= MAX_SCORE
        assert score == float(value)
        assert math.copysign(1, score) == (1 if score == 0 else math.copysign(1, value))


@given(st.floats(-MAX_SCORE, MAX_SCORE), st.floats(allow_nan=False, allow_infinity=False))
def test_a_sum_stays_in_the_range_or_is_refused(score: float, delta: float) -> None:
    try:
        total = add(score, delta, "ada")
    except ScoreOutOfRange:
        assert abs(score) + abs(delta) > MAX_SCORE - 1
    else:
        assert total == score + delta
        assert abs(total) <= MAX_SCORE


@given(st.integers(-(2**53), 2**53), st.integers(-(2**54), 2**54))
@example(0, 2**53 + 1)
def test_whole_numbers_are_added_exactly_or_refused(score: int, delta: int) -> None:
    if int(float(delta)) != delta:
        with pytest.raises(InvalidArgument, match="is no double"):
            parse_number(delta, "delta")
        return
    fits = abs(score + delta) <= 2**53
    try:
        assert int(add(float(score), parse_number(delta, "delta"), "ada")) == score + delta
        assert fits
    except ScoreOutOfRange:
        assert not fits
