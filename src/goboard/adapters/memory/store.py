"""The in-process store."""

import asyncio
from asyncio import Future
from collections import defaultdict
from collections.abc import Sequence

from sortedcontainers import SortedList

from goboard.domain.errors import ScoreOutOfRange
from goboard.domain.names import BoardName, MemberName
from goboard.domain.scores import add
from goboard.domain.standings import Entry


class _Board:
    """One board: each member's score, and the same pairs in ascending order."""

    def __init__(self) -> None:
        self.scores: dict[str, float] = {}
        # Code-point order of text is the byte order of its UTF-8, so ties fall as in Redis.
        self.ascending: SortedList[tuple[float, str]] = SortedList()

    def put(self, member: str, score: float) -> Entry:
        self.discard(member)
        self.scores[member] = score
        self.ascending.add((score, member))
        return self.entry(member)

    def discard(self, member: str) -> bool:
        score = self.scores.pop(member, None)
        if score is None:
            return False
        self.ascending.remove((score, member))
        return True

    def entry(self, member: str) -> Entry:
        score = self.scores[member]
        return Entry(member, score, len(self.ascending) - self.ascending.index((score, member)))

    def top(self, limit: int) -> list[Entry]:
        best_first = self.ascending.islice(max(0, len(self.ascending) - limit), reverse=True)
        return [Entry(member, score, rank) for rank, (score, member) in enumerate(best_first, 1)]


class MemoryBoardStore:
    """A `BoardStore` of this process. Nothing is kept when the process ends."""

    def __init__(self) -> None:
        self._boards: defaultdict[str, _Board] = defaultdict(_Board)

    def increment(self, board: BoardName, member: MemberName, delta: float) -> Future[Entry]:
        future: Future[Entry] = asyncio.get_running_loop().create_future()
        try:
            future.set_result(self._add(board, member, delta))
        except ScoreOutOfRange as refusal:
            future.set_exception(refusal)
        return future

    def increment_many(
        self, board: BoardName, deltas: Sequence[tuple[MemberName, float]]
    ) -> Future[list[Entry | ScoreOutOfRange]]:
        future: Future[list[Entry | ScoreOutOfRange]] = asyncio.get_running_loop().create_future()
        outcomes: list[Entry | ScoreOutOfRange] = []
        for member, delta in deltas:
            try:
                outcomes.append(self._add(board, member, delta))
            except ScoreOutOfRange as refusal:
                outcomes.append(refusal)
        future.set_result(outcomes)
        return future

    async def set(self, board: BoardName, member: MemberName, score: float) -> Entry:
        return self._boards[board].put(member, score)

    async def set_many(self, board: BoardName, scores: Sequence[tuple[MemberName, float]]) -> None:
        for member, score in scores:
            self._boards[board].put(member, score)

    async def remove(self, board: BoardName, member: MemberName) -> bool:
        found = self._boards.get(board)
        removed = found is not None and found.discard(member)
        if found is not None and not found.scores:
            del self._boards[board]
        return removed

    async def top(self, board: BoardName, limit: int) -> list[Entry]:
        found = self._boards.get(board)
        return [] if found is None else found.top(limit)

    async def rank(self, board: BoardName, member: MemberName) -> Entry | None:
        found = self._boards.get(board)
        return None if found is None or member not in found.scores else found.entry(member)

    async def count(self, board: BoardName) -> int:
        found = self._boards.get(board)
        return 0 if found is None else len(found.scores)

    async def delete(self, board: BoardName) -> bool:
        return self._boards.pop(board, None) is not None

    async def check(self) -> None:
        """Always alive."""

    async def close(self) -> None:
        self._boards.clear()

    def _add(self, board: BoardName, member: MemberName, delta: float) -> Entry:
        found = self._boards.get(board)
        score = add(found.scores.get(member, 0.0) if found else 0.0, delta, member)
        return self._boards[board].put(member, score)
