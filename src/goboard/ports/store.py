"""The port for storage."""

from asyncio import Future
from collections.abc import Sequence
from typing import Protocol

from goboard.domain.errors import UpdateRefused
from goboard.domain.idempotency import IdempotencyKey, Keys
from goboard.domain.names import ArchiveName, BoardName, MemberName
from goboard.domain.pages import Page, PageRequest
from goboard.domain.periods import Period, PeriodChoice
from goboard.domain.rules import BoardRules, Rules
from goboard.domain.standings import BoardSize, Entry, Lookup, MemberDetails, Outcome, Stats, Submission
from goboard.domain.views import Sight, View


class BoardStore(Protocol):
    """Keeps boards: each a set of members with a score, ranked by the board's rules (`domain.rules`).

    A board without rules has `DEFAULT_RULES`: highest score first, members of equal score by name, greatest bytes
    first (Redis's reverse order). A board comes to be with its first member and is gone with its last; its rules stay
    until it is deleted. A board with several windows has standings for each of their periods, and what is written
    counts in all that are current at `at`, the instant of the write in seconds since the epoch; what would be refused
    in one of them is refused in all. Each operation is atomic. Writes to one board take effect in the order of the
    calls within one store object.

    An update with a key is applied once: when one with the same key comes again within the store's `Retention`, it is
    answered as the first was, and nothing is applied, whatever has become of the board since. Kept with the update in
    one step, so that one is never there without the other. What was refused is not remembered. In place of an outcome
        IdempotencyMismatch: the key named another update (member, number, what is done with it, metadata) before.
        IdempotencyFull: the board remembers as many keys as it may, and the key is new.

    Reads are of the period that a `PeriodChoice` names, and may raise
        InvalidArgument: the board has no such window, or the window no such period.
        PeriodNotFound: the period has not begun, or is not kept any more.
    A period in which nobody submitted has no members.

    Every method may raise:
        StoreUnavailable: the store could not be asked; nothing was applied.
        OutcomeUnknown: the store was asked and did not answer (writes only).
        StoreCorrupt: something other than a board stands in the board's place.
    and every write
        BoardBusy: the board's rules are being changed; nothing was applied.
    """

    def increment(
        self, board: BoardName, member: MemberName, delta: float, at: float, key: IdempotencyKey | None = None
    ) -> Future[Entry]:
        """Add `delta` (finite) to the member's score, a new member's being 0, and tell score and rank after it.

        Both are those of the board's default window. The update is under way when this returns, so that a caller can
        have many in flight without a task for each; the future brings the entry or the error. A future that was
        cancelled before its update was sent applies nothing.

        Raises (through the future), with nothing changed:
            ScoreOutOfRange: the score would leave its bounds.
            IncrementTooLarge: `delta` is over the rules' max_increment.
            OperatorMismatch: the board's operator is another.
            AttemptsExhausted: the member has none left.
            IdempotencyMismatch, IdempotencyFull: as above.
        """
        ...

    def increment_many(
        self, board: BoardName, deltas: Sequence[tuple[MemberName, float]], at: float, keys: Keys | None = None
    ) -> Future[list[Entry | UpdateRefused]]:
        """Do the increments in order and give each one's outcome in its place; under way when this returns.

        `keys` are as many as `deltas`; None: none has one.

        One that is refused leaves the others alone. Each entry holds score and rank right after its own
        increment. Each increment is atomic; a long list as a whole is not.
        """
        ...

    def submit_many(
        self, board: BoardName, submissions: Sequence[Submission], at: float
    ) -> Future[list[Outcome | UpdateRefused]]:
        """Apply the submissions in order and give each one's outcome in its place; under way when this returns.

        As `increment_many`, with the board's operator: increment adds; set overwrites; best overwrites what is worse
        by the board's order, and else changes neither score nor place. A submission that says `overwrite` sets the
        score in every window and is no attempt. A tie position changes when the score does, and only then. Where more
        members are on a period's standings than the rules' capacity, the worst goes, after each submission.
        Metadata replaces what the member had, as far as the member is kept; it goes when the member has gone from all
        periods that can be read.
        """
        ...

    async def remove(self, board: BoardName, member: MemberName, at: float) -> bool:
        """Take the member off every period's and archive's standings, with every trace of it; False: there was none."""
        ...

    async def delete(self, board: BoardName, at: float) -> bool:
        """Delete the board with all that belongs to it, its rules and archives too; False: it had no members.

        Members in closed periods that can be read, and in archives, count.
        """
        ...

    async def archive(self, board: BoardName, name: ArchiveName, choice: PeriodChoice) -> int:
        """Set the current standings of a window aside under `name`, and begin it afresh; tell how many members.

        They stay readable as period `name` of the window `archive`, ranked as they were whatever the rules become.
        Nothing happens where there are no members. Attempts that counted in the window begin afresh too.

        Raises:
            ArchiveExists: there is one of this name.
            InvalidArgument: `choice` names no window of the board, or it names a period.
        """
        ...

    async def rules(self, board: BoardName) -> BoardRules:
        """Give the board's rules, `DEFAULT_RULES` with revision 0 where none were set."""
        ...

    async def set_rules(self, board: BoardName, rules: Rules, at: float, *, force: bool) -> BoardRules:
        """Put `rules` in place of those that the board has; a change raises the revision by one.

        Standings are kept, in the form that the new rules ask for; what was in no order but the old one's keeps it.
        Periods of windows that go, and with a change of timezone or week_starts of all windows but `all`, are deleted.
        Archives stay as they are.

        Raises:
            RulesConflict: `force` is not said, there are members in current or closed periods, and order, operator,
                ties, windows, timezone or week_starts change, or capacity is under the number of members.
        """
        ...

    async def top(self, board: BoardName, limit: int, choice: PeriodChoice, *, metadata: bool) -> list[Entry]:
        """Give the first `limit` (≥ 1) entries, best first; an unknown board has none."""
        ...

    async def rank(self, board: BoardName, member: MemberName, choice: PeriodChoice) -> Entry | None:
        """Give the member's entry, score and rank of one moment; None: it is not on the board."""
        ...

    async def count(self, board: BoardName, choice: PeriodChoice) -> int:
        """Tell how many members the board has; an unknown board has 0."""
        ...

    async def page(self, board: BoardName, request: PageRequest, choice: PeriodChoice) -> Page:
        """Give a run of entries within the range of scores, best first, with their ranks on the whole board.

        Going on by cursors, no entry that did not move is skipped or repeated, whatever else moved meanwhile.

        Raises:
            CursorStale: the cursor belongs to another period, or the rules have changed.
        """
        ...

    async def member(self, board: BoardName, member: MemberName, choice: PeriodChoice) -> MemberDetails | None:
        """Give all about a member, its metadata included; None: it is not on the board."""
        ...

    async def around(  # noqa: PLR0913 -- each names one thing that may be asked for
        self, board: BoardName, member: MemberName, above: int, below: int, choice: PeriodChoice, *, metadata: bool
    ) -> list[Entry]:
        """Give the member's entry with up to `above` entries before and `below` after it; none: it is not there."""
        ...

    async def lookup(
        self, board: BoardName, members: Sequence[MemberName], choice: PeriodChoice, *, metadata: bool
    ) -> Lookup:
        """Give the entries of `members`, each once, in the board's order, and who is absent."""
        ...

    async def see(self, board: BoardName, view: View, at: float) -> Sight:
        """Tell what the view shows, and the board's version, both of the same moment.

        A board that nobody has written to has the number 0. The number rises with every call that writes, also where
        it changes nothing that a view shows; what others than goboard write raises no number.
        """
        ...

    async def stats(self, board: BoardName, percentiles: Sequence[float], bins: int, choice: PeriodChoice) -> Stats:
        """Tell the extremes, the scores at `percentiles` (each 0 to 100) and a histogram of `bins` (≥ 1) equal bars."""
        ...

    async def periods(self, board: BoardName, window: str, at: float) -> list[Period]:
        """Give the periods of `window` that have members and can be read, the latest first; archives by name.

        Raises:
            InvalidArgument: the board has no such window.
        """
        ...

    async def boards(self, after: str, limit: int, at: float) -> list[BoardSize]:
        """Give up to `limit` boards that have members in the current period of their default window, or have rules.

        They come by name, in byte order, from the first after `after` on. Boards that others than goboard wrote are
        among them once `discover` has seen them.
        """
        ...

    async def discover(self) -> None:
        """Find boards that others than goboard wrote, slice by slice, however long that takes."""
        ...

    async def check(self) -> None:
        """Ask the store for a sign of life, within 2 seconds."""
        ...

    async def close(self) -> None:
        """Give back connections. What is under way is answered or fails; afterwards the store is of no use."""
        ...
