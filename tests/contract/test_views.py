"""What views show, and the versions of boards: the same on every store."""

import pytest
from boards import ADA, AT, BOARD, DAY, rule, submit, submit_all

from goboard.domain.errors import InvalidArgument, PeriodNotFound
from goboard.domain.names import ArchiveName
from goboard.domain.periods import PeriodChoice
from goboard.domain.standings import Entry
from goboard.domain.views import Sight, View
from goboard.ports.store import BoardStore

CROWD = {"ada": 50.0, "bob": 40.0, "cyd": 30.0, "dan": 20.0, "eve": 10.0}


async def see(store: BoardStore, view: View, at: float = AT) -> Sight:
    return await store.see(BOARD, view, at)


async def number(store: BoardStore) -> int:
    return (await see(store, View.top(1))).version.number


async def test_a_board_nobody_has_written_to_shows_nothing(store: BoardStore) -> None:
    for view in (View.top(10), View.around("ada"), View.members(["ada"])):
        sight = await see(store, view)
        assert (sight.entries, sight.version.number, sight.period.name) == ([], 0, "all")


async def test_the_first_places(store: BoardStore) -> None:
    await submit_all(store, CROWD)
    assert (await see(store, View.top(2))).entries == [Entry("ada", 50.0, 1), Entry("bob", 40.0, 2)]


async def test_the_run_around_a_member(store: BoardStore) -> None:
    await submit_all(store, CROWD)
    assert [entry.member for entry in (await see(store, View.around("cyd", 1, 1))).entries] == ["bob", "cyd", "dan"]
    assert (await see(store, View.around("nobody", 1, 1))).entries == []


async def test_some_members_in_the_order_of_the_board(store: BoardStore) -> None:
    await submit_all(store, CROWD)
    found = (await see(store, View.members(["eve", "nobody", "ada"]))).entries
    assert found == [Entry("ada", 50.0, 1), Entry("eve", 10.0, 5)]


@pytest.mark.parametrize("ties", ["member", "earliest", "shared", "dense"])
@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_views_keep_to_the_rules(store: BoardStore, ties: str, order: str) -> None:
    await rule(store, ties=ties, order=order, windows=["daily", "all"])
    await submit_all(store, {**CROWD, "fay": 40.0})
    choice = PeriodChoice(AT)
    top = await store.top(BOARD, 6, choice, metadata=False)
    assert (await see(store, View.top(6))).entries == top
    assert (await see(store, View.members([entry.member for entry in reversed(top)]))).entries == top
    around = await store.around(BOARD, ADA, 2, 2, choice, metadata=False)
    assert (await see(store, View.around(ADA, 2, 2))).entries == around


async def test_metadata_is_shown_where_it_is_asked_for(store: BoardStore) -> None:
    await submit(store, "ada", 1.0, metadata={"flag": "pt"})
    for view in (View.top(1), View.around("ada"), View.members(["ada"])):
        assert (await see(store, view)).entries == [Entry("ada", 1.0, 1)]
        assert (await see(store, view.with_metadata())).entries == [Entry("ada", 1.0, 1, {"flag": "pt"})]


async def test_a_view_goes_on_to_the_next_period(store: BoardStore) -> None:
    await rule(store, windows=["daily"])
    await submit(store, "ada", 1.0, AT)
    today = await see(store, View.top(5))
    tomorrow = await see(store, View.top(5), AT + DAY)
    assert (today.period.window, today.period.name, len(today.entries)) == ("daily", "2026-11-24", 1)
    assert (tomorrow.period.name, tomorrow.entries) == ("2026-11-25", [])


async def test_a_view_of_a_window_of_a_period_and_of_an_archive(store: BoardStore) -> None:
    await rule(store, windows=["daily", "all"], keep=1)
    await submit(store, "ada", 1.0, AT - DAY)
    await submit(store, "bob", 2.0, AT)
    shown = [(await see(store, View.top(5).within(*each))).entries for each in (("all", None), ("daily", "2026-11-23"))]
    assert [[entry.member for entry in entries] for entries in shown] == [["bob", "ada"], ["ada"]]
    await store.archive(BOARD, ArchiveName.parse("spring"), PeriodChoice(AT, "all"))
    sight = await see(store, View.top(5).within("archive", "spring"))
    assert ([entry.member for entry in sight.entries], sight.period.name) == (["bob", "ada"], "spring")


async def test_a_window_that_is_not_there_and_a_period_that_is_not_yet(store: BoardStore) -> None:
    await rule(store, windows=["daily"])
    with pytest.raises(InvalidArgument):
        await see(store, View.top(1).within("weekly", None))
    with pytest.raises(PeriodNotFound):
        await see(store, View.top(1).within("daily", "2030-01-01"))


async def test_every_kind_of_write_raises_the_version(store: BoardStore) -> None:
    writes = [
        lambda: store.increment(BOARD, ADA, 1.0, AT),
        lambda: store.increment_many(BOARD, [(ADA, 1.0)], AT),
        lambda: submit(store, "bob", 2.0),
        lambda: submit(store, "cyd", 2.0, metadata={"a": 1}),
        lambda: store.remove(BOARD, ADA, AT),
        lambda: rule(store, ties="earliest", force=True),
        lambda: submit(store, "dan", 2.0),
        lambda: store.archive(BOARD, ArchiveName.parse("spring"), PeriodChoice(AT)),
    ]
    numbers = [await number(store)]
    for write in writes:
        await write()
        numbers.append(await number(store))
    assert numbers == list(range(len(numbers)))


async def test_reads_raise_no_version(store: BoardStore) -> None:
    await submit_all(store, CROWD)
    before = (await see(store, View.top(3))).version
    await store.top(BOARD, 3, PeriodChoice(AT), metadata=False)
    await store.count(BOARD, PeriodChoice(AT))
    assert (await see(store, View.around("ada"))).version == before


async def test_the_versions_of_a_board_are_its_own(store: BoardStore) -> None:
    await submit_all(store, CROWD)
    before = await number(store)
    await store.increment(type(BOARD).parse("another"), ADA, 1.0, AT)
    assert await number(store) == before


async def test_a_deleted_board_begins_another_epoch(store: BoardStore) -> None:
    await submit_all(store, CROWD)
    first = (await see(store, View.top(1))).version
    await store.delete(BOARD, AT)
    gone = (await see(store, View.top(1))).version
    await submit_all(store, CROWD)
    again = (await see(store, View.top(1))).version
    assert gone.number == 0
    assert again.number >= 1
    assert len({first.epoch, gone.epoch, again.epoch}) == 3
