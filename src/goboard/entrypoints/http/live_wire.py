"""Live standings on the wire: what a watcher asks for, and the JSON that it is sent."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from goboard.domain.changes import Moved, Passed
from goboard.domain.errors import InvalidArgument
from goboard.domain.views import DEFAULT_NEIGHBOURS, DEFAULT_TOP, Around, Top, View
from goboard.entrypoints import problems
from goboard.entrypoints.http import wire
from goboard.live import Change, Ended, Message, Snapshot


class MovedRecord(msgspec.Struct):
    """An entry that is still in the view, with another rank, score or metadata."""

    id: str
    rank: int
    score: float
    previous_rank: int
    metadata: dict[str, Any] | UnsetType = UNSET
    """Where it has changed."""


class PassedRecord(msgspec.Struct):
    """Members that passed another: those in view by name, and by how many ranks more the one passed has moved."""

    members: Sequence[str]
    others: int


class SnapshotMessage(msgspec.Struct, tag_field="type", tag="snapshot"):
    """All that a view shows."""

    dashboard: str
    view: dict[str, Any]
    window: str
    period: str
    epoch: str
    version: int
    members: list[wire.MemberRecord]


class ChangeMessage(msgspec.Struct, tag_field="type", tag="change"):
    """What leads from version `from` to version `to` of the same epoch."""

    dashboard: str
    view: dict[str, Any]
    epoch: str
    since: int = msgspec.field(name="from")
    to: int
    entered: list[wire.MemberRecord]
    left: Sequence[str]
    moved: list[MovedRecord]
    overtaken: PassedRecord | UnsetType = UNSET
    overtook: PassedRecord | UnsetType = UNSET


class EndedMessage(msgspec.Struct, tag_field="type", tag="ended"):
    """The watch is over."""

    dashboard: str
    view: dict[str, Any]
    problem: wire.ProblemDetails


class UnwatchedMessage(msgspec.Struct, tag_field="type", tag="unwatched"):
    """The answer to an unwatch: how many watches ended."""

    watches: int


# Beyond these a value is not repeated in a refusal.
_Number = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
_Text = Annotated[str, msgspec.Meta(max_length=256)]


class WatchRequest(msgspec.Struct):
    """What a watch, or an unwatch, is of."""

    dashboard: str | None = None
    top: _Number | None = None
    around: str | None = None
    above: _Number | None = None
    below: _Number | None = None
    members: list[str] | None = None
    window: _Text | None = None
    period: _Text | None = None
    metadata: bool | None = None

    @property
    def names_a_view(self) -> bool:
        """Whether anything but a board is named."""
        shows = (self.top, self.around, self.above, self.below, self.members)
        return any(each is not None for each in shows) or any((self.window, self.period, self.metadata))

    def view(self) -> View:
        """Give the view that is asked for; where none is, the first 10.

        Raises:
            InvalidArgument: several are, or one is not allowed.
        """
        if sum(each is not None for each in (self.top, self.around, self.members)) > 1:
            raise InvalidArgument("top, around and members are each a view of their own; say one of them")
        if self.around is None and (self.above is not None or self.below is not None):
            raise InvalidArgument("above and below belong to around; say around, too")
        view = self._shown().within(self.window or None, self.period or None)
        return view.with_metadata() if self.metadata else view

    def _shown(self) -> View:
        if self.around is not None:
            above = DEFAULT_NEIGHBOURS if self.above is None else self.above
            below = DEFAULT_NEIGHBOURS if self.below is None else self.below
            return View.around(self.around, above, below)
        if self.members is not None:
            return View.members(self.members)
        return View.top(DEFAULT_TOP if self.top is None else self.top)


def text_of(message: Message, instance: str) -> str:
    """Say a message about a view as JSON; `instance` is where a problem in it is told to be."""
    return wire.encode(_said(message, instance)).decode()


def view_record(view: View) -> dict[str, Any]:
    """Say a view as it was asked for, with what was left out."""
    record: dict[str, Any] = _shown_record(view)
    if view.window is not None:
        record["window"] = view.window
    if view.period is not None:
        record["period"] = view.period
    if view.metadata:
        record["metadata"] = True
    return record


def _shown_record(view: View) -> dict[str, Any]:
    shows = view.shows
    if isinstance(shows, Top):
        return {"top": shows.limit}
    if isinstance(shows, Around):
        return {"around": str(shows.member), "above": shows.above, "below": shows.below}
    return {"members": [str(name) for name in shows.names]}


def _said(message: Message, instance: str) -> msgspec.Struct:
    board, view = str(message.board), view_record(message.view)
    if isinstance(message, Snapshot):
        (epoch, number), period, entries = message.sight
        return SnapshotMessage(board, view, period.window, period.name, epoch, number, wire.records(entries))
    if isinstance(message, Change):
        return _change(board, view, message)
    assert isinstance(message, Ended)  # noqa: S101 -- there are three
    problem = problems.problem_for(message.error, instance)
    return EndedMessage(board, view, wire.told(problem, instance))  # without a request's id: it goes to all who watch


def _change(board: str, view: dict[str, Any], message: Change) -> ChangeMessage:
    entered, left, moved, overtaken, overtook = message.difference
    return ChangeMessage(
        dashboard=board,
        view=view,
        epoch=message.since.epoch,
        since=message.since.number,
        to=message.sight.version.number,
        entered=wire.records(entered),
        left=[str(member) for member in left],
        moved=[_moved(each) for each in moved],
        overtaken=_passed(overtaken),
        overtook=_passed(overtook),
    )


def _moved(moved: Moved) -> MovedRecord:
    (member, score, rank, metadata), previous = moved
    return MovedRecord(str(member), rank, score, previous, _or_unset(metadata))


def _or_unset(metadata: Mapping[str, Any] | None) -> dict[str, Any] | UnsetType:
    return UNSET if metadata is None else dict(metadata)


def _passed(passed: Passed | None) -> PassedRecord | UnsetType:
    return UNSET if passed is None else PassedRecord([str(member) for member in passed.members], passed.others)
