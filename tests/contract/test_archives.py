"""Standings that are set aside under a name."""

import pytest
from boards import ADA, AT, BOARD, DAY, NOW, m, metadata_of, put, rule, scores, standings, submit, submit_all

from goboard.domain.errors import ArchiveExists, AttemptsExhausted, InvalidArgument
from goboard.domain.names import ArchiveName
from goboard.domain.periods import PeriodChoice
from goboard.domain.standings import Entry
from goboard.ports.store import BoardStore

FIRST = ArchiveName.parse("season 1")
SECOND = ArchiveName.parse("Saison 2 \u2013 \U0001f600/*")


async def test_an_archive_takes_the_standings_and_the_board_begins_afresh(store: BoardStore) -> None:
    await submit_all(store, {"ada": 2.0, "bob": 1.0})
    assert await store.archive(BOARD, FIRST, NOW) == 2
    assert await standings(store) == []
    assert await standings(store, window="archive", period="season 1") == [("ada", 2, 1), ("bob", 1, 2)]
    assert await store.increment(BOARD, ADA, 1.0, AT) == Entry("ada", 1.0, 1)


async def test_an_archive_is_read_as_a_period_is(store: BoardStore) -> None:
    await submit(store, "ada", 2.0, metadata={"car": "r5"})
    await submit(store, "bob", 1.0)
    await store.archive(BOARD, SECOND, NOW)
    choice = PeriodChoice(AT, "archive", SECOND)
    assert await store.rank(BOARD, ADA, choice) == Entry("ada", 2.0, 1)
    assert await store.count(BOARD, choice) == 2
    assert await metadata_of(store, "ada", choice) == {"car": "r5"}
    assert await store.around(BOARD, ADA, 1, 1, choice, metadata=False) == [Entry("ada", 2.0, 1), Entry("bob", 1.0, 2)]
    assert (await store.stats(BOARD, [50.0], 1, choice)).total == 2


async def test_a_name_is_taken_once(store: BoardStore) -> None:
    await submit(store, "ada", 1.0)
    await store.archive(BOARD, FIRST, NOW)
    await submit(store, "bob", 1.0)
    with pytest.raises(ArchiveExists, match="'season 1'"):
        await store.archive(BOARD, FIRST, NOW)
    assert await scores(store) == {"bob": 1.0}
    assert await scores(store, window="archive", period="season 1") == {"ada": 1.0}


async def test_a_name_that_is_taken_is_told_also_where_nothing_would_be_set_aside(store: BoardStore) -> None:
    await submit(store, "ada", 1.0)
    await store.archive(BOARD, FIRST, NOW)
    with pytest.raises(ArchiveExists):
        await store.archive(BOARD, FIRST, NOW)


async def test_nothing_is_set_aside_where_there_is_nothing(store: BoardStore) -> None:
    assert await store.archive(BOARD, FIRST, NOW) == 0
    assert await store.periods(BOARD, "archive", AT) == []
    assert await store.boards("", 10, AT) == []
    await submit(store, "ada", 1.0)
    assert await store.archive(BOARD, FIRST, NOW) == 1


async def test_one_window_s_standings_are_set_aside_and_no_other_s(store: BoardStore) -> None:
    await rule(store, windows=["all", "daily"])
    await submit(store, "ada", 5.0, AT - DAY)
    await submit(store, "ada", 2.0)
    assert await store.archive(BOARD, FIRST, PeriodChoice(AT, "daily")) == 1
    assert await scores(store, window="archive", period="season 1") == {"ada": 2.0}
    assert await scores(store, window="daily") == {}
    assert await scores(store, window="daily", period="2026-11-23") == {"ada": 5.0}
    assert await scores(store, window="all") == {"ada": 7.0}


async def test_without_a_window_it_is_the_default_one(store: BoardStore) -> None:
    await rule(store, windows=["daily", "all"])
    await submit(store, "ada", 5.0, AT - DAY)
    await submit(store, "bob", 2.0)
    assert await store.archive(BOARD, FIRST, NOW) == 2
    assert await scores(store, window="daily") == {"bob": 2.0}


@pytest.mark.parametrize("choice", [PeriodChoice(AT, "weekly"), PeriodChoice(AT, "daily", "2026-11-23")])
async def test_only_a_current_period_of_the_board_is_set_aside(store: BoardStore, choice: PeriodChoice) -> None:
    await rule(store, windows=["daily"])
    await submit(store, "ada", 5.0, AT - DAY)
    with pytest.raises(InvalidArgument):
        await store.archive(BOARD, FIRST, choice)
    assert await scores(store, period="2026-11-23") == {"ada": 5.0}


async def test_an_archive_does_not_expire(store: BoardStore) -> None:
    await rule(store, windows=["hourly"], keep=0)
    await submit(store, "ada", 1.0, metadata={"car": "r5"})
    await store.archive(BOARD, FIRST, NOW)
    later = AT + 1000 * DAY
    await submit(store, "bob", 1.0, later)
    assert await metadata_of(store, "ada", PeriodChoice(later, "archive", "season 1")) == {"car": "r5"}


