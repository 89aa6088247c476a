"""What else can be asked: neighbours, friends, a member, statistics, and the list of boards."""

import pytest
from boards import ADA, AT, BOARD, BOB, CYD, DAN, DAY, NOW, m, put, rule, submit, submit_all

from goboard.domain.names import ArchiveName, BoardName
from goboard.domain.periods import PeriodChoice
from goboard.domain.standings import Bin, BoardSize, Entry, Lookup, Stats
from goboard.leaderboards import Leaderboards
from goboard.ports.store import BoardStore

LETTERS = {"a": 9.0, "b": 8.0, "c": 7.0, "d": 6.0, "e": 5.0}
TIED = {"a": 9.0, "b": 7.0, "c": 7.0, "d": 4.0}


async def around(store: BoardStore, member: str, above: int, below: int) -> str:
    found = await store.around(BOARD, m(member), above, below, NOW, metadata=False)
    return "".join(entry.member for entry in found)


@pytest.mark.parametrize(
    ("member", "above", "below", "expected"),
    [
        ("c", 1, 1, "bcd"),
        ("c", 0, 0, "c"),
        ("c", 2, 0, "abc"),
        ("c", 0, 2, "cde"),
        ("a", 2, 1, "ab"),
        ("b", 2, 1, "abc"),
        ("e", 1, 2, "de"),
        ("d", 1, 2, "cde"),
        ("c", 50, 50, "abcde"),
        ("zoe", 5, 5, ""),
    ],
)
async def test_neighbours_are_those_right_above_and_below(
    store: BoardStore, member: str, above: int, below: int, expected: str
) -> None:
    await submit_all(store, LETTERS)
    assert await around(store, member, above, below) == expected


async def test_a_board_of_one_has_no_neighbours(store: BoardStore) -> None:
    await submit(store, "a", 1.0)
    assert await around(store, "a", 5, 5) == "a"


@pytest.mark.parametrize(
    ("ties", "expected"),
    [
        ("member", [("a", 1), ("c", 2), ("b", 3), ("d", 4)]),
        ("earliest", [("a", 1), ("b", 2), ("c", 3), ("d", 4)]),
        ("shared", [("a", 1), ("c", 2), ("b", 2), ("d", 4)]),
        ("dense", [("a", 1), ("c", 2), ("b", 2), ("d", 3)]),
    ],
)
async def test_neighbours_stand_and_rank_as_on_the_board(
    store: BoardStore, ties: str, expected: list[tuple[str, int]]
) -> None:
    await rule(store, ties=ties)
    await submit_all(store, TIED)
    for place, (member, _) in enumerate(expected):
        found = await store.around(BOARD, m(member), 1, 1, NOW, metadata=False)
        assert [(entry.member, entry.rank) for entry in found] == expected[max(0, place - 1) : place + 2]


async def test_neighbours_in_a_race(store: BoardStore) -> None:
    await rule(store, order="asc", ties="earliest")
    await submit_all(store, LETTERS)
    assert await around(store, "d", 1, 2) == "edcb"


async def test_friends_come_in_the_board_s_order_and_the_absent_in_the_asked_one(store: BoardStore) -> None:
    await submit_all(store, {"ada": 1.0, "bob": 2.0, "eve": 3.0})
    found = await store.lookup(BOARD, [DAN, ADA, CYD, BOB], NOW, metadata=False)
    assert list(found.entries) == [Entry("bob", 2.0, 2), Entry("ada", 1.0, 3)]
    assert list(found.absent) == ["dan", "cyd"]


@pytest.mark.parametrize(
    ("ties", "expected"),
    [
        ("member", [("c", 2), ("b", 3), ("d", 4)]),
        ("earliest", [("b", 2), ("c", 3), ("d", 4)]),
        ("shared", [("c", 2), ("b", 2), ("d", 4)]),
        ("dense", [("c", 2), ("b", 2), ("d", 3)]),
    ],
)
async def test_friends_stand_and_rank_as_on_the_board(
    store: BoardStore, ties: str, expected: list[tuple[str, int]]
) -> None:
    await rule(store, ties=ties)
    await submit_all(store, TIED)
    found = await store.lookup(BOARD, [m(name) for name in "dbc"], NOW, metadata=False)
    assert [(entry.member, entry.rank) for entry in found.entries] == expected


async def test_who_is_asked_for_twice_is_told_of_once(store: BoardStore) -> None:
    boards = Leaderboards(store, lambda: AT)
    await boards.set("b", "ada", 1)
    found = await boards.lookup("b", ["ada", "zoe", "ada", "zoe"])
    assert (list(found.entries), list(found.absent)) == ([Entry("ada", 1.0, 1)], ["zoe"])


