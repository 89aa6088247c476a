"""The query of a request: what each kind of parameter may be."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goboard.domain.errors import InvalidArgument
from goboard.entrypoints.http.queries import Query, go_board_limit


def query(text: str) -> Query:
    return Query({"x": text, "limit": text})


@pytest.mark.parametrize(("text", "value"), [("true", True), ("1", True), ("false", False), ("0", False), ("", False)])
def test_a_boolean(text: str, value: object) -> None:
    assert query(text).boolean("x") is value


@pytest.mark.parametrize("text", ["True", "yes", "on", "2", "10", " true", "truetrue"])
def test_what_is_no_boolean(text: str) -> None:
    with pytest.raises(InvalidArgument, match=r"^x .* is not allowed; it is one of true, 1, false, 0$"):
        query(text).boolean("x")


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("-5", -5), ("10", 10), ("007", 7), ("", None)])
def test_an_integer(text: str, value: int | None) -> None:
    assert query(text).integer("x", None, low=-5, high=10) == value


@pytest.mark.parametrize("text", ["11", "-6", "1.0", "1e1", "+1", "--1", " 1", "1 ", "1_0", "٣", "9" * 5000])
def test_what_is_no_integer_in_the_range(text: str) -> None:
    with pytest.raises(InvalidArgument, match=r"^x .* is not allowed; it is an integer from -5 to 10$"):
        query(text).integer("x", None, low=-5, high=10)


@pytest.mark.parametrize(
    ("text", "values"), [("", [7.0]), ("1", [1.0]), ("-0.5,2e3,1E-2", [-0.5, 2000.0, 0.01]), ("1,1", [1.0, 1.0])]
)
def test_numbers(text: str, values: list[float]) -> None:
    assert query(text).numbers("x", [7.0]) == values


@pytest.mark.parametrize("text", ["x", "NaN", "inf", ".5", "1.", "1,", ",", "1 000", "0x1", "1;2", "٣", "+1"])
def test_what_are_no_numbers(text: str) -> None:
    with pytest.raises(InvalidArgument, match=r"^x .* is not allowed; it is a number$"):
        query(text).numbers("x", [])


@pytest.mark.parametrize(
    ("window", "period", "read"),
    [
        ("hourly", "2026-11-24T18:00 01:00", "2026-11-24T18:00+01:00"),
        ("hourly", "2026-11-24T18:00+01:00", "2026-11-24T18:00+01:00"),
        ("archive", "spring 2026", "spring 2026"),
        ("", "2026-11-24T18:00 01:00", "2026-11-24T18:00+01:00"),
        ("daily", "", None),
    ],
)
def test_a_plus_sign_of_a_period_may_come_as_a_space(window: str, period: str, read: str | None) -> None:
    assert Query({"window": window, "period": period}).standings() == {"window": window or None, "period": read}


def test_a_default_is_never_over_the_maximum() -> None:
    assert [Query({}).limit(10, 1000), Query({}).limit(100, 50)] == [10, 50]


READERS: list[Callable[[Query], object]] = [
    lambda asked: asked.boolean("x"),
    lambda asked: asked.integer("x", 1, low=0, high=10),
    lambda asked: asked.number("x"),
    lambda asked: asked.numbers("x", []),
    lambda asked: go_board_limit(asked, 1000),
]


@given(st.sampled_from(READERS), st.text() | st.text(alphabet="0123456789+-.,eE "))
def test_any_text_is_read_or_refused(read: Callable[[Query], object], text: str) -> None:
    with suppress(InvalidArgument):
        read(query(text))
