"""The store on Redis."""

from asyncio import Future, gather
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Self, TypeVar

from goboard.adapters.redis import questions
from goboard.adapters.redis.batch import Batcher
from goboard.adapters.redis.changes import RuleChanges
from goboard.adapters.redis.connection import Connections
from goboard.adapters.redis.index import BoardIndex
from goboard.adapters.redis.keys import checked_prefix, index_key
from goboard.adapters.redis.queries import Queries, Question
from goboard.adapters.redis.reads import Reader
from goboard.adapters.redis.replies import RuledReplies
from goboard.adapters.redis.rulebook import UNRULED, KnownRules, Rulebook, Stale
from goboard.adapters.redis.sights import sight
from goboard.adapters.redis.snapshots import TopSnapshots
from goboard.adapters.redis.writes import ARCHIVE, DELETE, NOTHING, REMOVE
from goboard.domain.errors import (
    ArchiveExists,
    CursorStale,
    InvalidArgument,
    PeriodNotFound,
    StoreCorrupt,
    StoreError,
    StoreUnavailable,
    UpdateRefused,
)
from goboard.domain.idempotency import IdempotencyKey, Keys, Retention
from goboard.domain.names import ArchiveName, BoardName, MemberName
from goboard.domain.pages import Page, PageRequest
from goboard.domain.periods import ALL, Period, PeriodChoice, single_spaced
from goboard.domain.rules import BoardRules, Rules
from goboard.domain.standings import BoardSize, Entry, Lookup, MemberDetails, Outcome, Stats, Submission
from goboard.domain.views import Sight, View
from goboard.ports.measures import UNMEASURED, StoreMeasures
from goboard.ports.spans import StoreSpans

_Answer = TypeVar("_Answer")
_RETENTION = Retention()


