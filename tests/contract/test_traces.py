"""What is kept of a member beside its scores: metadata and times, and that a removal leaves none of it."""

import json

import pytest
from boards import ADA, AT, BOARD, BOB, NOW, metadata_of, put, rule, submit, submit_all

from goboard.arguments import submission
from goboard.domain.metadata import MAX_METADATA_BYTES
from goboard.domain.names import ArchiveName
from goboard.domain.periods import PeriodChoice
from goboard.domain.standings import Entry, MemberDetails
from goboard.ports.store import BoardStore

CAR = {"car": "r5"}


async def test_metadata_is_given_where_it_is_asked_for(store: BoardStore) -> None:
    await submit(store, "ada", 2.0, metadata=CAR)
    await submit(store, "bob", 1.0)
    bare, full = [Entry("ada", 2.0, 1), Entry("bob", 1.0, 2)], [Entry("ada", 2.0, 1, CAR), Entry("bob", 1.0, 2)]
    for asked, expected in ((False, bare), (True, full)):
        assert await store.top(BOARD, 10, NOW, metadata=asked) == expected
        assert await store.around(BOARD, BOB, 1, 1, NOW, metadata=asked) == expected
        found = await store.lookup(BOARD, [BOB, ADA], NOW, metadata=asked)
        assert list(found.entries) == expected
    assert await store.rank(BOARD, ADA, NOW) == Entry("ada", 2.0, 1)


@pytest.mark.parametrize(
    "metadata",
    [{}, {"name": "Ada \U0001f600 é", "n": -1.5e-7, "list": [1, None, True, {"a": "\"\\/'\n\t\u2028"}]}, {"": ""}],
)
async def test_metadata_is_kept_as_it_came(store: BoardStore, metadata: dict[str, object]) -> None:
    await submit(store, "ada", 1.0, metadata=metadata)
    assert await metadata_of(store, "ada") == metadata


async def test_as_much_metadata_as_is_allowed_is_kept(store: BoardStore) -> None:
    metadata = {"x": "y" * (MAX_METADATA_BYTES - len(json.dumps({"x": ""}, separators=(",", ":"))))}
    await submit(store, "ada", 1.0, metadata=metadata)
    assert await metadata_of(store, "ada") == metadata


async def test_metadata_takes_the_place_of_what_was_there(store: BoardStore) -> None:
    await submit(store, "ada", 1.0, metadata={"car": "r5", "name": "Ada"})
    await submit(store, "ada", 1.0, metadata={"car": "2cv"})
    assert await metadata_of(store, "ada") == {"car": "2cv"}


async def test_a_submission_without_metadata_leaves_it(store: BoardStore) -> None:
    await submit(store, "ada", 1.0, metadata=CAR)
    await submit(store, "ada", 1.0)
    await put(store, BOARD, "ada", 1.0)
    await store.increment(BOARD, ADA, 1.0, AT)
    assert await metadata_of(store, "ada") == CAR


async def test_metadata_comes_with_an_overwrite_too(store: BoardStore) -> None:
    await store.submit_many(BOARD, [submission("ada", 1, CAR, overwrite=True)], AT)
    assert await metadata_of(store, "ada") == CAR


async def test_metadata_comes_with_a_submission_that_does_not_improve(store: BoardStore) -> None:
    await rule(store, operator="best")
    await submit(store, "ada", 5.0)
    await submit(store, "ada", 1.0, metadata=CAR)
    assert await metadata_of(store, "ada") == CAR


async def test_all_windows_show_the_same_metadata(store: BoardStore) -> None:
    await rule(store, windows=["all", "daily"])
    await submit(store, "ada", 1.0, metadata=CAR)
    for window in ("all", "daily"):
        assert await store.top(BOARD, 1, PeriodChoice(AT, window), metadata=True) == [Entry("ada", 1.0, 1, CAR)]


