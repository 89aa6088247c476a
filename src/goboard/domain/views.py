"""Views: what of a board's standings somebody watches, and what it showed at a version of the board."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

from goboard.domain.errors import InvalidArgument
from goboard.domain.names import MemberName
from goboard.domain.periods import Period
from goboard.domain.standings import Entry

MAX_WATCHED = 100
"""Entries of one view: what changes goes to every watcher."""
MAX_NEIGHBOURS = 50
DEFAULT_TOP = 10
DEFAULT_NEIGHBOURS = 5


class Top(NamedTuple):
    """The first places."""

    limit: int
    """1 to 100."""


class Around(NamedTuple):
    """The run around a member; nothing while the member is not on the board."""

    member: MemberName
    above: int
    """0 to 50 entries before the member's."""
    below: int


class Members(NamedTuple):
    """The entries of some members, as far as they are on the board."""

    names: tuple[MemberName, ...]
    """1 to 100, each once."""


class View(NamedTuple):
    """What is watched of a board."""

    shows: Top | Around | Members
    window: str | None = None
    """None: the board's default window."""
    period: str | None = None
    """None: the current one, and when it ends the one after it."""
    metadata: bool = False
    """Whether members' metadata is shown."""

    @classmethod
    def top(cls, limit: int) -> Self:
        """View the first `limit` places.

        Raises:
            InvalidArgument: it is not from 1 to 100.
        """
        return cls(Top(_within("top", limit, 1, MAX_WATCHED)))

    @classmethod
    def around(cls, member: str, above: int = DEFAULT_NEIGHBOURS, below: int = DEFAULT_NEIGHBOURS) -> Self:
        """View the run around a member.

        Raises:
            InvalidArgument: `member` is no name, or the others are not from 0 to 50.
        """
        return cls(
            Around(
                MemberName.parse(member),
                _within("above", above, 0, MAX_NEIGHBOURS),
                _within("below", below, 0, MAX_NEIGHBOURS),
            )
        )

    @classmethod
    def members(cls, names: Iterable[str]) -> Self:
        """View the entries of some members; one that is named twice counts once.

        Raises:
            InvalidArgument: one is no name, or there are not 1 to 100.
        """
        parsed = tuple(dict.fromkeys(MemberName.parse(name) for name in names))
        _within("the number of members", len(parsed), 1, MAX_WATCHED)
        return cls(Members(parsed))

    def within(self, window: str | None, period: str | None) -> Self:
        """Give the same view of another window or period."""
        return self._replace(window=window, period=period)

    def with_metadata(self) -> Self:
        """Give the same view, showing metadata."""
        return self._replace(metadata=True)

    @property
    def size(self) -> int:
        """How many entries it shows at most."""
        shows = self.shows
        if isinstance(shows, Top):
            return shows.limit
        return len(shows.names) if isinstance(shows, Members) else shows.above + 1 + shows.below

    @property
    def own(self) -> MemberName | None:
        """The member whose view it is: who overtakes it, and whom it overtakes, is told."""
        shows = self.shows
        if isinstance(shows, Around):
            return shows.member
        return shows.names[0] if isinstance(shows, Members) and len(shows.names) == 1 else None


class Version(NamedTuple):
    """A board's version: within an epoch it rises with every batch that is applied."""

    epoch: str
    """Renewed whenever the store may have lost writes, or the board was deleted: numbers may come again then."""
    number: int
    """0: nothing was written by goboard yet."""


class Sight(NamedTuple):
    """What a view showed at one moment."""

    version: Version
    period: Period
    entries: Sequence[Entry]
    """Best first."""


def _within(what: str, value: int, low: int, high: int) -> int:
    if not low <= value <= high:
        raise InvalidArgument(f"{what} is {value}; it must be from {low} to {high}")
    return value
