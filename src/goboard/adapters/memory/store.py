"""The in-process store."""

import asyncio
from asyncio import Future
from collections.abc import Callable, Iterable, Sequence
from itertools import islice, repeat
from typing import TypeVar

from sortedcontainers import SortedDict

from goboard.adapters.memory.board import Board
from goboard.adapters.memory.events import MemoryEventBus
from goboard.adapters.memory.idempotency import Answers
from goboard.adapters.memory.pages import page_of
from goboard.adapters.memory.statistics import percentile_of, stats_of
from goboard.adapters.memory.versions import Versions
from goboard.domain.errors import UpdateRefused
from goboard.domain.idempotency import IdempotencyKey, Keys, Retention
from goboard.domain.names import ArchiveName, BoardName, MemberName
from goboard.domain.pages import Page, PageRequest
from goboard.domain.periods import Period, PeriodChoice
from goboard.domain.rules import BoardRules, Rules
from goboard.domain.standings import BoardSize, Entry, Lookup, MemberDetails, Outcome, Stats, Submission
from goboard.domain.views import Around, Sight, Top, View

_Update = TypeVar("_Update")
_Done = TypeVar("_Done")


class MemoryBoardStore:
    """A `BoardStore` of this process. Nothing is kept when the process ends. Its events go to `events`."""

    def __init__(self, events: MemoryEventBus | None = None, *, retention: Retention = Retention()) -> None:  # noqa: B008 -- it cannot change
        self._boards: SortedDict[str, Board] = SortedDict()
        self._answers = Answers(retention)
        self._versions = Versions(events or MemoryEventBus())

    def increment(
        self, board: BoardName, member: MemberName, delta: float, at: float, key: IdempotencyKey | None = None
    ) -> Future[Entry]:
        future: Future[Entry] = asyncio.get_running_loop().create_future()
        found = self._found(board)
        try:
            future.set_result(self._increment(found, board, (member, delta), at, key))
        except UpdateRefused as refusal:
            future.set_exception(refusal)
        self._keep(board, found)
        return future

    def increment_many(
        self, board: BoardName, deltas: Sequence[tuple[MemberName, float]], at: float, keys: Keys | None = None
    ) -> Future[list[Entry | UpdateRefused]]:
        pairs = zip(deltas, keys or repeat(None, len(deltas)), strict=True)
        return self._many(board, pairs, lambda found, pair: self._increment(found, board, pair[0], at, pair[1]))

    def submit_many(
        self, board: BoardName, submissions: Sequence[Submission], at: float
    ) -> Future[list[Outcome | UpdateRefused]]:
        def submit(found: Board, each: Submission) -> Outcome:
            return self._answers.once(board, each.key, each._replace(key=None), at, lambda: found.submit(each, at))

        return self._many(board, submissions, submit)

    async def remove(self, board: BoardName, member: MemberName, at: float) -> bool:
        found = self._found(board)
        removed = found.remove(member, at)
        self._keep(board, found)
        return removed

    async def delete(self, board: BoardName, at: float) -> bool:
        had_members = self._boards.pop(board, Board(board)).has_members(at)
        self._versions.rise(board, gone=True)
        return had_members

    async def archive(self, board: BoardName, name: ArchiveName, choice: PeriodChoice) -> int:
        found = self._found(board)
        members = found.archive(name, choice)
        self._keep(board, found)
        return members

    async def rules(self, board: BoardName) -> BoardRules:
        found = self._found(board)
        return BoardRules(found.rules, found.revision)

    async def set_rules(self, board: BoardName, rules: Rules, at: float, *, force: bool) -> BoardRules:
        found = self._found(board)
        done = found.set_rules(rules, at, force=force)
        self._keep(board, found)
        return done

    async def top(self, board: BoardName, limit: int, choice: PeriodChoice, *, metadata: bool) -> list[Entry]:
        found = self._found(board)
        return _shown(found, found.standings(choice).entries(0, limit), metadata=metadata)

    async def rank(self, board: BoardName, member: MemberName, choice: PeriodChoice) -> Entry | None:
        standings = self._found(board).standings(choice)
        return standings.entry(member) if member in standings else None

    async def count(self, board: BoardName, choice: PeriodChoice) -> int:
        return len(self._found(board).standings(choice))

    async def page(self, board: BoardName, request: PageRequest, choice: PeriodChoice) -> Page:
        found = self._found(board)
        page = page_of(found.standings(choice), request, found.tag, found.rules.chosen(choice).place)
        return page._replace(entries=_shown(found, page.entries, metadata=request.metadata))

    async def member(self, board: BoardName, member: MemberName, choice: PeriodChoice) -> MemberDetails | None:
        found = self._found(board)
        standings = found.standings(choice)
        if member not in standings:
            return None
        [entry] = _shown(found, [standings.entry(member)], metadata=True)
        return MemberDetails(entry, percentile_of(standings, entry.score), *found.track(member))

    async def around(  # noqa: PLR0913 -- as in the port
        self, board: BoardName, member: MemberName, above: int, below: int, choice: PeriodChoice, *, metadata: bool
    ) -> list[Entry]:
        found = self._found(board)
        standings = found.standings(choice)
        if member not in standings:
            return []
        position = standings.position(member)
        entries = standings.entries(max(0, position - above), position + below + 1)
        return _shown(found, entries, metadata=metadata)

    async def lookup(
        self, board: BoardName, members: Sequence[MemberName], choice: PeriodChoice, *, metadata: bool
    ) -> Lookup:
        found = self._found(board)
        standings = found.standings(choice)
        asked = list(dict.fromkeys(members))
        here = standings.listed([member for member in asked if member in standings])
        absent = [member for member in asked if member not in standings]
        return Lookup(_shown(found, here, metadata=metadata), absent)

    async def see(self, board: BoardName, view: View, at: float) -> Sight:
        choice = PeriodChoice(at, view.window, view.period)
        period = self._found(board).rules.chosen(choice)
        entries = await self._shown_in(board, view, choice)
        return Sight(self._versions.of(board), period, entries)

    async def stats(self, board: BoardName, percentiles: Sequence[float], bins: int, choice: PeriodChoice) -> Stats:
        return stats_of(self._found(board).standings(choice), percentiles, bins)

    async def periods(self, board: BoardName, window: str, at: float) -> list[Period]:
        return self._found(board).periods(window, at)

    async def boards(self, after: str, limit: int, at: float) -> list[BoardSize]:
        names = self._boards.irange(after, inclusive=(False, True))
        sizes = (BoardSize(name, len(self._boards[name].standings(PeriodChoice(at)))) for name in names)
        return list(islice((each for each in sizes if each.members or self._boards[each.board].revision), limit))

    async def discover(self) -> None:
        """Nobody else writes here."""

    async def check(self) -> None:
        """Always alive."""

    async def close(self) -> None:
        self._boards.clear()

    async def _shown_in(self, board: BoardName, view: View, choice: PeriodChoice) -> Sequence[Entry]:
        shows, metadata = view.shows, view.metadata
        if isinstance(shows, Top):
            return await self.top(board, shows.limit, choice, metadata=metadata)
        if isinstance(shows, Around):
            return await self.around(board, *shows, choice, metadata=metadata)
        return (await self.lookup(board, shows.names, choice, metadata=metadata)).entries

    def _increment(
        self, found: Board, board: BoardName, increment: tuple[MemberName, float], at: float, key: IdempotencyKey | None
    ) -> Entry:
        return self._answers.once(board, key, increment, at, lambda: found.increment(*increment, at))

    def _many(
        self, board: BoardName, updates: Iterable[_Update], apply: Callable[[Board, _Update], _Done]
    ) -> Future[list[_Done | UpdateRefused]]:
        future: Future[list[_Done | UpdateRefused]] = asyncio.get_running_loop().create_future()
        found = self._found(board)
        outcomes: list[_Done | UpdateRefused] = []
        for update in updates:
            try:
                outcomes.append(apply(found, update))
            except UpdateRefused as refusal:
                outcomes.append(refusal)
        self._keep(board, found)
        future.set_result(outcomes)
        return future

    def _found(self, board: BoardName) -> Board:
        """Give the board; one that is not there is blank, and is not there before `_keep`."""
        return self._boards.get(board) or Board(board)

    def _keep(self, name: BoardName, board: Board) -> None:
        """Keep a board that has rules or members; another is gone. It was written to."""
        gone = not board.revision and board.is_empty
        if gone:
            self._boards.pop(name, None)
        else:
            self._boards[name] = board
        self._versions.rise(name, gone=gone)


def _shown(board: Board, entries: Sequence[Entry], *, metadata: bool) -> list[Entry]:
    """Give the entries, with their members' metadata where it is asked for."""
    if not metadata:
        return list(entries)
    return [entry._replace(metadata=board.metadata(entry.member)) for entry in entries]
