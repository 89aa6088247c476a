"""The use cases, one method an operation: what a library user holds."""

import time
from asyncio import Future
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self

from goboard.arguments import Key, at_least_1, keys_of, page_request, parsed_key, submission
from goboard.domain.errors import InvalidArgument, MemberNotFound, UpdateRefused
from goboard.domain.names import ArchiveName, BoardName, MemberName
from goboard.domain.periods import Period, PeriodChoice
from goboard.domain.rules import BoardRules, Rules
from goboard.domain.scores import parse_number
from goboard.domain.standings import (
    DEFAULT_BINS,
    DEFAULT_PERCENTILES,
    BoardSize,
    Entry,
    Lookup,
    MemberDetails,
    Outcome,
    Stats,
    Submission,
)
from goboard.ports.store import BoardStore

MAX_BINS = 100
MAX_PERCENTILES = 100
MAX_LOOKUP = 1000
"""Members in one question, so that no answer holds up the store's other callers for long."""


class EntriesPage(NamedTuple):
    """A run of entries, and the cursors to the next and the previous one; None: there is none."""

    entries: Sequence[Entry]
    next: str | None
    previous: str | None


class Leaderboards:
    """Boards of members ranked by score: highest first, or as the board's rules say.

    Names are 1 to 256 bytes of UTF-8 without control characters (a board's has no braces). Scores are doubles within
    ±2^53. A board comes to be on its first write. Every method may raise `InvalidArgument` for input outside these
    rules, before the store is asked, and the store's errors: `StoreUnavailable` (of which `BoardBusy` is one),
    `OutcomeUnknown`, `StoreCorrupt`.

    Reads take `window` and `period`; left out, they are of the current period of the board's default window. They
    raise `InvalidArgument` for a window that the board does not have and for what is no period's name, and
    `PeriodNotFound` for a period that has not begun or is not kept any more.

    An update with a `key` is applied once: sent again with the same key, after an answer that was lost, it is answered
    as the first time and changes nothing. How long and how many keys are remembered is said by the store's `Retention`.
    The refusals `IdempotencyMismatch` (the key belongs to another update) and `IdempotencyFull` change nothing.

    Close it, or use it as an asynchronous context manager, to give back the store's connections. `now` tells the time
    in seconds since the epoch, by which an update's period is found.
    """

    def __init__(self, store: BoardStore, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._now = now

    def increment(self, board: str, member: str, delta: float, *, key: Key | None = None) -> Future[Entry]:
        """Add `delta` to the member's score (0 for a new member) and tell score and rank: one atomic store call.

        The update is under way when this returns: await the future at once, or start many and await them later.

        Raises:
            UpdateRefused: the score would leave ±2^53 (`ScoreOutOfRange`), or the board's rules do not allow it;
                nothing was changed (through the future).
        """
        number = parse_number(delta, "increment")
        name, parsed = MemberName.parse(member), parsed_key(key)
        return self._store.increment(BoardName.parse(board), name, number, self._now(), parsed)

    def increment_many(
        self, board: str, deltas: Iterable[tuple[str, float]], *, key: Key | Sequence[Key | None] | None = None
    ) -> Future[list[Entry | UpdateRefused]]:
        """Increment many members in order; each outcome, an entry or the refusal, stands in its increment's place.

        As with `increment`, the updates are under way when this returns. `key` is one for the list, which counts as
        key/0, key/1 and so on for its increments, or one for each of them.

        Input outside the rules for names and numbers refuses the whole before anything is applied; an increment that
        the board does not allow is refused alone.
        """
        parsed = [(MemberName.parse(member), parse_number(delta, "increment")) for member, delta in deltas]
        return self._store.increment_many(BoardName.parse(board), parsed, self._now(), keys_of(key, len(parsed)))

    async def submit(
        self,
        board: str,
        member: str,
        score: float,
        metadata: Mapping[str, Any] | None = None,
        *,
        key: Key | None = None,
    ) -> Outcome:
        """Submit a score, with which the board's operator does what it does: add it, put it in place, keep the best.

        `metadata`, a JSON object of at most 1 KiB, takes the place of what the member had.

        Raises:
            UpdateRefused: the board's rules do not allow it; nothing was changed.
        """
        return await self._one(board, submission(member, score, metadata, key=key))

    async def set(
        self,
        board: str,
        member: str,
        score: float,
        metadata: Mapping[str, Any] | None = None,
        *,
        key: Key | None = None,
    ) -> Outcome:
        """Put the member on the board with this score, or overwrite the one it has, whatever the board's operator.

        Raises:
            ScoreOutOfRange: the score is beyond ±2^53, or the board's bounds.
        """
        return await self._one(board, submission(member, score, metadata, overwrite=True, key=key))

    def submit_many(self, board: str, submissions: Iterable[Submission]) -> Future[list[Outcome | UpdateRefused]]:
        """Apply many submissions (made by `submission`) in order; each outcome stands in its submission's place.

        The updates are under way when this returns. One that is refused leaves the others alone.
        """
        return self._store.submit_many(BoardName.parse(board), list(submissions), self._now())

    def set_many(self, board: str, scores: Iterable[tuple[str, float]]) -> Future[list[Outcome | UpdateRefused]]:
        """Set many members' scores; the last one said for a member holds. Under way when this returns.

        Raises:
            ScoreOutOfRange: a score is beyond ±2^53; nothing was changed.
        """
        return self.submit_many(board, [submission(member, score, overwrite=True) for member, score in scores])

    async def remove(self, board: str, member: str) -> bool:
        """Take the member off the board, every period and archive of it, with every trace; False: there was none."""
        return await self._store.remove(BoardName.parse(board), MemberName.parse(member), self._now())

    async def delete(self, board: str) -> bool:
        """Delete the board with all that belongs to it, its rules too; False: it had no members."""
        return await self._store.delete(BoardName.parse(board), self._now())

    async def archive(self, board: str, name: str, *, window: str | None = None) -> int:
        """Set a window's current standings aside under `name`, begin it afresh, and tell how many members there were.

        They stay readable as period `name` of the window `archive`.

        Raises:
            ArchiveExists: there is one of this name.
        """
        return await self._store.archive(BoardName.parse(board), ArchiveName.parse(name), self._choice(window, None))

    async def rules(self, board: str) -> BoardRules:
        """Give the board's rules, and their revision: 0 where none were set."""
        return await self._store.rules(BoardName.parse(board))

    async def set_rules(self, board: str, rules: Rules, *, force: bool = False) -> BoardRules:
        """Put `rules` in place of those that the board has; each change raises the revision.

        Raises:
            InvalidArgument: a rule is not allowed, or two contradict each other.
            RulesConflict: `force` is not said, and the change would falsify scores that there are.
        """
        checked = Rules.parse(rules.said())  # whoever wrote `Rules(...)` has had nothing checked
        return await self._store.set_rules(BoardName.parse(board), checked, self._now(), force=force)

    async def top(
        self,
        board: str,
        limit: int = 10,
        *,
        window: str | None = None,
        period: str | None = None,
        metadata: bool = False,
    ) -> list[Entry]:
        """Give the first `limit` (≥ 1) entries, best first; an unknown board has none."""
        return await self._store.top(
            BoardName.parse(board), at_least_1(limit), self._choice(window, period), metadata=metadata
        )

    async def rank(self, board: str, member: str, *, window: str | None = None, period: str | None = None) -> Entry:
        """Give the member's entry.

        Raises:
            MemberNotFound: the member is not on the board.
        """
        choice = self._choice(window, period)
        entry = await self._store.rank(BoardName.parse(board), MemberName.parse(member), choice)
        if entry is None:
            raise MemberNotFound(board, member)
        return entry

    async def count(self, board: str, *, window: str | None = None, period: str | None = None) -> int:
        """Tell how many members the board has; an unknown board has 0."""
        return await self._store.count(BoardName.parse(board), self._choice(window, period))

    async def entries(  # noqa: PLR0913 -- each names one thing that may be asked for
        self,
        board: str,
        limit: int = 10,
        *,
        cursor: str | None = None,
        from_rank: int | None = None,
        min_score: float | None = None,
        max_score: float | None = None,
        window: str | None = None,
        period: str | None = None,
        metadata: bool = False,
    ) -> EntriesPage:
        """Give a page of the standings, and the cursors to the pages after and before it.

        Going on by cursors, no entry that did not move is skipped or repeated, whatever else moves meanwhile.
        `min_score` and `max_score` (both included) narrow what is listed; the ranks are those on the whole board. A
        cursor keeps them. Without a cursor the page begins at the first entry whose rank is at least `from_rank`.

        Raises:
            CursorStale: the cursor belongs to another period, or the board's rules have changed.
        """
        request = page_request(limit, cursor, from_rank, min_score, max_score, metadata=metadata)
        page = await self._store.page(BoardName.parse(board), request, self._choice(window, period))
        return EntriesPage(page.entries, page.next and page.next.text(), page.previous and page.previous.text())

    async def member(
        self, board: str, member: str, *, window: str | None = None, period: str | None = None
    ) -> MemberDetails:
        """Give all about a member: its entry with metadata, its percentile, its first and last update.

        Raises:
            MemberNotFound: the member is not on the board.
        """
        choice = self._choice(window, period)
        details = await self._store.member(BoardName.parse(board), MemberName.parse(member), choice)
        if details is None:
            raise MemberNotFound(board, member)
        return details

    async def around(  # noqa: PLR0913 -- each names one thing that may be asked for
        self,
        board: str,
        member: str,
        above: int = 5,
        below: int = 5,
        *,
        window: str | None = None,
        period: str | None = None,
        metadata: bool = False,
    ) -> list[Entry]:
        """Give the member's entry with up to `above` entries (≥ 0) before it and `below` after it.

        Raises:
            MemberNotFound: the member is not on the board.
        """
        for name, count in (("above", above), ("below", below)):
            if count < 0:
                raise InvalidArgument(f"{name} is {count}; it must be at least 0")
        choice = self._choice(window, period)
        entries = await self._store.around(
            BoardName.parse(board), MemberName.parse(member), above, below, choice, metadata=metadata
        )
        if not entries:
            raise MemberNotFound(board, member)
        return entries

    async def lookup(
        self,
        board: str,
        members: Iterable[str],
        *,
        window: str | None = None,
        period: str | None = None,
        metadata: bool = False,
    ) -> Lookup:
        """Give the places of up to 1,000 members, in the board's order, and who is absent; each is told of once."""
        names = list(dict.fromkeys(MemberName.parse(member) for member in members))
        if len(names) > MAX_LOOKUP:
            raise InvalidArgument(f"{len(names)} members are asked for; at most {MAX_LOOKUP} are allowed")
        return await self._store.lookup(BoardName.parse(board), names, self._choice(window, period), metadata=metadata)

    async def stats(
        self,
        board: str,
        percentiles: Sequence[float] = DEFAULT_PERCENTILES,
        bins: int = DEFAULT_BINS,
        *,
        window: str | None = None,
        period: str | None = None,
    ) -> Stats:
        """Tell the extremes, the scores at up to 100 `percentiles` (0 to 100), and a histogram of 1 to 100 `bins`."""
        if not 1 <= bins <= MAX_BINS:
            raise InvalidArgument(f"bins is {bins}; it must be from 1 to {MAX_BINS}")
        if len(percentiles) > MAX_PERCENTILES:
            raise InvalidArgument(f"there are {len(percentiles)} percentiles; at most {MAX_PERCENTILES} are allowed")
        parsed = [parse_number(percentile, "percentile") for percentile in percentiles]
        for percentile in parsed:
            if not 0 <= percentile <= 100:  # noqa: PLR2004 -- of a hundred
                raise InvalidArgument(f"percentile {percentile} is not from 0 to 100")
        return await self._store.stats(BoardName.parse(board), parsed, bins, self._choice(window, period))

    async def periods(self, board: str, window: str) -> list[Period]:
        """Give the periods of `window` that have members and can be read, the latest first; archives by name."""
        return await self._store.periods(BoardName.parse(board), window, self._now())

    async def boards(self, limit: int = 100, *, after: str = "") -> list[BoardSize]:
        """Give up to `limit` boards by name, from the first after `after` on, each with its number of members."""
        return await self._store.boards(after, at_least_1(limit), self._now())

    async def discover(self) -> None:
        """Find boards that others than goboard wrote, so that `boards` lists them; it takes as long as it takes."""
        await self._store.discover()

    async def check(self) -> None:
        """Raise `StoreUnavailable` where the store gives no sign of life."""
        await self._store.check()

    async def close(self) -> None:
        """Give back the store's connections."""
        await self._store.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _one(self, board: str, submitted: Submission) -> Outcome:
        [outcome] = await self._store.submit_many(BoardName.parse(board), [submitted], self._now())
        if isinstance(outcome, UpdateRefused):
            raise outcome
        return outcome

    def _choice(self, window: str | None, period: str | None) -> PeriodChoice:
        return PeriodChoice(self._now(), window, period)
