"""The parts of `goboard simulate`: scores within rules, what is told, and the pace."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from servers import SERVERS, Server, start_server

from goboard import Leaderboards
from goboard.adapters.memory import MemoryBoardStore
from goboard.adapters.redis import RedisBoardStore
from goboard.domain.errors import InvalidArgument
from goboard.domain.rules import Order, Rules
from goboard.domain.standings import Entry
from goboard.entrypoints.simulation.crowd import STEP, Crowd, Play
from goboard.entrypoints.simulation.happenings import most_notable
from goboard.entrypoints.simulation.playing import CALLS_UNDER_WAY, MOST_AT_ONCE, Playing
from goboard.entrypoints.simulation.scoring import Scoring

BOUNDS = st.one_of(st.none(), st.integers(-(2**53), 2**53), st.sampled_from([-1, 0.5, 9.75, 10_000, 10**6]))
TOTALS = st.lists(st.integers(1, 40_000), min_size=1, max_size=20).map(sorted)


@st.composite
def rules(draw: Callable[..., Any], operators: tuple[str, ...] = ("increment", "set", "best")) -> Rules:
    said = {
        "order": draw(st.sampled_from(["asc", "desc"])),
        "operator": draw(st.sampled_from(operators)),
        "min_score": draw(BOUNDS),
        "max_score": draw(BOUNDS),
    }
    try:
        return Rules.parse(said)
    except InvalidArgument:
        return reject()


@settings(deadline=None)
@given(rules(), TOTALS)
def test_scores_are_whole_steps_within_the_bounds(of_board: Rules, totals: list[int]) -> None:
    scoring = Scoring(of_board)
    for total in totals:
        score = scoring.score(total * STEP)
        assert of_board.lowest <= score <= of_board.highest
        assert (score - scoring.score(0)).is_integer()


@settings(deadline=None)
@given(rules(("set", "best")), TOTALS)
def test_more_points_are_no_worse_a_score(of_board: Rules, totals: list[int]) -> None:
    scores = [Scoring(of_board).score(total * STEP) for total in totals]
    assert scores == sorted(scores, reverse=of_board.order is Order.ASC)


@settings(deadline=None)
@given(rules(), st.integers(0, 200_000))
def test_points_are_read_from_a_score_as_nearly_as_it_tells_them(of_board: Rules, points: int) -> None:
    scoring = Scoring(of_board)
    score = scoring.score(points)
    way = abs(score - scoring.score(0))
    assert abs(scoring.score(scoring.points(score)) - score) <= 1 + way / 500


@settings(deadline=None)
@given(rules(("increment",)), TOTALS)
def test_increments_come_to_the_score_and_leave_the_bounds_at_no_time(of_board: Rules, totals: list[int]) -> None:
    scoring, score, before = Scoring(of_board), 0.0, 0
    for total in sorted(set(totals)):
        score += scoring.increment(Play("ann", (total - before) * STEP, total * STEP))
        assert score == scoring.score(total * STEP)
        before = total


@settings(deadline=None)
@given(st.sampled_from([0.5, 1, 7, 1000]), TOTALS)
def test_no_increment_is_larger_than_the_board_allows(most: float, totals: list[int]) -> None:
    scoring = Scoring(Rules.parse({"max_increment": most}))
    for total in totals:
        assert 0 < scoring.increment(Play("ann", STEP, total * STEP)) <= most


def entries(*scores: tuple[str, float]) -> list[Entry]:
    return [Entry(member, score, rank) for rank, (member, score) in enumerate(scores, 1)]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (entries(), entries(("ann", 1)), None),
        (entries(("ann", 2), ("bob", 1)), entries(("ann", 3), ("bob", 1)), None),
        (entries(("ann", 2), ("bob", 1)), entries(("bob", 3), ("ann", 2)), "bob took the lead from ann"),
        (
            entries(("ann", 9), ("bob", 3), ("cleo", 2), ("dan", 1)),
            entries(("ann", 9), ("dan", 4), ("bob", 3), ("cleo", 2)),
            "dan overtook bob for place 2",
        ),
        (
            entries(("ann", 9), ("bob", 3), ("cleo", 2)),
            entries(("bob", 12), ("cleo", 11), ("ann", 9)),
            "bob took the lead from ann",
        ),
        (entries(("ann", 2), ("bob", 1)), entries(("ann", 2), ("bob", 2)), "bob drew level with ann at place 1"),
        (entries(("ann", 2), ("bob", 1)), entries(("bob", 2), ("ann", 2)), "bob took the lead from ann"),
        (entries(("ann", 2), ("bob", 2)), entries(("ann", 2), ("bob", 2)), None),
        (entries(("ann", 2), ("bob", 1)), entries(("ann", 2), ("dan", 1.5), ("bob", 1)), "dan came in at place 2"),
        (entries(("ann", 2), ("bob", 1)), entries(("bob", 1)), None),
    ],
)
def test_the_most_notable_happening_is_told(before: list[Entry], after: list[Entry], said: str | None) -> None:
    assert most_notable(before, after) == said


def test_one_who_shares_a_rank_has_overtaken_nobody() -> None:
    before = [Entry("ann", 3, 1), Entry("bob", 2, 2)]
    after = [Entry("bob", 3, 1), Entry("ann", 3, 1)]
    assert most_notable(before, after) == "bob drew level with ann at place 1"


def playing(boards: Leaderboards, rate: int) -> Playing:
    return Playing(boards, "b", Crowd(60, rate, 1), Scoring(Rules()), rate)


async def played(play: Playing, seconds: float) -> float:
    """Play for so long; give how long that was."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    begun = loop.time()
    loop.call_later(seconds, stop.set)
    await play.run(stop)
    return loop.time() - begun


