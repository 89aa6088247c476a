"""One table of scenarios, run over every way in by foreign clients: what is said must not depend on how."""

import math
from collections.abc import AsyncIterator
from typing import Any

import pytest
from drivers import DRIVERS, Place, Problem
from services import TOKEN, Service

LIMIT = 2.0**53
OUT_OF_RANGE = (409, "score_out_of_range")
INVALID = (400, "invalid_argument")
NOT_FOUND = (404, "member_not_found")

# Each scenario: its steps in order, each an operation, its arguments after the board, and what is answered.
SCENARIOS: dict[str, list[tuple[str, tuple[Any, ...], Any]]] = {
    "a board comes to be on its first write": [
        ("stats", (), 0),
        ("top", (10,), []),
        ("rank", ("p1",), NOT_FOUND),
        ("increment", ("p1", 10.5), Place("p1", 1, 10.5)),
        ("stats", (), 1),
        ("rank", ("p1",), Place("p1", 1, 10.5)),
    ],
    "increments add up and ranks follow": [
        ("increment", ("p1", 10), Place("p1", 1, 10)),
        ("increment", ("p2", 20), Place("p2", 1, 20)),
        ("increment", ("p3", 15), Place("p3", 2, 15)),
        ("increment", ("p1", 10.25), Place("p1", 1, 20.25)),
        ("increment", ("p1", -15), Place("p1", 3, 5.25)),
        ("top", (10,), [Place("p2", 1, 20), Place("p3", 2, 15), Place("p1", 3, 5.25)]),
        ("top", (2,), [Place("p2", 1, 20), Place("p3", 2, 15)]),
        ("stats", (), 3),
    ],
    "a limit of 0 or less means 10": [
        *[("increment", (f"p{i:02}", i), Place(f"p{i:02}", 1, i)) for i in range(1, 13)],
        ("top", (0,), [Place(f"p{i:02}", 13 - i, i) for i in range(12, 2, -1)]),
        ("top", (-7,), [Place(f"p{i:02}", 13 - i, i) for i in range(12, 2, -1)]),
        ("top", (1000,), [Place(f"p{i:02}", 13 - i, i) for i in range(12, 0, -1)]),
        ("top", (1001,), INVALID),
    ],
    "equal scores stand in Redis's order": [
        ("increment", ("a", 5), Place("a", 1, 5)),
        ("increment", ("b", 5), Place("b", 1, 5)),
        ("increment", ("ä", 5), Place("ä", 1, 5)),
        ("increment", ("A", 5), Place("A", 4, 5)),
        ("top", (10,), [Place("ä", 1, 5), Place("b", 2, 5), Place("a", 3, 5), Place("A", 4, 5)]),
    ],
    "names are taken byte for byte": [
        ("increment", ("a/b", 1), Place("a/b", 1, 1)),
        ("increment", ("a%2Fb", 2), Place("a%2Fb", 1, 2)),
        ("increment", ("x y+z", 3), Place("x y+z", 1, 3)),
        ("increment", ("ünï 🎯", 4), Place("ünï 🎯", 1, 4)),
        ("increment", ("u\u0308", 5), Place("u\u0308", 1, 5)),
        ("increment", ('"\\{}?#&', 6), Place('"\\{}?#&', 1, 6)),
        ("increment", ("m" * 256, 7), Place("m" * 256, 1, 7)),
        ("rank", ("a/b",), Place("a/b", 7, 1)),
        ("stats", (), 7),
    ],
    "a bad name is refused": [
        ("increment", ("m" * 257, 1), INVALID),
        ("increment", ("é" * 129, 1), INVALID),
        ("increment", ("a\nb", 1), INVALID),
        ("increment", ("a\x7fb", 1), INVALID),
        ("increment", ("a\x85b", 1), INVALID),
        ("rank", ("m" * 257,), INVALID),
        ("rank", ("a\x00b",), INVALID),
        ("stats", (), 0),
    ],
    "increments are finite numbers": [
        ("increment", ("p1", math.nan), INVALID),
        ("increment", ("p1", math.inf), INVALID),
        ("increment", ("p1", -math.inf), INVALID),
        ("stats", (), 0),
    ],
    "a score stays within two to the 53rd": [
        ("increment", ("p1", LIMIT), Place("p1", 1, LIMIT)),
        ("increment", ("p1", 1), OUT_OF_RANGE),  # 2^53 + 1 is no double: it would be lost in rounding
        ("increment", ("p1", 2), OUT_OF_RANGE),
        ("increment", ("p1", 1e300), OUT_OF_RANGE),
        ("rank", ("p1",), Place("p1", 1, LIMIT)),
        ("increment", ("p2", -LIMIT), Place("p2", 2, -LIMIT)),
        ("increment", ("p2", -2), OUT_OF_RANGE),
        ("increment", ("p3", 1.7e308), OUT_OF_RANGE),
        ("stats", (), 2),
    ],
    "doubles are exact": [
        ("increment", ("p1", 0.1), Place("p1", 1, 0.1)),
        ("increment", ("p1", 0.2), Place("p1", 1, 0.1 + 0.2)),
        ("increment", ("p2", 5e-324), Place("p2", 2, 5e-324)),
        ("increment", ("p3", -0.0), Place("p3", 3, 0.0)),
        ("increment", ("p4", 1 / 3), Place("p4", 1, 1 / 3)),
        ("rank", ("p2",), Place("p2", 3, 5e-324)),
    ],
}


@pytest.fixture(params=sorted(DRIVERS))
async def driver(request: pytest.FixtureRequest, service: Service) -> AsyncIterator[Any]:
    async with DRIVERS[request.param](service, TOKEN) as client:
        yield client


@pytest.mark.parametrize("name", sorted(SCENARIOS))
async def test_a_scenario_is_answered_alike_on_every_way_in(driver: Any, board: str, name: str) -> None:
    for step, (operation, arguments, expected) in enumerate(SCENARIOS[name]):
        answer = await getattr(driver, operation)(board, *arguments)
        if isinstance(answer, Problem):
            assert (answer.status, answer.code) == expected, (step, operation, arguments, answer)
        else:
            assert answer == expected, (step, operation, arguments)


@pytest.mark.parametrize("bad", ["", "b{", "b}", "a\nb", "b" * 257])
async def test_a_bad_board_name_is_refused(driver: Any, bad: str) -> None:
    answer = await driver.increment(bad, "p1", 1)

    assert isinstance(answer, Problem)
    assert (answer.status, answer.code) == INVALID


async def test_minus_zero_is_answered_as_zero(driver: Any, board: str) -> None:
    place = await driver.increment(board, "p1", -0.0)

    assert math.copysign(1, place.score) == 1
