"""What the storage port promises, for every store."""

import asyncio

import pytest
from boards import ADA, AT, BOARD, BOB, CYD, NOW, m, put, put_many, top

from goboard.arguments import submission
from goboard.domain.errors import ScoreOutOfRange
from goboard.domain.names import BoardName
from goboard.domain.scores import MAX_SCORE
from goboard.domain.standings import Entry
from goboard.leaderboards import Leaderboards
from goboard.ports.store import BoardStore

OTHER = BoardName.parse("world")


async def test_a_board_that_nobody_wrote_to_is_empty(store: BoardStore) -> None:
    assert await top(store, BOARD, 10) == []
    assert await store.rank(BOARD, ADA, NOW) is None
    assert await store.count(BOARD, NOW) == 0
    assert await store.remove(BOARD, ADA, AT) is False
    assert await store.delete(BOARD, AT) is False


async def test_an_increment_adds_and_tells_score_and_rank(store: BoardStore) -> None:
    assert await store.increment(BOARD, ADA, 5.0, AT) == Entry("ada", 5.0, 1)
    assert await store.increment(BOARD, BOB, 7.5, AT) == Entry("bob", 7.5, 1)
    assert await store.increment(BOARD, ADA, -1.25, AT) == Entry("ada", 3.75, 2)
    assert await store.increment(BOARD, ADA, 0.0, AT) == Entry("ada", 3.75, 2)


async def test_an_increment_of_nothing_puts_a_member_on_the_board(store: BoardStore) -> None:
    assert await store.increment(BOARD, ADA, 0.0, AT) == Entry("ada", 0.0, 1)
    assert await store.count(BOARD, NOW) == 1


async def test_set_overwrites_up_and_down(store: BoardStore) -> None:
    await put(store, BOARD, BOB, 5.0)
    assert await put(store, BOARD, ADA, 9.0) == Entry("ada", 9.0, 1)
    assert await put(store, BOARD, ADA, 1.0) == Entry("ada", 1.0, 2)
    assert await top(store, BOARD, 10) == [Entry("bob", 5.0, 1), Entry("ada", 1.0, 2)]


async def test_minus_zero_is_zero(store: BoardStore) -> None:
    boards = Leaderboards(store)
    entries = [await boards.set("b", "ada", -0.0), await boards.increment("b", "bob", -0.0)]
    await boards.set_many("b", [("cyd", -0.0)])
    entries += await boards.top("b")
    assert [str(entry.score) for entry in entries] == ["0.0"] * 5


@pytest.mark.parametrize("score", [0.1 + 0.2, 1e-300, 5e-324, -2.5, 1 / 3, MAX_SCORE - 1, 123456789.123456789])
async def test_scores_are_kept_exactly(store: BoardStore, score: float) -> None:
    assert (await store.increment(BOARD, ADA, score, AT)).score == score
    assert (await put(store, BOARD, BOB, score)).score == score
    assert [entry.score for entry in await top(store, BOARD, 2)] == [score, score]
    found = await store.rank(BOARD, ADA, NOW)
    assert found is not None
    assert found.score == score


async def test_sums_are_those_of_doubles(store: BoardStore) -> None:
    await asyncio.gather(*[store.increment(BOARD, ADA, 0.1, AT) for _ in range(10)])
    assert (
        await store.increment(BOARD, ADA, 0.0, AT)
    ).score == 0.9999999999999999  # 0.1 ten times over; Python's own sum() compensates since 3.12


async def test_ties_are_ordered_by_name_greatest_bytes_first(store: BoardStore) -> None:
    # In UTF-16 the last two would change places: U+FF5E is one unit, U+1F600 begins with the lesser unit D83D.
    ascending = ["A", "a", "aa", "z", "ß", "é", "中", "\uff5e", "\U0001f600"]
    await put_many(store, BOARD, [(m(name), 1.0) for name in ascending])
    assert [entry.member for entry in await top(store, BOARD, 20)] == ascending[::-1]
    for rank, name in enumerate(ascending[::-1], 1):
        assert await store.rank(BOARD, m(name), NOW) == Entry(name, 1.0, rank)


@pytest.mark.parametrize(
    "name", ["a b", " ", '"', "'", "\\", "%2F", "a/b", "{x}", "*", "x", "!", "=1", "5", "nan", "\u200b", "é" * 128]
)
async def test_names_are_kept_byte_for_byte(store: BoardStore, name: str) -> None:
    await put_many(store, BOARD, [(m("a"), 3.0), (m(name), 2.0)])
    assert await store.increment(BOARD, m(name), -3.0, AT) == Entry(name, -1.0, 2)
    assert await store.rank(BOARD, m(name), NOW) == Entry(name, -1.0, 2)
    assert await top(store, BOARD, 10) == [Entry("a", 3.0, 1), Entry(name, -1.0, 2)]
    assert await store.remove(BOARD, m(name), AT) is True
    assert await store.count(BOARD, NOW) == 1