async def test_times_are_those_of_the_first_and_the_last_update(store: BoardStore) -> None:
    await rule(store, track=True)
    await store.increment(BOARD, ADA, 1.0, AT)
    await submit(store, "ada", 1.0, AT + 1.25)
    await put(store, BOARD, "ada", 7.0, AT + 2.5)
    assert await store.member(BOARD, ADA, NOW) == MemberDetails(Entry("ada", 7.0, 1), 100.0, AT, AT + 2.5)


async def test_a_submission_that_does_not_improve_is_an_update(store: BoardStore) -> None:
    await rule(store, operator="best", track=True)
    await submit(store, "ada", 5.0, AT)
    await submit(store, "ada", 1.0, AT + 1)
    assert await store.member(BOARD, ADA, NOW) == MemberDetails(Entry("ada", 5.0, 1), 100.0, AT, AT + 1)


async def test_times_are_not_kept_where_the_rules_do_not_say_so(store: BoardStore) -> None:
    await submit(store, "ada", 1.0)
    assert await store.member(BOARD, ADA, NOW) == MemberDetails(Entry("ada", 1.0, 1), 100.0, None, None)


async def test_tracking_begins_with_the_rules_that_say_so(store: BoardStore) -> None:
    await submit(store, "ada", 1.0, AT)
    await rule(store, track=True)
    assert await store.member(BOARD, ADA, NOW) == MemberDetails(Entry("ada", 1.0, 1), 100.0, None, None)
    await submit(store, "ada", 1.0, AT + 1)
    assert await store.member(BOARD, ADA, NOW) == MemberDetails(Entry("ada", 2.0, 1), 100.0, AT + 1, AT + 1)


async def test_a_removed_member_comes_back_without_a_past(store: BoardStore) -> None:
    await rule(store, windows=["all", "daily"], track=True)
    await submit(store, "ada", 1.0, AT, metadata=CAR)
    assert await store.remove(BOARD, ADA, AT) is True
    await submit(store, "ada", 2.0, AT + 1)
    assert await store.member(BOARD, ADA, NOW) == MemberDetails(Entry("ada", 2.0, 1), 100.0, AT + 1, AT + 1)


async def test_a_member_that_was_removed_from_archives_alone_was_there(store: BoardStore) -> None:
    await submit_all(store, {"ada": 1.0, "bob": 2.0})
    await store.archive(BOARD, ArchiveName.parse("season 1"), NOW)
    assert await store.remove(BOARD, ADA, AT) is True
    assert await store.remove(BOARD, ADA, AT) is False
    assert await store.top(BOARD, 10, PeriodChoice(AT, "archive", "season 1"), metadata=False) == [Entry("bob", 2.0, 1)]


async def test_a_removed_member_comes_back_behind_its_equals(store: BoardStore) -> None:
    await rule(store, ties="earliest")
    await submit_all(store, {"ada": 5.0, "bob": 5.0})
    await store.remove(BOARD, ADA, AT)
    await submit_all(store, {"ada": 5.0})
    assert [entry.member for entry in await store.top(BOARD, 2, NOW, metadata=False)] == ["bob", "ada"]


async def test_a_deleted_board_comes_back_without_a_past(store: BoardStore) -> None:
    await rule(store, windows=["all", "daily"], track=True, attempts={"max": 1, "window": "all"})
    await submit(store, "ada", 1.0, AT, metadata=CAR)
    await store.archive(BOARD, ArchiveName.parse("today"), PeriodChoice(AT, "daily"))
    assert await store.delete(BOARD, AT) is True
    assert await store.periods(BOARD, "archive", AT) == []
    await rule(store, windows=["all", "daily"], track=True, attempts={"max": 1, "window": "all"})
    await submit(store, "ada", 2.0, AT + 1)
    assert await store.member(BOARD, ADA, NOW) == MemberDetails(Entry("ada", 2.0, 1), 100.0, AT + 1, AT + 1)
