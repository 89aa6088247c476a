"""A board, an instant, and short words for what the tests of the storage port do with them."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from goboard.arguments import submission
from goboard.domain.errors import UpdateRefused
from goboard.domain.names import BoardName, MemberName
from goboard.domain.pages import Cursor, Page, PageRequest
from goboard.domain.periods import PeriodChoice
from goboard.domain.rules import BoardRules, Rules
from goboard.domain.standings import Entry, Outcome
from goboard.ports.store import BoardStore

AT = datetime(2026, 11, 24, 18, 30, tzinfo=UTC).timestamp()
"""A Tuesday."""
HOUR, DAY = 3600.0, 86_400.0
NOW = PeriodChoice(AT)
BOARD = BoardName.parse("world cup")


def m(name: str) -> MemberName:
    return MemberName.parse(name)


ADA, BOB, CYD, DAN = m("ada"), m("bob"), m("cyd"), m("dan")


def instant(text: str) -> float:
    """Read an instant with its UTC offset."""
    return datetime.fromisoformat(text).timestamp()


async def rule(store: BoardStore, at: float = AT, *, force: bool = False, **said: Any) -> BoardRules:
    """Give BOARD the rules that are said, and the default for the others."""
    return await store.set_rules(BOARD, Rules.parse(said), at, force=force)


async def submit(
    store: BoardStore, member: str, score: float, at: float = AT, metadata: Mapping[str, Any] | None = None
) -> Outcome:
    [outcome] = await store.submit_many(BOARD, [submission(member, score, metadata)], at)
    if isinstance(outcome, UpdateRefused):
        raise outcome
    return outcome


async def submit_all(store: BoardStore, scores: Mapping[str, float], at: float = AT) -> None:
    """Submit in order, each of which must succeed."""
    for member, score in scores.items():
        await submit(store, member, score, at)


async def put(store: BoardStore, board: BoardName, member: str, score: float, at: float = AT) -> Entry:
    """Set the score, whatever the operator."""
    [outcome] = await store.submit_many(board, [submission(member, score, overwrite=True)], at)
    if isinstance(outcome, UpdateRefused):
        raise outcome
    assert outcome.rank is not None
    return Entry(outcome.member, outcome.score, outcome.rank)


async def put_many(store: BoardStore, board: BoardName, scores: Iterable[tuple[str, float]], at: float = AT) -> None:
    written = [submission(member, score, overwrite=True) for member, score in scores]
    for outcome in await store.submit_many(board, written, at):
        assert isinstance(outcome, Outcome)


async def top(store: BoardStore, board: BoardName, limit: int, choice: PeriodChoice = NOW) -> list[Entry]:
    return await store.top(board, limit, choice, metadata=False)


async def standings(
    store: BoardStore, at: float = AT, window: str | None = None, period: str | None = None
) -> list[tuple[str, float, int]]:
    """All of BOARD: member, score and rank, best first."""
    entries = await store.top(BOARD, 10_000, PeriodChoice(at, window, period), metadata=False)
    return [(entry.member, entry.score, entry.rank) for entry in entries]


async def scores(
    store: BoardStore, at: float = AT, window: str | None = None, period: str | None = None
) -> dict[str, float]:
    return {member: score for member, score, _ in await standings(store, at, window, period)}


async def metadata_of(store: BoardStore, member: str, choice: PeriodChoice = NOW) -> Mapping[str, Any] | None:
    details = await store.member(BOARD, m(member), choice)
    assert details is not None
    return details.entry.metadata


async def page(
    store: BoardStore, limit: int, cursor: Cursor | None = None, choice: PeriodChoice = NOW, **asked: Any
) -> Page:
    """Ask as the use case does: a cursor keeps its range."""
    if cursor is not None:
        asked["scores"] = cursor.scores
    return await store.page(BOARD, PageRequest(limit, cursor=cursor, **asked), choice)


def names(page: Page) -> str:
    """The page's members, whose names are single letters."""
    return "".join(entry.member for entry in page.entries)


async def forward(store: BoardStore, limit: int, choice: PeriodChoice = NOW) -> list[Page]:
    return await onward(store, limit, await page(store, limit, choice=choice), choice)


async def onward(store: BoardStore, limit: int, first: Page, choice: PeriodChoice = NOW) -> list[Page]:
    found = [first]
    while found[-1].next is not None:
        assert len(found) < 20, "pages without end"
        found.append(await page(store, limit, found[-1].next, choice))
    return found


async def backward(store: BoardStore, limit: int, last: Page) -> list[Page]:
    found = [last]
    while found[0].previous is not None:
        assert len(found) < 20, "pages without end"
        found.insert(0, await page(store, limit, found[0].previous))
    return found


def line(pages: list[Page]) -> list[Entry]:
    return [entry for each in pages for entry in each.entries]


def next_of(found: Page) -> Cursor:
    assert found.next is not None
    return found.next


def previous_of(found: Page) -> Cursor:
    assert found.previous is not None
    return found.previous