@pytest.mark.parametrize("name", ["a b", "'\"\\", "a:b", "é" * 128, "*", "prod:x"])
async def test_boards_are_kept_apart(store: BoardStore, name: str) -> None:
    board = BoardName.parse(name)
    await put(store, board, ADA, 1.0)
    await put(store, OTHER, BOB, 2.0)
    assert await top(store, board, 10) == [Entry("ada", 1.0, 1)]
    assert await store.delete(OTHER, AT) is True
    assert await store.count(board, NOW) == 1
    assert await store.count(OTHER, NOW) == 0


@pytest.mark.parametrize("edge", [MAX_SCORE, -MAX_SCORE])
async def test_the_range_s_ends_belong_to_it(store: BoardStore, edge: float) -> None:
    assert (await put(store, BOARD, ADA, edge)).score == edge
    assert (await store.increment(BOARD, BOB, edge, AT)).score == edge
    assert (await store.increment(BOARD, BOB, -edge, AT)).score == 0.0


@pytest.mark.parametrize("sign", [1, -1])
async def test_an_increment_beyond_the_range_changes_nothing(store: BoardStore, sign: int) -> None:
    await put(store, BOARD, ADA, sign * (MAX_SCORE - 1))
    for delta in (1.5, 2.0, 3.0, MAX_SCORE, 1e308):  # with the first two the sum rounds to the edge itself
        with pytest.raises(ScoreOutOfRange, match="'ada'"):
            await store.increment(BOARD, ADA, sign * delta, AT)
    assert await top(store, BOARD, 10) == [Entry("ada", sign * (MAX_SCORE - 1), 1)]
    assert (await store.increment(BOARD, ADA, sign * 1.0, AT)).score == sign * MAX_SCORE


async def test_a_refused_first_increment_leaves_no_member_and_no_board(store: BoardStore) -> None:
    with pytest.raises(ScoreOutOfRange):
        await store.increment(BOARD, ADA, 1e300, AT)
    assert await store.count(BOARD, NOW) == 0
    assert await store.delete(BOARD, AT) is False


async def test_a_refusal_leaves_its_neighbours_alone(store: BoardStore) -> None:
    await put(store, BOARD, ADA, MAX_SCORE)
    outcomes = await asyncio.gather(
        store.increment(BOARD, BOB, 1.0, AT),
        store.increment(BOARD, ADA, 2.0, AT),
        store.increment(BOARD, BOB, 1.0, AT),
        return_exceptions=True,
    )
    assert outcomes[0] == Entry("bob", 1.0, 2)
    assert isinstance(outcomes[1], ScoreOutOfRange)
    assert outcomes[2] == Entry("bob", 2.0, 2)


async def test_increments_of_one_member_that_wait_together_see_each_other(store: BoardStore) -> None:
    """Down from the edge, and up to it again: each judged by what those before it left."""
    await put(store, BOARD, ADA, MAX_SCORE)
    outcomes = await store.increment_many(BOARD, [(ADA, 1e15), (ADA, -1e15), (ADA, 1e15), (ADA, 1e15)], AT)
    assert isinstance(outcomes[0], ScoreOutOfRange)
    assert outcomes[1:3] == [Entry("ada", MAX_SCORE - 1e15, 1), Entry("ada", MAX_SCORE, 1)]
    assert isinstance(outcomes[3], ScoreOutOfRange)


async def test_each_of_many_tells_score_and_rank_right_after_itself(store: BoardStore) -> None:
    outcomes = await store.increment_many(BOARD, [(ADA, 1.0), (BOB, 2.0), (ADA, 5.0), (CYD, 1e300), (BOB, 1.0)], AT)
    assert outcomes[:3] == [Entry("ada", 1.0, 1), Entry("bob", 2.0, 1), Entry("ada", 6.0, 1)]
    assert isinstance(outcomes[3], ScoreOutOfRange)
    assert outcomes[4] == Entry("bob", 3.0, 2)


async def test_of_many_scores_for_a_member_the_last_holds(store: BoardStore) -> None:
    await put_many(store, BOARD, [(ADA, 1.0), (BOB, 2.0), (ADA, 3.0)])
    assert await top(store, BOARD, 10) == [Entry("ada", 3.0, 1), Entry("bob", 2.0, 2)]


async def test_nothing_to_write_makes_no_board(store: BoardStore) -> None:
    await put_many(store, BOARD, [])
    assert await store.increment_many(BOARD, [], AT) == []
    assert await store.delete(BOARD, AT) is False


async def test_long_lists_are_applied_whole_and_in_order(store: BoardStore) -> None:
    await put_many(store, BOARD, [(m(f"m{i % 4000}"), float(i)) for i in range(5000)])
    assert await store.count(BOARD, NOW) == 4000
    assert (await top(store, BOARD, 1)) == [Entry("m999", 4999.0, 1)]
    outcomes = await store.increment_many(BOARD, [(ADA, 1.0)] * 5000, AT)
    assert [outcome.score for outcome in outcomes if isinstance(outcome, Entry)] == [*map(float, range(1, 5001))]


