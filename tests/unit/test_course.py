"""What the soak calls growth."""

import random

import pytest
from course import growth, picture


@pytest.mark.parametrize("seed", range(3))
def test_a_leak_shows_through_noise_that_is_larger_and_noise_alone_does_not(seed: int) -> None:
    noise = random.Random(seed)
    flat = [100 + noise.uniform(-10, 10) for _ in range(300)]
    assert abs(growth(flat)) < 0.04
    assert growth([value + 0.05 * number for number, value in enumerate(flat)]) > 0.06


def test_what_is_taken_at_the_beginning_and_a_moment_out_of_the_ordinary_are_no_growth() -> None:
    values = [*range(50, 100), *[100] * 200]
    values[240] = 500
    assert growth(values) == 0


def test_what_was_not_there_and_is_grows() -> None:
    assert growth([0] * 50 + [3] * 50) == float("inf")
    assert growth([0] * 100) == 0


def test_a_picture_is_drawn_from_zero() -> None:
    assert picture([0.0, 7.0, 7.0, 3.5], width=4) == "▁██▅"
    assert picture([5.0] * 100, width=10) == "█" * 10
    assert picture([0.0, 0.0]) == "▁▁"
