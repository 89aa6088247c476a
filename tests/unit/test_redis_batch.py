"""The writes that wait for a board, without a server."""

import asyncio

import pytest

from goboard.adapters.redis.writes import DELETE, ManyWrites, OneWrite, entry, found, increase, setting
from goboard.domain.errors import OutcomeUnknown, ScoreOutOfRange, StoreCorrupt, StoreUnavailable
from goboard.domain.standings import Entry


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.1, "0.1"), (-0.0, "0.0"), (5e-324, "5e-324"), (2.0**53, "9007199254740992.0"), (1e22, "1e+22")],
)
def test_numbers_are_worded_so_that_they_read_back_as_the_same_double(number: float, text: str) -> None:
    assert increase(number) == text
    assert setting(number) == "=" + text
    assert float(text) == number


async def test_a_long_list_is_taken_in_slices_and_answered_when_all_are_settled() -> None:
    write = ManyWrites(asyncio.get_running_loop(), [(f"m{i}", float(i)) for i in range(5)], increase)
    members: list[str] = []
    changes: list[str] = []
    assert (write.take(3, members, changes), write.taken_up) == (3, False)
    write.settle([b"0", 0, b"1", 0, None, 0], 0, 3)
    assert not write.future.done()
    assert (write.take(3, members, changes), write.taken_up) == (2, True)
    assert (members, changes) == (["m0", "m1", "m2", "m3", "m4"], ["0.0", "1.0", "2.0", "3.0", "4.0"])
    write.settle([b"9", 9, b"3", 0, b"4", 1], 2, 2)
    outcomes = await write.future
    assert outcomes[0] == Entry("m0", 0.0, 1)
    assert isinstance(outcomes[2], ScoreOutOfRange)
    assert outcomes[4] == Entry("m4", 4.0, 2)


@pytest.mark.parametrize(("settled", "expected"), [(0, StoreUnavailable), (1, OutcomeUnknown)])
async def test_a_list_of_which_a_part_was_applied_does_not_claim_that_nothing_was(
    settled: int, expected: type[Exception]
) -> None:
    write = ManyWrites(asyncio.get_running_loop(), [("ada", 1.0)] * 3, setting)
    write.take(settled, [], [])
    write.settle([b"1", 0] * settled, 0, settled)
    write.fail(StoreUnavailable())
    with pytest.raises(expected):
        await write.future


async def test_each_caller_gets_an_error_of_its_own_that_says_the_same() -> None:
    shared = StoreCorrupt("board")
    writes = [OneWrite(asyncio.get_running_loop(), "ada", increase(1.0), entry) for _ in range(2)]
    for write in writes:
        write.fail(shared)
    first, second = await asyncio.gather(*[write.future for write in writes], return_exceptions=True)
    assert first is not second
    assert isinstance(first, StoreCorrupt)
    assert str(first) == str(second) == str(shared)
    assert first.__cause__ is shared


@pytest.mark.parametrize(("count", "was_there"), [(0, False), (1, True)])
async def test_a_removal_tells_whether_something_was_there(count: int, was_there: bool) -> None:  # noqa: FBT001 -- pytest passes it by name
    write = OneWrite(asyncio.get_running_loop(), "", DELETE, found)
    write.settle([count, 0], 0, 1)
    assert await write.future is was_there


async def test_a_caller_who_left_is_passed_over() -> None:
    write = OneWrite(asyncio.get_running_loop(), "ada", increase(1.0), entry)
    write.future.cancel()
    write.settle([b"1", 0], 0, 1)
    write.fail(StoreUnavailable())
    assert write.future.cancelled()
