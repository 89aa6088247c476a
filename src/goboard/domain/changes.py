"""What has changed in a view from one sight of it to another."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from goboard.domain.names import MemberName
from goboard.domain.standings import Entry


class Moved(NamedTuple):
    """An entry that is still there, with another rank, score or metadata."""

    entry: Entry
    """As it is now; metadata only where it has changed."""
    previous_rank: int


class Passed(NamedTuple):
    """Members that have passed another one."""

    members: Sequence[str]
    """Those within the view."""
    others: int
    """By how many ranks more the one passed has moved than these account for; 0 where it has moved the other way."""


class Difference(NamedTuple):
    """What leads from one sight to the next."""

    entered: Sequence[Entry]
    """In the board's order."""
    left: Sequence[str]
    moved: Sequence[Moved]
    """In the board's order."""
    overtaken: Passed | None = None
    """In a member's own view: whom the member overtook."""
    overtook: Passed | None = None
    """In a member's own view: who overtook the member."""


_Entries = Mapping[str, Entry]


def difference(before: Sequence[Entry], after: Sequence[Entry], own: MemberName | None) -> Difference | None:
    """Tell what leads from `before` to `after`, in the view of the member `own` (None: of nobody); None: nothing."""
    if before == after:
        return None
    old, new = ({entry.member: entry for entry in entries} for entries in (before, after))
    changed = Difference(
        [entry for entry in after if entry.member not in old],
        [member for member in old if member not in new],
        [_moved(old[entry.member], entry) for entry in after if old.get(entry.member, entry) != entry],
    )
    if own is None:
        return changed if any(changed[:3]) else None  # else equal ranks stand in another order, which is not told
    overtaken, overtook = _passed(old, new, own)
    return changed._replace(overtaken=overtaken, overtook=overtook) if any(changed[:3]) else None


def has_namesakes(entries: Sequence[Entry]) -> bool:
    """Tell whether two members are shown alike, as names may be that go-board stored outside our rules for them."""
    return len({entry.member for entry in entries}) != len(entries)


def _moved(before: Entry, after: Entry) -> Moved:
    metadata: Mapping[str, Any] | None = after.metadata
    if metadata == before.metadata:
        metadata = None
    elif metadata is None:
        metadata = {}  # it is gone
    return Moved(after._replace(metadata=metadata), before.rank)


def _passed(old: _Entries, new: _Entries, own: MemberName) -> tuple[Passed, Passed]:
    """Tell whom the member `own` has passed, and who has passed it.

    By name where both were in view before and after; the rest of the change of its rank is a number.
    """
    if own not in old or own not in new:
        return Passed([], 0), Passed([], 0)
    was, now = old[own].rank, new[own].rank
    both = old.keys() & new.keys() - {own}
    overtaken = [member for member in new if member in both and old[member].rank < was and new[member].rank > now]
    overtook = [member for member in new if member in both and old[member].rank > was and new[member].rank < now]
    rest = (now - was) - (len(overtook) - len(overtaken))
    # Only the way that it has moved: else members who left, and dense ranks that merged, would count as passed.
    return Passed(overtaken, max(0, -rest) if now < was else 0), Passed(overtook, max(0, rest) if now > was else 0)