class RedisBoardStore:
    """A `BoardStore` on a Redis (7.0 or newer) or Valkey (7.2 or newer) server.

    Writes to a board that come while others are under way are sent together. They keep the order of the calls,
    deletions too, so a list of hundreds of thousands of changes holds up the board's later writes; those that it
    holds up for more than 1.5 s are refused with `StoreUnavailable`. A list over 500 changes of which only a part
    was applied fails with `OutcomeUnknown`. Reads of a board that come while others are under way are sent together
    too; they do not wait for writes, and who has awaited a write sees it.

    While standings are brought into the form that new rules ask for, writes wait for up to a second, and are then
    refused with `BoardBusy`; what others than goboard write to the board meanwhile may be lost.
    """

    def __init__(
        self,
        connections: Connections,
        *,
        prefix: str = "prod:",
        top_snapshot: float = 0,
        retention: Retention = _RETENTION,
    ) -> None:
        self._prefix = checked_prefix(prefix)
        self._connections = connections
        self._rulebook = Rulebook()
        self._index = BoardIndex(connections, prefix)
        self._batcher = Batcher(connections, prefix, self._rulebook, self._index, retention)
        self._reader = Reader(connections, prefix, self._rulebook, TopSnapshots(top_snapshot))
        self._queries = Queries(connections, prefix, self._rulebook)
        self._changes = RuleChanges(connections, prefix, self._rulebook, self._index)

    @classmethod
    def from_url(  # noqa: PLR0913 -- where the store is, how it is used, and who hears of it
        cls,
        url: str,
        *,
        prefix: str = "prod:",
        top_snapshot: float = 0,
        retention: Retention = _RETENTION,
        measures: StoreMeasures = UNMEASURED,
        spans: StoreSpans | None = None,
    ) -> Self:
        """Make a store at `url`, its keys beginning with `prefix`.

        It is a server (redis://, rediss:// or unix://), the primary that Sentinels name
        (redis+sentinel://host:port,host:port/service) or a Cluster (redis+cluster://host:port,host:port); rediss+...
        encrypts.

        It connects when it is first used. With `top_snapshot` over 0, `top` of a board without rules may answer with
        what it read up to so many seconds ago, so that any number of callers costs the server one read in that time.
        `retention` says how long updates with keys are known again; stores of the same boards should have the same.
        `measures` hears of every call, `spans` for whom it was made.

        Raises:
            InvalidArgument: the URL is not understood, or the prefix has braces.
        """
        connections = Connections.from_url(url, measures, spans)
        return cls(connections, prefix=prefix, top_snapshot=top_snapshot, retention=retention)

    def increment(
        self, board: BoardName, member: MemberName, delta: float, at: float, key: IdempotencyKey | None = None
    ) -> Future[Entry]:
        return self._batcher.put_increment(board, member, delta, at, key)

    def increment_many(
        self, board: BoardName, deltas: Sequence[tuple[MemberName, float]], at: float, keys: Keys | None = None
    ) -> Future[list[Entry | UpdateRefused]]:
        return self._batcher.put_increments(board, deltas, at, keys)

    def submit_many(
        self, board: BoardName, submissions: Sequence[Submission], at: float
    ) -> Future[list[Outcome | UpdateRefused]]:
        return self._batcher.put_submissions(board, submissions, at)

    async def remove(self, board: BoardName, member: MemberName, at: float) -> bool:
        return bool(await self._batcher.put_one(board, member, REMOVE, "", _number, at))

    async def delete(self, board: BoardName, at: float) -> bool:
        found = bool(await self._batcher.put_one(board, "", DELETE, "", _number, at))
        with suppress(StoreError):  # whoever lists boards would leave it out, and prune it then
            await self._index.prune(board)
        return found

    async def archive(self, board: BoardName, name: ArchiveName, choice: PeriodChoice) -> int:
        if choice.period is not None:
            raise InvalidArgument("only the current period can be archived; name no period")
        read = partial(_archived, board, choice.window or "")
        window = single_spaced(choice.window or "")
        result: int = await self._batcher.put_one(board, name, ARCHIVE, window, read, choice.at)
        return result

    async def rules(self, board: BoardName) -> BoardRules:
        return (await self._verified(board)).board_rules

    async def set_rules(self, board: BoardName, rules: Rules, at: float, *, force: bool) -> BoardRules:
        await self._batcher.put_one(board, "", NOTHING, "", _number, at)  # after what waits
        return await self._changes.set_rules(board, rules, at, force=force)

    async def top(self, board: BoardName, limit: int, choice: PeriodChoice, *, metadata: bool) -> list[Entry]:
        def ask(known: KnownRules) -> Future[list[Entry]]:
            if _is_hot(known, choice) and not metadata:
                return self._reader.top(board, limit)
            return self._queries.ask(board, known, questions.top(_place(known, choice), limit, metadata=metadata))

        return await self._current(board, ask)

    async def rank(self, board: BoardName, member: MemberName, choice: PeriodChoice) -> Entry | None:
        def ask(known: KnownRules) -> Future[Entry | None]:
            if _is_hot(known, choice):
                return self._reader.rank(board, member)
            return self._queries.ask(board, known, questions.rank(_place(known, choice), member))

        return await self._current(board, ask)

    async def count(self, board: BoardName, choice: PeriodChoice) -> int:
        def ask(known: KnownRules) -> Future[int]:
            if _is_hot(known, choice):
                return self._reader.count(board)
            return self._queries.ask(board, known, questions.count(_place(known, choice)))

        return await self._current(board, ask)

    async def page(self, board: BoardName, request: PageRequest, choice: PeriodChoice) -> Page:
        result: Page = await self._asked(board, lambda known: questions.page(known, _place(known, choice), request))
        return result

    async def member(self, board: BoardName, member: MemberName, choice: PeriodChoice) -> MemberDetails | None:
        result: MemberDetails | None = await self._asked(
            board, lambda known: questions.member(_place(known, choice), member)
        )
        return result

    async def around(  # noqa: PLR0913 -- the port's
        self, board: BoardName, member: MemberName, above: int, below: int, choice: PeriodChoice, *, metadata: bool
    ) -> list[Entry]:
        result: list[Entry] = await self._asked(
            board, lambda known: questions.around(_place(known, choice), member, above, below, metadata=metadata)
        )
        return result

    async def lookup(
        self, board: BoardName, members: Sequence[MemberName], choice: PeriodChoice, *, metadata: bool
    ) -> Lookup:
        result: Lookup = await self._asked(
            board, lambda known: questions.lookup(_place(known, choice), members, metadata=metadata)
        )
        return result

    async def see(self, board: BoardName, view: View, at: float) -> Sight:
        result: Sight = await self._asked(board, lambda known: sight(known, view, at))
        return result

    async def stats(self, board: BoardName, percentiles: Sequence[float], bins: int, choice: PeriodChoice) -> Stats:
        result: Stats = await self._asked(
            board, lambda known: questions.stats(_place(known, choice), percentiles, bins)
        )
        return result

    async def periods(self, board: BoardName, window: str, at: float) -> list[Period]:
        result: list[Period] = await self._asked(board, lambda known: questions.periods(known, window, at))
        return result

    async def boards(self, after: str, limit: int, at: float) -> list[BoardSize]:
        found: list[BoardSize] = []
        while len(found) < limit:
            names = await self._index.names(after, limit - len(found))
            if not names:
                break
            sizes = await gather(*[self._size(name, at) for name in names])
            found += [size for size in sizes if size is not None]
            after = names[-1]
        return found

    async def discover(self) -> None:
        await self._index.discover()

    async def check(self) -> None:
        key = index_key(self._prefix)  # any would do; in a Cluster there is none that no slot has
        async with self._connections.lease(key, board="", lost=StoreUnavailable) as link:
            await link.at(key, b"EXISTS", key)

    async def close(self) -> None:
        await self._changes.close()
        closing = (self._connections, self._batcher, self._reader, self._queries)
        await gather(*[each.close() for each in closing])

    async def _size(self, board: BoardName, at: float) -> BoardSize | None:
        """Give a board with its size; what has neither members nor rules is no board any more."""
        try:
            members = await self.count(board, PeriodChoice(at))
        except StoreCorrupt:
            return None
        if members or self._rulebook.get(board) is not UNRULED:
            return BoardSize(board, members)
        await self._index.prune(board)
        return None

    async def _asked(self, board: BoardName, question: Callable[[KnownRules], Question]) -> Any:
        return await self._current(board, lambda known: self._queries.ask(board, known, question(known)))

    async def _current(self, board: BoardName, ask: Callable[[KnownRules], Future[_Answer]]) -> _Answer:
        """Give what `ask` brings under the rules that the board has now."""
        while True:
            known = self._rulebook.get(board)
            try:
                return await ask(known)
            except Stale:
                continue
            except (InvalidArgument, CursorStale, PeriodNotFound):
                # By rules that may be those of a moment ago; it is the ones of now that count.
                if (await self._verified(board)).tag == known.tag:
                    raise

    async def _verified(self, board: BoardName) -> KnownRules:
        """Give the rules that the board has now."""
        while True:
            known = self._rulebook.get(board)
            try:
                await self._queries.ask(board, known, questions.count(ALL))
            except Stale:
                continue
            return known


def _is_hot(known: KnownRules, choice: PeriodChoice) -> bool:
    """Tell whether the reads that go-board has will do: they are faster."""
    return known is UNRULED and not choice.window and not choice.period


def _place(known: KnownRules, choice: PeriodChoice) -> str:
    return known.rules.chosen(choice).place


def _number(replies: RuledReplies, _member: str, at: int) -> int | None:
    return replies.number(at)


def _archived(board: BoardName, window: str, replies: RuledReplies, name: str, at: int) -> int:
    """Read the script's reply to setting standings aside.

    Raises:
        ArchiveExists, InvalidArgument: it was refused.
    """
    members = replies.number(at)
    if members is not None:
        return members
    if replies.word(at) != b"exists":
        replies.known.rules.window(window)
    raise ArchiveExists(board, name)
