"""Snapshots of first places, by a time of the test's own."""

from goboard.adapters.redis.snapshots import MAX_SNAPSHOTS, TopSnapshots
from goboard.domain.names import BoardName
from goboard.domain.standings import Entry

BOARD = BoardName.parse("board")
TOP = [Entry(f"m{rank}", 10.0 - rank, rank) for rank in range(1, 4)]


def test_a_snapshot_is_good_for_its_age_and_no_longer() -> None:
    snapshots = TopSnapshots(0.5)
    snapshots.put(BOARD, 3, TOP, 100.0)
    assert snapshots.get(BOARD, 2, 100.5) == TOP[:2]
    assert snapshots.get(BOARD, 2, 100.51) is None


def test_a_snapshot_of_too_few_places_is_none_unless_there_are_no_more() -> None:
    snapshots = TopSnapshots(0.5)
    snapshots.put(BOARD, 3, TOP, 100.0)
    assert snapshots.get(BOARD, 4, 100.0) is None
    snapshots.put(BOARD, 4, TOP, 100.0)
    assert snapshots.get(BOARD, 1000, 100.0) == TOP


def test_an_age_of_zero_keeps_nothing() -> None:
    snapshots = TopSnapshots(0)
    snapshots.put(BOARD, 3, TOP, 100.0)
    assert snapshots.get(BOARD, 3, 100.0) is None


def test_what_a_caller_does_to_its_list_does_not_reach_the_snapshot() -> None:
    snapshots = TopSnapshots(1)
    snapshots.put(BOARD, 3, TOP, 100.0)
    (snapshots.get(BOARD, 3, 100.0) or []).clear()
    assert snapshots.get(BOARD, 3, 100.0) == TOP


def test_only_so_many_and_only_fresh_ones_are_kept() -> None:
    snapshots = TopSnapshots(1)
    for number in range(2 * MAX_SNAPSHOTS):
        snapshots.put(BoardName.parse(f"b{number}"), 3, TOP, 100.0)
    assert len(snapshots._snapshots) == MAX_SNAPSHOTS
    snapshots.put(BOARD, 3, TOP, 101.5)
    assert list(snapshots._snapshots) == [BOARD]
