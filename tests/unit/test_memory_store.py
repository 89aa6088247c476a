"""What is the in-process store's own; what it shares with the others is in tests/contract."""

import pytest

from goboard.adapters.memory import MemoryBoardStore
from goboard.arguments import submission
from goboard.domain.errors import InvalidArgument, PeriodNotFound
from goboard.domain.names import ArchiveName, BoardName, MemberName
from goboard.domain.pages import PageRequest
from goboard.domain.periods import PeriodChoice
from goboard.domain.rules import Rules

AT = 1_795_545_000.0  # 2026-11-24T18:30Z
DAY = 86_400.0
BOARD = BoardName.parse("board")
ADA = MemberName.parse("ada")


@pytest.fixture
def store():
    return MemoryBoardStore()


async def test_reads_and_refused_writes_leave_nothing_in_memory(store):
    now = PeriodChoice(AT)
    await store.top(BOARD, 10, now, metadata=True)
    await store.lookup(BOARD, [ADA], now, metadata=True)
    await store.increment_many(BOARD, [(ADA, 2.0**54)], AT)
    await store.archive(BOARD, ArchiveName.parse("old"), now)
    await store.remove(BOARD, ADA, AT)
    assert not store._boards


async def test_a_period_that_nobody_can_read_takes_its_members_traces_with_it(store):
    await store.set_rules(BOARD, Rules.parse({"windows": ["daily"], "keep": 0, "track": True}), AT, force=False)
    await store.submit_many(BOARD, [submission("ada", 1, {"car": 4})], AT)
    await store.count(BOARD, PeriodChoice(AT + DAY))
    board = store._boards[BOARD]
    assert not list(board._places)
    assert not board._metadata
    assert not board._track


async def test_a_board_of_rules_alone_refuses_a_period_as_one_with_members_does(store):
    await store.set_rules(BOARD, Rules.parse({"windows": ["daily"], "keep": 1}), AT, force=False)
    assert await store.count(BOARD, PeriodChoice(AT, "daily", "2026-11-23")) == 0
    with pytest.raises(PeriodNotFound):
        await store.count(BOARD, PeriodChoice(AT, "daily", "2026-11-22"))


async def test_a_cursor_whose_tie_was_not_written_here_is_bad_input(store):
    await store.submit_many(BOARD, [submission("ada", 2), submission("bob", 1)], AT)
    page = await store.page(BOARD, PageRequest(1), PeriodChoice(AT))
    forged = page.next._replace(tie="first ada")
    with pytest.raises(InvalidArgument, match="malformed"):
        await store.page(BOARD, PageRequest(1, cursor=forged), PeriodChoice(AT))


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_a_change_of_order_keeps_who_was_earliest(store, order):
    await store.set_rules(BOARD, Rules.parse({"ties": "earliest", "order": order}), AT, force=False)
    await store.submit_many(BOARD, [submission(member, 5) for member in ("cyd", "ada", "bob")], AT)
    other = "desc" if order == "asc" else "asc"
    await store.set_rules(BOARD, Rules.parse({"ties": "earliest", "order": other}), AT, force=True)
    entries = await store.top(BOARD, 3, PeriodChoice(AT), metadata=False)
    assert [entry.member for entry in entries] == ["cyd", "ada", "bob"]