async def test_nobody_is_found_where_nobody_is_asked_for_or_there(store: BoardStore) -> None:
    for members in ([], [ADA]):
        found = await store.lookup(BOARD, members, NOW, metadata=False)
        assert found._replace(entries=list(found.entries), absent=list(found.absent)) == Lookup([], members)


async def test_a_thousand_friends_are_found(store: BoardStore) -> None:
    members = [m(f"m{number:04}") for number in range(1000)]
    await store.increment_many(BOARD, [(member, float(number)) for number, member in enumerate(members[:900])], AT)
    found = await store.lookup(BOARD, members, NOW, metadata=False)
    assert [entry.member for entry in found.entries] == members[899::-1]
    assert list(found.absent) == members[900:]


async def percentile(store: BoardStore, member: str) -> float:
    details = await store.member(BOARD, m(member), NOW)
    assert details is not None
    return details.percentile


@pytest.mark.parametrize("ties", ["member", "earliest", "shared", "dense"])
async def test_a_percentile_is_the_share_of_the_others_with_a_worse_score(store: BoardStore, ties: str) -> None:
    await rule(store, ties=ties)
    await submit_all(store, {"a": 9.0, "b": 7.0, "c": 7.0, "d": 4.0, "e": 3.0})
    assert [await percentile(store, member) for member in "abcde"] == [100.0, 50.0, 50.0, 25.0, 0.0]


async def test_a_percentile_in_a_race(store: BoardStore) -> None:
    await rule(store, order="asc")
    await submit_all(store, {"a": 1.0, "b": 2.0, "c": 3.0})
    assert [await percentile(store, member) for member in "abc"] == [100.0, 50.0, 0.0]


async def test_alone_a_member_is_at_100_percent(store: BoardStore) -> None:
    await submit(store, "a", -5.0)
    assert await percentile(store, "a") == 100.0


async def test_a_member_that_is_not_there_has_no_details(store: BoardStore) -> None:
    assert await store.member(BOARD, ADA, NOW) is None
    await submit(store, "bob", 1.0)
    assert await store.member(BOARD, ADA, NOW) is None


async def stats(store: BoardStore, percentiles: list[float], bins: int) -> Stats:
    found = await store.stats(BOARD, percentiles, bins, NOW)
    return found._replace(percentiles=[(p, score) for p, score in found.percentiles], histogram=list(found.histogram))


async def test_an_empty_board_has_no_statistics(store: BoardStore) -> None:
    assert await stats(store, [50.0], 10) == Stats(0, None, None, [], [])


async def test_statistics_tell_total_and_extremes(store: BoardStore) -> None:
    await submit_all(store, LETTERS)
    found = await stats(store, [], 1)
    assert (found.total, found.minimum, found.maximum) == (5, 5.0, 9.0)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("desc", [(0.0, 5.0), (20.0, 5.0), (20.5, 6.0), (50.0, 7.0), (80.0, 8.0), (99.0, 9.0), (100.0, 9.0)]),
        ("asc", [(0.0, 9.0), (20.0, 9.0), (20.5, 8.0), (50.0, 7.0), (80.0, 6.0), (99.0, 5.0), (100.0, 5.0)]),
    ],
)
async def test_a_percentile_s_score_is_that_of_the_nearest_rank_from_the_worst(
    store: BoardStore, order: str, expected: list[tuple[float, float]]
) -> None:
    await rule(store, order=order)
    await submit_all(store, LETTERS)
    assert (await stats(store, [p for p, _ in expected], 1)).percentiles == expected


@pytest.mark.parametrize("order", ["desc", "asc"])
@pytest.mark.parametrize("ties", ["member", "earliest", "shared", "dense"])
async def test_a_histogram_has_equal_bars_and_the_last_its_upper_end(store: BoardStore, order: str, ties: str) -> None:
    await rule(store, order=order, ties=ties)
    await submit_all(store, {"a": 0.0, "b": 2.5, "c": 2.4, "d": 5.0, "e": 5.0, "f": 9.9, "g": 10.0})
    expected = [Bin(0.0, 2.5, 2), Bin(2.5, 5.0, 1), Bin(5.0, 7.5, 2), Bin(7.5, 10.0, 2)]
    assert (await stats(store, [], 4)).histogram == expected
    assert (await stats(store, [], 1)).histogram == [Bin(0.0, 10.0, 7)]


async def test_a_histogram_of_equal_scores_is_one_bar(store: BoardStore) -> None:
    await submit_all(store, {"a": 3.0, "b": 3.0})
    assert (await stats(store, [], 10)).histogram == [Bin(3.0, 3.0, 2)]