async def test_top_gives_at_most_what_there_is(store: BoardStore) -> None:
    await put_many(store, BOARD, [(m(f"m{i}"), float(i)) for i in range(5)])
    assert [entry.rank for entry in await top(store, BOARD, 3)] == [1, 2, 3]
    assert len(await top(store, BOARD, 1000)) == 5
    assert len(await top(store, BOARD, 10**30)) == 5


async def test_removal(store: BoardStore) -> None:
    await put_many(store, BOARD, [(ADA, 1.0), (BOB, 2.0)])
    assert await store.remove(BOARD, BOB, AT) is True
    assert await store.remove(BOARD, BOB, AT) is False
    assert await store.rank(BOARD, ADA, NOW) == Entry("ada", 1.0, 1)


async def test_a_board_is_gone_with_its_last_member(store: BoardStore) -> None:
    await put(store, BOARD, ADA, 1.0)
    await store.remove(BOARD, ADA, AT)
    assert await store.count(BOARD, NOW) == 0
    assert await store.delete(BOARD, AT) is False


async def test_a_deleted_board_begins_anew(store: BoardStore) -> None:
    await put_many(store, BOARD, [(ADA, 1.0), (BOB, 2.0)])
    assert await store.delete(BOARD, AT) is True
    assert await store.count(BOARD, NOW) == 0
    assert await store.increment(BOARD, ADA, 1.0, AT) == Entry("ada", 1.0, 1)


async def test_writes_take_effect_in_the_order_of_the_calls(store: BoardStore) -> None:
    """None is awaited before the next is called; tasks begin in the order in which they are made."""
    first = asyncio.create_task(put_many(store, BOARD, [(ADA, float(i)) for i in range(1200)]))
    await asyncio.sleep(0)
    added = store.increment(BOARD, ADA, 1.0, AT)
    later = [
        asyncio.create_task(call)
        for call in (
            store.remove(BOARD, ADA, AT),
            put(store, BOARD, BOB, 3.0),
            store.delete(BOARD, AT),
            put(store, BOARD, CYD, 1),
        )
    ]
    assert await added == Entry("ada", 1200.0, 1)
    assert await asyncio.gather(*later) == [True, Entry("bob", 3.0, 1), True, Entry("cyd", 1.0, 1)]
    await first
    assert await top(store, BOARD, 10) == [Entry("cyd", 1.0, 1)]


async def test_many_in_flight_are_answered_each_with_its_own(store: BoardStore) -> None:
    futures = [store.increment(BOARD, m(f"m{i % 10}"), 1.0, AT) for i in range(1000)]
    entries = await asyncio.gather(*futures)
    assert [(entry.member, entry.score) for entry in entries] == [(f"m{i % 10}", i // 10 + 1.0) for i in range(1000)]


async def test_200_callers_add_up_exactly(store: BoardStore) -> None:
    async def caller(name: str) -> None:
        for _ in range(10):
            await store.increment(BOARD, m(name), 1.0, AT)

    await asyncio.gather(*[caller(f"m{i % 7}") for i in range(200)])
    assert sum(entry.score for entry in await top(store, BOARD, 10)) == 2000


async def test_a_caller_who_leaves_after_the_fact_harms_nobody(store: BoardStore) -> None:
    futures = [store.increment(BOARD, ADA, 1.0, AT) for _ in range(20)]
    for future in futures[::2]:
        future.cancel()
    entries = await asyncio.gather(*futures[1::2])
    applied = (await store.increment(BOARD, ADA, 0.0, AT)).score
    assert applied in (10, 20)  # a store that applies at once has applied all
    assert [entry.score for entry in entries] == sorted({entry.score for entry in entries})


async def test_a_living_store_says_so(store: BoardStore) -> None:
    await store.check()


async def test_closing_twice_is_once(store: BoardStore) -> None:
    await put(store, BOARD, ADA, 1.0)
    await store.close()
    await store.close()


@pytest.mark.parametrize("sign", [1, -1])
async def test_a_submission_beyond_the_range_is_refused_alone(store: BoardStore, sign: int) -> None:
    """Without rules a submitted score is added."""
    await put(store, BOARD, "ada", sign * MAX_SCORE)
    written = [submission("bob", 1.0), submission("ada", sign * 2.0), submission("bob", 1.0)]
    outcomes = await store.submit_many(BOARD, written, AT)
    assert [type(outcome).__name__ for outcome in outcomes] == ["Outcome", "ScoreOutOfRange", "Outcome"]
    assert await store.rank(BOARD, m("ada"), NOW) == Entry("ada", sign * MAX_SCORE, 1 if sign > 0 else 2)
