"""The use cases: what they refuse before the store is asked, and what they make of its answers."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from goboard import Entry, InvalidArgument, Leaderboards, MemberNotFound, Rules, ScoreOutOfRange, submission
from goboard.adapters.memory import MemoryBoardStore

BAD = {
    "limit is 0; it must be at least 1": lambda boards: boards.top("b", 0),
    "limit is -1; it must be at least 1": lambda boards: boards.entries("b", -1),
    "limit is 0": lambda boards: boards.boards(0),
    "above is -1; it must be at least 0": lambda boards: boards.around("b", "ada", -1),
    "below is -2; it must be at least 0": lambda boards: boards.around("b", "ada", 0, -2),
    "from_rank is 0; it must be at least 1": lambda boards: boards.entries("b", from_rank=0),
    "min_score must be a finite number": lambda boards: boards.entries("b", min_score=float("nan")),
    "cursor is malformed": lambda boards: boards.entries("b", cursor="x"),
    "bins is 0; it must be from 1 to 100": lambda boards: boards.stats("b", bins=0),
    "bins is 101; it must be from 1 to 100": lambda boards: boards.stats("b", bins=101),
    "percentile 100.5 is not from 0 to 100": lambda boards: boards.stats("b", [100.5]),
    "there are 101 percentiles; at most 100": lambda boards: boards.stats("b", [1.0] * 101),
    "1001 members are asked for; at most 1000": lambda boards: boards.lookup("b", map(str, range(1001))),
    "capacity goes with the operators": lambda boards: boards.set_rules("b", Rules(capacity=3)),
    "name is empty": lambda boards: boards.archive("b", ""),
    "metadata must be a JSON object": lambda boards: boards.submit("b", "ada", 1, ["a list"]),
    "the dashboard has no window 'daily'": lambda boards: boards.top("b", window="daily"),
}


@pytest.fixture
async def boards() -> Leaderboards:
    opened = Leaderboards(MemoryBoardStore())
    await opened.set_many("b", [("ada", 3), ("bob", 2), ("cyd", 1)])
    return opened


@pytest.mark.parametrize(("message", "call"), BAD.items())
async def test_input_outside_the_rules_is_refused_and_says_why(
    boards: Leaderboards, message: str, call: Callable[[Leaderboards], Awaitable[Any]]
) -> None:
    with pytest.raises(InvalidArgument, match=message):
        await call(boards)


async def test_a_cursor_keeps_its_range_and_goes_with_no_other_beginning(boards: Leaderboards) -> None:
    page = await boards.entries("b", 1, min_score=2)
    assert page.next is not None
    assert (await boards.entries("b", 5, cursor=page.next)).entries == [Entry("bob", 2.0, 2)]
    assert (await boards.entries("b", 5, cursor=page.next, min_score=2)).entries == [Entry("bob", 2.0, 2)]
    with pytest.raises(InvalidArgument, match="not those of the cursor"):
        await boards.entries("b", 5, cursor=page.next, min_score=1)
    with pytest.raises(InvalidArgument, match="both say where to begin"):
        await boards.entries("b", 5, cursor=page.next, from_rank=2)


@pytest.mark.parametrize("ask", [Leaderboards.rank, Leaderboards.member, Leaderboards.around])
async def test_a_member_that_is_not_there_is_told(boards: Leaderboards, ask: Callable[..., Awaitable[Any]]) -> None:
    with pytest.raises(MemberNotFound, match="'zoe'"):
        await ask(boards, "b", "zoe")


async def test_a_score_beyond_the_range_refuses_many_as_a_whole(boards: Leaderboards) -> None:
    with pytest.raises(ScoreOutOfRange, match="'bob'"):
        await boards.set_many("b", [("ada", 9), ("bob", 2.0**54)])
    assert (await boards.rank("b", "ada")).score == 3.0


async def test_one_of_many_submissions_may_be_refused_alone(boards: Leaderboards) -> None:
    await boards.set_rules("b", Rules(max_increment=5))
    outcomes = await boards.submit_many("b", [submission("ada", 6), submission("bob", 5, {"a": 1})])
    assert [type(outcome).__name__ for outcome in outcomes] == ["IncrementTooLarge", "Outcome"]
    assert (await boards.member("b", "bob")).entry == Entry("bob", 7.0, 1, {"a": 1})
