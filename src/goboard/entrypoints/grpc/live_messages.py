"""What a watcher asks for, and what it is sent, on the wire."""

from goboard.domain.changes import Moved, Passed
from goboard.domain.views import DEFAULT_NEIGHBOURS, DEFAULT_TOP, View
from goboard.entrypoints.grpc import codec, messages
from goboard.entrypoints.grpc.base import named
from goboard.entrypoints.grpc.generated import dashboard
from goboard.live import Change, Message, Snapshot

Response = codec.wire_type(dashboard.WatchStandingsResponse)
SnapshotMessage = codec.wire_type(dashboard.StandingsSnapshot)
ChangeMessage = codec.wire_type(dashboard.StandingsChange)
MovedRecord = codec.wire_type(dashboard.MovedRecord)
PassedMessage = codec.wire_type(dashboard.Passed)


def read_view(request: dashboard.WatchStandingsRequest) -> View:
    """Read what is to be watched; where nothing is named, the first 10.

    Raises:
        InvalidArgument: it is not allowed.
    """
    view = _shown(request).within(request.window or None, request.period or None)
    return view.with_metadata() if request.metadata else view


def framed(message: Message) -> bytes:
    """Write a snapshot or a change, with gRPC's prefix."""
    assert isinstance(message, Snapshot | Change)  # noqa: S101 -- what has ended is told by the call's status
    return codec.framed(_snapshot(message) if isinstance(message, Snapshot) else _change(message))


def _shown(request: dashboard.WatchStandingsRequest) -> View:
    around: dashboard.Around | None = codec.optional(request, "around")
    members: dashboard.Members | None = codec.optional(request, "members")
    if around is not None:
        above, below = (_or_default(codec.optional(around, side)) for side in ("above", "below"))
        return View.around(named(around.member_id), above, below)
    if members is not None:
        return View.members(named(member_id) for member_id in members.member_ids)
    top: int | None = codec.optional(request, "top")
    return View.top(DEFAULT_TOP if top is None else top)


def _or_default(neighbours: int | None) -> int:
    return DEFAULT_NEIGHBOURS if neighbours is None else neighbours


def _snapshot(message: Snapshot) -> dashboard.WatchStandingsResponse:
    (epoch, number), period, entries = message.sight
    snapshot = SnapshotMessage(
        dashboard=message.board,
        window=period.window,
        period=period.name,
        epoch=epoch,
        version=number,
        members=messages.records(entries),
    )
    return Response(snapshot=snapshot)


def _change(message: Change) -> dashboard.WatchStandingsResponse:
    entered, left, moved, overtaken, overtook = message.difference
    change = ChangeMessage(
        dashboard=message.board,
        epoch=message.since.epoch,
        from_version=message.since.number,
        to_version=message.sight.version.number,
        entered=messages.records(entered),
        left=list(left),
        moved=[_moved(each) for each in moved],
        overtaken=_passed(overtaken),  # type: ignore[arg-type] # None leaves it unset
        overtook=_passed(overtook),  # type: ignore[arg-type] # the same
    )
    return Response(change=change)


def _moved(moved: Moved) -> dashboard.MovedRecord:
    (member, score, rank, metadata), previous = moved
    said = None if metadata is None else messages.metadata_text(metadata)
    return MovedRecord(member_id=member, rank=rank, score=score, previous_rank=previous, metadata=said)


def _passed(passed: Passed | None) -> dashboard.Passed | None:
    return None if passed is None else PassedMessage(member_ids=list(passed.members), others=passed.others)