async def test_the_rate_is_never_exceeded_and_all_that_is_sent_arrives() -> None:
    boards = Leaderboards(MemoryBoardStore())
    play = playing(boards, 200)
    seconds = await played(play, 0.5)
    assert 10 <= play.tally.sent <= seconds * 200 + 1
    assert (play.tally.refused, play.tally.failed, play.tally.trouble) == (0, 0, None)
    crowd = Crowd(60, 200, 1)
    totals = {each.member: each.total for each in (crowd.play() for _ in range(play.tally.sent))}
    assert {entry.member: entry.score for entry in await boards.top("b", 100)} == totals
    assert play.tally.rate(seconds) == play.tally.sent / seconds


async def test_what_a_process_is_too_late_for_falls_away() -> None:
    play = playing(Leaderboards(MemoryBoardStore()), 100)
    loop = asyncio.get_running_loop()

    def hold_up() -> None:
        ends = loop.time() + 2.0
        while loop.time() < ends:
            pass

    loop.call_later(0.1, hold_up)
    seconds = await played(play, 2.2)
    assert play.tally.sent <= (seconds - 0.9) * 100


async def test_a_store_that_hangs_gets_no_more_than_a_few_calls(tmp_path: Any) -> None:
    with start_server(SERVERS["valkey"], tmp_path) as server:
        async with Leaderboards(RedisBoardStore.from_url(server.url, prefix="p:")) as boards:
            play = playing(boards, 10_000)
            server.pause()
            try:
                await played(play, 1.0)
            finally:
                server.resume()
    assert MOST_AT_ONCE <= play.tally.sent <= CALLS_UNDER_WAY * MOST_AT_ONCE
    assert play.tally.failed == play.tally.sent
    assert play.tally.trouble is not None


async def test_refusals_are_counted_and_the_rest_goes_on(server_of: Callable[[str], Server], prefix: str) -> None:
    async with Leaderboards(RedisBoardStore.from_url(server_of("valkey").url, prefix=prefix)) as boards:
        await boards.set_rules("b", Rules.parse({"max_score": 40}))
        play = playing(boards, 500)
        await played(play, 0.3)
        assert 0 < play.tally.refused < play.tally.sent
        assert play.tally.failed == 0
        assert max(entry.score for entry in await boards.top("b")) <= 40