@pytest.mark.parametrize(
    ("ties", "expected"),
    [
        ("member", [("ada", 7, 1), ("cyd", 5, 2), ("bob", 5, 3), ("dan", 1, 4)]),
        ("earliest", [("ada", 7, 1), ("bob", 5, 2), ("cyd", 5, 3), ("dan", 1, 4)]),
        ("shared", [("ada", 7, 1), ("cyd", 5, 2), ("bob", 5, 2), ("dan", 1, 4)]),
        ("dense", [("ada", 7, 1), ("cyd", 5, 2), ("bob", 5, 2), ("dan", 1, 3)]),
    ],
)
async def test_an_archive_ranks_as_it_did_whatever_the_rules_become(
    store: BoardStore, ties: str, expected: list[tuple[str, float, int]]
) -> None:
    await rule(store, ties=ties, windows=["weekly"])
    await submit_all(store, {"bob": 5.0, "cyd": 5.0, "dan": 1.0, "ada": 7.0})
    await store.archive(BOARD, FIRST, NOW)
    await rule(store, ties="member" if ties != "member" else "dense", order="asc", operator="set", capacity=1)
    await submit(store, "ada", 3.0)
    assert await standings(store, window="archive", period="season 1") == expected
    choice = PeriodChoice(AT, "archive", "season 1")
    for member, score, rank in expected:
        assert await store.rank(BOARD, m(member), choice) == Entry(member, score, rank)
    details = await store.member(BOARD, ADA, choice)
    assert details is not None
    assert details.percentile == 100.0


async def test_writes_do_not_reach_an_archive(store: BoardStore) -> None:
    await submit_all(store, {"ada": 1.0})
    await store.archive(BOARD, FIRST, NOW)
    await put(store, BOARD, "ada", 9.0)
    assert await scores(store, window="archive", period="season 1") == {"ada": 1.0}


async def test_archives_are_listed_by_name(store: BoardStore) -> None:
    for name in ("b", "é", "a", "B"):
        await submit(store, "ada", 1.0)
        await store.archive(BOARD, ArchiveName.parse(name), NOW)
    found = await store.periods(BOARD, "archive", AT)
    assert [(period.window, period.name) for period in found] == [("archive", name) for name in ("B", "a", "b", "é")]


async def test_an_archive_that_there_is_not_is_empty(store: BoardStore) -> None:
    assert await standings(store, window="archive", period="season 1") == []


async def test_the_window_archive_has_no_current_period(store: BoardStore) -> None:
    with pytest.raises(InvalidArgument, match="name one"):
        await standings(store, window="archive")
    with pytest.raises(InvalidArgument):
        await store.archive(BOARD, FIRST, PeriodChoice(AT, "archive"))


async def test_attempts_that_counted_in_the_window_begin_afresh(store: BoardStore) -> None:
    await rule(store, windows=["all", "daily"], attempts={"max": 1, "window": "daily"})
    await store.increment(BOARD, ADA, 1.0, AT)
    await store.archive(BOARD, FIRST, PeriodChoice(AT, "all"))
    with pytest.raises(AttemptsExhausted):
        await store.increment(BOARD, ADA, 1.0, AT)
    await store.archive(BOARD, SECOND, PeriodChoice(AT, "daily"))
    assert await store.increment(BOARD, ADA, 1.0, AT) == Entry("ada", 1.0, 1)


async def test_members_of_archives_make_a_deleted_board_one_that_had_members(store: BoardStore) -> None:
    await submit(store, "ada", 1.0)
    await store.archive(BOARD, FIRST, NOW)
    assert await store.delete(BOARD, AT) is True
    assert await standings(store, window="archive", period="season 1") == []
    assert await store.delete(BOARD, AT) is False


async def test_who_was_first_stays_first_beside_who_comes_after_the_archive(store: BoardStore) -> None:
    await rule(store, ties="earliest")
    await submit_all(store, {"bob": 5.0, "ada": 5.0})
    await store.archive(BOARD, FIRST, NOW)
    await submit_all(store, {"ada": 5.0, "bob": 5.0})
    assert [member for member, _, _ in await standings(store)] == ["ada", "bob"]
    assert [member for member, _, _ in await standings(store, window="archive", period="season 1")] == ["bob", "ada"]


async def test_only_the_current_period_can_be_archived(store: BoardStore) -> None:
    await rule(store, windows=["daily"])
    await submit(store, "ada", 1.0)
    for period in ("2026-11-23", "2026-11-24"):
        with pytest.raises(InvalidArgument, match="name no period"):
            await store.archive(BOARD, ArchiveName.parse("spring"), PeriodChoice(AT, "daily", period))
    assert await scores(store) == {"ada": 1.0}
