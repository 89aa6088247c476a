"""The writes that wait for a board, without a server."""

import asyncio
from collections import deque
from collections.abc import Sequence

import pytest

from goboard.adapters.redis.batch import Batch
from goboard.adapters.redis.replies import PlainReplies, RuledReplies
from goboard.adapters.redis.rulebook import UNRULED, KnownRules
from goboard.adapters.redis.writes import (
    DELETE,
    Increments,
    OneIncrement,
    OneWrite,
    Submissions,
    Taken,
    shortest,
)
from goboard.domain.errors import (
    AttemptsExhausted,
    IncrementTooLarge,
    OperatorMismatch,
    OutcomeUnknown,
    ScoreOutOfRange,
    StoreCorrupt,
    StoreUnavailable,
    UpdateRefused,
)
from goboard.domain.idempotency import Retention
from goboard.domain.names import BoardName, MemberName
from goboard.domain.rules import Rules
from goboard.domain.standings import Entry, Outcome, Submission

BOARD = BoardName.parse("board")
ADA = MemberName.parse("ada")
AT = 1_800_000_000.0
RULES = Rules.parse(
    {"max_increment": 5, "max_score": 9, "windows": ["daily"], "attempts": {"max": 3, "window": "daily"}}
)


def plain(*values: bytes | int | None) -> PlainReplies:
    return PlainReplies(values)


def ruled(*values: bytes | int | None) -> RuledReplies:
    return RuledReplies(values, BOARD, KnownRules("1-x", RULES, 1), 5)


def increments(*deltas: float) -> Increments:
    numbered = [(f"m{number}", delta) for number, delta in enumerate(deltas)]
    return Increments(asyncio.get_running_loop(), numbered, AT)


def submissions(items: Sequence[Submission], at: float = AT) -> Submissions:
    return Submissions(asyncio.get_running_loop(), items, at)


def increment() -> OneIncrement:
    return OneIncrement(asyncio.get_running_loop(), "ada", 1.0, AT)


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.1, "0.1"), (-0.0, "0.0"), (5e-324, "5e-324"), (2.0**53, "9007199254740992.0"), (1e22, "1e+22")],
)
def test_numbers_are_worded_so_that_they_read_back_as_the_same_double(number: float, text: str) -> None:
    assert shortest(number) == text
    assert float(text) == number


async def test_a_long_list_is_taken_in_slices_and_answered_when_all_are_settled() -> None:
    write = increments(0, 1, 2, 3, 4)
    taken = Taken([], [], [], [])
    assert (write.take(3, taken, ruled=False), write.taken_up) == (3, False)
    write.settle(plain(b"0", 0, b"1", 0, None, 0), 0, 3)
    assert not write.future.done()
    assert (write.take(3, taken, ruled=False), write.taken_up) == (2, True)
    assert taken.members == ["m0", "m1", "m2", "m3", "m4"]
    assert taken.words == ["0.0", "1.0", "2.0", "3.0", "4.0"]
    write.settle(plain(b"9", 9, b"3", 0, b"4", 1), 2, 2)
    outcomes = await write.future
    assert outcomes[0] == Entry("m0", 0.0, 1)
    assert isinstance(outcomes[2], ScoreOutOfRange)
    assert outcomes[4] == Entry("m4", 4.0, 2)


@pytest.mark.parametrize(("settled", "expected"), [(0, StoreUnavailable), (1, OutcomeUnknown)])
async def test_a_list_of_which_a_part_was_applied_does_not_claim_that_nothing_was(
    settled: int, expected: type[Exception]
) -> None:
    write = increments(1, 1, 1)
    write.take(settled, Taken([], [], [], []), ruled=False)
    write.settle(plain(*[b"1", 0] * settled), 0, settled)
    write.fail(StoreUnavailable())
    with pytest.raises(expected):
        await write.future


async def test_each_caller_gets_an_error_of_its_own_that_says_the_same() -> None:
    shared = StoreCorrupt("board")
    writes = [increment() for _ in range(2)]
    for write in writes:
        write.fail(shared)
    first, second = await asyncio.gather(*[write.future for write in writes], return_exceptions=True)
    assert first is not second
    assert isinstance(first, StoreCorrupt)
    assert str(first) == str(second) == str(shared)
    assert first.__cause__ is shared


async def test_a_caller_who_left_is_passed_over() -> None:
    write = increment()
    write.future.cancel()
    write.settle(plain(b"1", 0), 0, 1)
    write.fail(StoreUnavailable())
    assert write.future.cancelled()


@pytest.mark.parametrize(
    ("word", "refusal"),
    [
        (b"operator", OperatorMismatch),
        (b"increment", IncrementTooLarge),
        (b"attempts", AttemptsExhausted),
        (b"range", ScoreOutOfRange),
    ],
)
async def test_a_refusal_says_which_rule_it_was(word: bytes, refusal: type[UpdateRefused]) -> None:
    write = increment()
    write.settle(ruled(None, None, word), 0, 1)
    with pytest.raises(refusal):
        await write.future


async def test_a_submission_to_a_board_without_rules_tells_whether_it_changed_anything() -> None:
    write = submissions([Submission(ADA, 5.0, overwrite=True)] * 2)
    write.settle(plain(b"5", 2, b"5", -3), 0, 2)
    assert await write.future == [Outcome(ADA, 5.0, 3, improved=True), Outcome(ADA, 5.0, 3, improved=False)]


async def test_what_takes_rules_makes_a_batch_of_its_own() -> None:
    """Metadata, and a submission of 0, which may put a new member on the board, are beyond write.lua."""
    write = submissions([Submission(ADA, 1.0), Submission(ADA, 0.0), Submission(ADA, 2.0, "{}"), Submission(ADA, 3.0)])
    waiting = deque([write])
    sizes = []
    while waiting:
        batch = Batch(BOARD, UNRULED, Retention())
        batch.fill(waiting, 0.0)
        sizes.append((batch.ruled, sum(count for _, count in batch.parts)))
    assert sizes == [(False, 1), (True, 3)]


async def test_a_batch_is_of_the_same_periods() -> None:
    known = KnownRules("1-x", RULES, 1)
    midnight = known.current(AT)[0].end
    writes = deque(submissions([Submission(ADA, 1.0)], at) for at in (AT, midnight - 0.001, midnight))
    batch = Batch(BOARD, known, Retention())
    batch.fill(writes, 0.0)
    assert (len(batch.parts), len(writes)) == (2, 1)


async def test_a_batch_ends_with_a_deletion() -> None:
    loop = asyncio.get_running_loop()
    writes = deque([increment(), OneWrite(loop, "", DELETE, "", RuledReplies.entry, AT), increment()])
    for deletes in (False, True, False):
        batch = Batch(BOARD, UNRULED, Retention())
        batch.fill(writes, 0.0)
        assert (len(batch.parts), batch.deletes) == (1, deletes)


async def test_what_was_given_back_stands_where_it_stood() -> None:
    """A long list of which a part was done before, between two single writes."""
    first, long, last = increment(), increments(*range(600)), increment()
    long.take(100, Taken([], [], [], []), ruled=False)
    waiting = deque([first, long, last])
    batch = Batch(BOARD, UNRULED, Retention())
    batch.fill(waiting, 0.0)
    assert [count for _, count in batch.parts] == [1, 499]
    batch.give_back(waiting)
    assert list(waiting) == [first, long, last]
    again = Batch(BOARD, UNRULED, Retention())
    again.fill(waiting, 0.0)
    assert again.plain_arguments() == batch.plain_arguments()
