"""The standings of one period, in order."""

import math
from collections.abc import Iterator

from sortedcontainers import SortedList

from goboard.domain.pages import ScoreRange
from goboard.domain.rules import Order, Ties
from goboard.domain.standings import Entry

Key = tuple[float, float, str]
"""Score, sequence number and member: where an entry lies in ascending order.

Only `earliest` numbers the entries; elsewhere the sequence is 0 and the member's name decides. Code-point order of
text is the byte order of its UTF-8.
"""


class Standings:
    """Members with their scores. A position is an entry's 0-based place in the board's order, the best being at 0.

    The keys are kept in ascending order, which is the board's where it is `asc`; a `desc` board is read from the end.
    """

    def __init__(self, order: Order, ties: Ties) -> None:
        self.ties = ties
        self._order = order
        self._ascending = order is Order.ASC
        self._keys: dict[str, Key] = {}
        self._sorted: SortedList[Key] = SortedList()
        self._distinct: SortedList[float] = SortedList()
        """Each score once, kept for `dense` alone."""
        self._sequence = 0

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, member: str) -> bool:
        return member in self._keys

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def score(self, member: str) -> float | None:
        """Give the member's score; None: it is not here."""
        key = self._keys.get(member)
        return None if key is None else key[0]

    def better(self, score: float, other: float) -> bool:
        """Tell whether `score` stands before `other`."""
        return score < other if self._ascending else score > other

    def put(self, member: str, score: float) -> None:
        """Give the member this score. Where it has it already, its place stays."""
        if self.score(member) == score:
            return
        self.discard(member)
        if self.ties is Ties.DENSE and not self._has(score):
            self._distinct.add(score)
        key = (score, self._next_tie(), member)
        self._keys[member] = key
        self._sorted.add(key)

    def discard(self, member: str) -> bool:
        """Take the member away; False: it was not here."""
        key = self._keys.pop(member, None)
        if key is None:
            return False
        self._sorted.remove(key)
        if self.ties is Ties.DENSE and not self._has(key[0]):
            self._distinct.remove(key[0])
        return True

    def trim(self, capacity: int | None) -> list[str]:
        """Take away the worst until `capacity` (None: all) are left, and name them."""
        if capacity is None or len(self) <= capacity:
            return []
        worst = [member for _, _, member in self.keys(capacity, len(self))]
        for member in worst:
            self.discard(member)
        return worst

    def converted(self, order: Order, ties: Ties) -> "Standings":
        """Give the same members and scores under other rules; what `earliest` did not number keeps its present order.

        O(n log n).
        """
        if (order, ties) == (self._order, self.ties):
            return self
        keys = list(self.keys(0, len(self)))
        if self.ties is Ties.EARLIEST and ties is Ties.EARLIEST:
            keys.sort(key=lambda key: abs(key[1]))
        standings = Standings(order, ties)
        for score, _, member in keys:
            standings.put(member, score)
        return standings

    def below(self, score: float) -> int:
        """Count the members with a lesser score, whatever the order."""
        return self._sorted.bisect_left((score, -math.inf, ""))

    def up_to(self, score: float) -> int:
        """Count the members with this score or a lesser one, whatever the order."""
        return self._sorted.bisect_left((score, math.inf, ""))

    def worse(self, score: float) -> int:
        """Count the members with a worse score."""
        return len(self) - self.up_to(score) if self._ascending else self.below(score)

    def span(self, scores: ScoreRange) -> tuple[int, int]:
        """Give the positions from the first entry of the range to the one after its last."""
        low = 0 if scores.low is None else self.below(scores.low)
        high = len(self) if scores.high is None else self.up_to(scores.high)
        first, last = (low, high) if self._ascending else (len(self) - high, len(self) - low)
        return first, max(first, last)

    def before(self, key: Key) -> int:
        """Give the position of `key`, or where it would be if it is not here."""
        return self._sorted.bisect_left(key) if self._ascending else len(self) - self._sorted.bisect_right(key)

    def after(self, key: Key) -> int:
        """Give the position that follows `key`, whether it is here or not."""
        return self._sorted.bisect_right(key) if self._ascending else len(self) - self._sorted.bisect_left(key)

    def position(self, member: str) -> int:
        """Give the position of a member that is here."""
        return self.before(self._keys[member])

    def at_rank(self, rank: int) -> int:
        """Give the position of the first entry whose rank is at least `rank`; past the last: their number."""
        if self.ties is Ties.DENSE:
            if rank > len(self._distinct):
                return len(self)
            return self._first(self._distinct[rank - 1 if self._ascending else -rank])
        position = min(rank - 1, len(self))
        if self.ties is Ties.SHARED and position < len(self):
            score = self.key_at(position)[0]
            return position if self._first(score) == position else len(self) - self.worse(score)
        return position

    def rank(self, member: str) -> int:
        """Give the rank of a member that is here."""
        score = self._keys[member][0]
        if self.ties is Ties.DENSE:
            lesser = self._distinct.bisect_left(score)
            return lesser + 1 if self._ascending else len(self._distinct) - lesser
        if self.ties is Ties.SHARED:
            return self._first(score) + 1
        return self.position(member) + 1

    def key_at(self, position: int) -> Key:
        """Give the key at a position that there is."""
        return self._sorted[position if self._ascending else -1 - position]

    def keys(self, start: int, stop: int) -> Iterator[Key]:
        """Give the keys at the positions from `start` up to `stop`, neither beyond the last entry."""
        if self._ascending:
            return self._sorted.islice(start, stop)
        return self._sorted.islice(len(self) - stop, len(self) - start, reverse=True)

    def entry(self, member: str) -> Entry:
        """Give the entry of a member that is here."""
        return Entry(member, self._keys[member][0], self.rank(member))

    def entries(self, start: int, stop: int) -> list[Entry]:
        """Give the entries at the positions from `start` (≥ 0) up to `stop`, as far as there are any."""
        entries: list[Entry] = []
        rank = 0
        for position, (score, _, member) in enumerate(self.keys(start, min(stop, len(self))), start):
            if not entries:
                rank = self.rank(member)
            elif self.ties is Ties.DENSE:
                rank += score != entries[-1].score
            elif self.ties is not Ties.SHARED or score != entries[-1].score:
                rank = position + 1
            entries.append(Entry(member, score, rank))
        return entries

    def listed(self, members: list[str]) -> list[Entry]:
        """Give the entries of members that are here, in the board's order."""
        keys = sorted((self._keys[member] for member in members), reverse=not self._ascending)
        return [self.entry(member) for _, _, member in keys]

    def _first(self, score: float) -> int:
        """Give the position of the first entry that is not better than `score`."""
        return self.below(score) if self._ascending else len(self) - self.up_to(score)

    def _has(self, score: float) -> bool:
        return self.below(score) < self.up_to(score)

    def _next_tie(self) -> float:
        """Number an entry of `earliest`, downward where the order is read from the end."""
        if self.ties is not Ties.EARLIEST:
            return 0
        self._sequence += 1
        return self._sequence if self._ascending else -self._sequence