async def test_a_histogram_s_bars_hold_everybody_once_to_the_ends_of_the_range(store: BoardStore) -> None:
    await submit_all(store, {"a": -(2.0**53), "b": 2.0**53, "c": 0.1, "d": 5e-324, "e": 0.0})
    found = await stats(store, [], 7)
    assert sum(bar.members for bar in found.histogram) == 5
    assert (found.histogram[0].low, found.histogram[-1].high) == (-(2.0**53), 2.0**53)
    assert [bar.high for bar in found.histogram[:-1]] == [bar.low for bar in found.histogram[1:]]


async def test_a_hundred_bars_and_percentiles_can_be_asked_for(store: BoardStore) -> None:
    await store.increment_many(BOARD, [(m(f"m{number}"), float(number)) for number in range(101)], AT)
    found = await stats(store, [float(p) for p in range(1, 101)], 100)
    assert [score for _, score in found.percentiles] == [float((p * 101 + 99) // 100 - 1) for p in range(1, 101)]
    assert [bar.members for bar in found.histogram] == [1] * 99 + [2]


async def test_a_whole_number_of_members_is_not_rounded_up(store: BoardStore) -> None:
    """7 / 100 * 100 is over 7 in doubles."""
    await store.increment_many(BOARD, [(m(f"m{number}"), float(number)) for number in range(1, 101)], AT)
    asked = [float(p) for p in range(1, 101)]
    assert (await stats(store, asked, 1)).percentiles == [(p, p) for p in asked]


async def boards(store: BoardStore, after: str = "", limit: int = 10, at: float = AT) -> list[BoardSize]:
    return list(await store.boards(after, limit, at))


async def test_boards_are_listed_by_name_with_their_sizes(store: BoardStore) -> None:
    for name in ("b", "é", "a b", "B", "\U0001f600", "\uff5e"):
        await put(store, BoardName.parse(name), "ada", 1.0)
    await put(store, BoardName.parse("b"), "bob", 1.0)
    listed = [("B", 1), ("a b", 1), ("b", 2), ("é", 1), ("\uff5e", 1), ("\U0001f600", 1)]
    assert await boards(store) == [BoardSize(*each) for each in listed]


async def test_boards_are_listed_by_page(store: BoardStore) -> None:
    for name in ("a", "b", "c", "d"):
        await put(store, BoardName.parse(name), "ada", 1.0)
    assert [found.board for found in await boards(store, "", 2)] == ["a", "b"]
    assert [found.board for found in await boards(store, "b", 2)] == ["c", "d"]
    assert [found.board for found in await boards(store, "bb", 1)] == ["c"]
    assert await boards(store, "d") == []


async def test_a_board_is_listed_as_long_as_it_has_members(store: BoardStore) -> None:
    await store.increment(BOARD, ADA, 1.0, AT)
    assert await boards(store) == [BoardSize(BOARD, 1)]
    await store.remove(BOARD, ADA, AT)
    assert await boards(store) == []
    await store.increment(BOARD, ADA, 1.0, AT)
    await store.delete(BOARD, AT)
    assert await boards(store) == []


async def test_a_board_is_listed_as_long_as_it_has_rules(store: BoardStore) -> None:
    await rule(store, order="asc")
    assert await boards(store) == [BoardSize(BOARD, 0)]
    await submit(store, "ada", 1.0)
    await store.remove(BOARD, ADA, AT)
    assert await boards(store) == [BoardSize(BOARD, 0)]
    await store.delete(BOARD, AT)
    assert await boards(store) == []


async def test_a_board_s_size_is_that_of_its_default_window_now(store: BoardStore) -> None:
    await rule(store, windows=["daily", "monthly"])
    await submit_all(store, {"ada": 1.0, "bob": 1.0}, AT - DAY)
    await submit_all(store, {"ada": 1.0})
    assert await boards(store) == [BoardSize(BOARD, 1)]
    assert await boards(store, at=AT + DAY) == [BoardSize(BOARD, 0)]


async def test_a_board_that_was_set_aside_whole_is_not_listed(store: BoardStore) -> None:
    await submit(store, "ada", 1.0)
    await store.archive(BOARD, ArchiveName.parse("season 1"), NOW)
    assert await boards(store) == []
    await submit(store, "ada", 1.0)
    assert await boards(store) == [BoardSize(BOARD, 1)]


async def test_reads_make_no_board(store: BoardStore) -> None:
    await store.top(BOARD, 1, NOW, metadata=True)
    await store.member(BOARD, ADA, NOW)
    await store.stats(BOARD, [50.0], 3, NOW)
    await store.rules(BOARD)
    await store.lookup(BOARD, [ADA], PeriodChoice(AT, "all"), metadata=True)
    assert await boards(store) == []
    assert await store.delete(BOARD, AT) is False


async def test_looking_for_boards_of_others_loses_none_of_ours(store: BoardStore) -> None:
    await store.increment(BOARD, ADA, 1.0, AT)
    await store.discover()
    await store.discover()
    assert await boards(store) == [BoardSize(BOARD, 1)]
