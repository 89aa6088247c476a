"""The JSON on the wire: what is read and what is answered. A board is called `dashboard` here."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from goboard.domain.errors import InvalidArgument
from goboard.domain.standings import Entry
from goboard.entrypoints import problems, request_ids
from goboard.entrypoints.http.answers import refused
from goboard.entrypoints.problems import Problem
from goboard.entrypoints.updates import required

MAX_BODY_BYTES = 64 * 1024
MAX_BATCH_BYTES = 2 * 1024 * 1024
"""1,000 updates whose names have 256 bytes, each written as an escape of six characters, are 1.6 MB."""


MessageId = Annotated[str, msgspec.Meta(max_length=128)] | int
"""What a message may carry to be found again in its reply."""


class IncrementBody(msgspec.Struct):
    """The body of an increment. A number that is not finite, or none, is refused."""

    increment: float | None = None


class IncrementItem(msgspec.Struct):
    """One increment of a batch; what is no such thing keeps its place as one that is refused."""

    member_id: str | None = None
    increment: float | None = None
    op_id: str | None = None


class IncrementsBody(msgspec.Struct):
    """The body of a batch, read in one go: nearly every batch has no bad item."""

    increments: list[IncrementItem]


class RawIncrementsBody(msgspec.Struct):
    """The body of a batch, to be read item by item."""

    increments: list[msgspec.Raw]


class UpdateMessage(msgspec.Struct):
    """An update over a WebSocket, or, where there is an `op`, something else."""

    dashboard: str | None = None
    member_id: str | None = None
    increment: float | None = None
    op_id: str | None = None
    op: str | None = None
    id: MessageId | None = None


class Mark(msgspec.Struct):
    """What tells a message from others, whatever else there is in it."""

    op: Any = None
    id: Any = None

    @property
    def message_id(self) -> MessageId | None:
        """The id, where it is one."""
        try:
            identifier: MessageId | None = msgspec.convert(self.id, MessageId | None)
        except msgspec.ValidationError:
            return None
        return identifier


class MemberReply(msgspec.Struct):
    """A member's place: who was credited or asked for, the 1-based rank, the score."""

    member_id: str
    rank: int
    score: float


class MemberRecord(msgspec.Struct):
    """An entry of the standings."""

    id: str
    rank: int
    score: float
    metadata: dict[str, Any] | UnsetType = UNSET


class TopReply(msgspec.Struct):
    """Some places, best first."""

    members: list[MemberRecord]


class OutcomeReply(msgspec.Struct):
    """What came of one update among many: the member's place, or a problem alone."""

    member_id: str | UnsetType = UNSET
    rank: int | UnsetType = UNSET
    score: float | UnsetType = UNSET
    problem: "ProblemDetails | UnsetType" = UNSET


class ResultsReply(msgspec.Struct):
    """What came of the increments of a batch, each in its place."""

    results: list[OutcomeReply]


class ProblemDetails(msgspec.Struct):
    """RFC 9457, with a `code` for programs, and the request's id (of a WebSocket: the connection's)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str | UnsetType = UNSET


# Made once: a decoder or encoder made for each message would cost more than its use.
encode = msgspec.json.Encoder().encode
_increment_body = msgspec.json.Decoder(IncrementBody)
_increments_body = msgspec.json.Decoder(IncrementsBody)
_raw_increments_body = msgspec.json.Decoder(RawIncrementsBody)
_increment_item = msgspec.json.Decoder(IncrementItem)
_update_message = msgspec.json.Decoder(UpdateMessage)
_update_messages = msgspec.json.Decoder(list[UpdateMessage])
_mark = msgspec.json.Decoder(Mark)
_raw_messages = msgspec.json.Decoder(list[msgspec.Raw])

_BATCH_FORM = "the body must be a JSON object whose increments is an array"
_ITEM_FORM = (
    "an increment must be a JSON object with the text member_id, the number increment and, if any, the text op_id"
)
_UPDATE_FORM = (
    "the message must be a JSON object with the texts dashboard and member_id, the number increment and, if any, the"
    " text op_id, or with an op; its id, where there is one, is a text of up to 128 characters or an integer"
)


def read_increment(body: bytes) -> float:
    """Read the body of an increment.

    Raises:
        InvalidArgument: it is no JSON object with a finite number `increment`.
    """
    message: IncrementBody = read(_increment_body, body, "the body must be a JSON object whose increment is a number")
    return required(message.increment)


def read_increments(body: bytes) -> Sequence[IncrementItem | InvalidArgument]:
    """Read the body of a batch; an item that is no increment is a refusal in its place.

    Raises:
        InvalidArgument: it is no JSON object with an array `increments`.
    """
    try:
        whole: IncrementsBody = read(_increments_body, body, _BATCH_FORM)
    except InvalidArgument:
        raw: RawIncrementsBody = read(_raw_increments_body, body, _BATCH_FORM)
        return read_each(_increment_item, raw.increments, _ITEM_FORM)
    return whole.increments


def read_update(text: str) -> UpdateMessage:
    """Read an update from a WebSocket message.

    Raises:
        InvalidArgument: it is no JSON object of the form of an update.
    """
    message: UpdateMessage = read(_update_message, text, _UPDATE_FORM)
    return message


def read_mark(text: str) -> Mark | None:
    """Read the op and the id of a message whose form is not right otherwise; None: it is no JSON object."""
    try:
        return _mark.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def ids_of(messages: Sequence[UpdateMessage | InvalidArgument], text: str) -> Sequence[MessageId | None] | None:
    """Give the ids of an array's updates, also of those that are refused for their form; None: none has one."""
    ids: list[MessageId | None]
    if all(isinstance(message, UpdateMessage) for message in messages):
        ids = [message.id for message in messages if isinstance(message, UpdateMessage)]
    else:
        marks = (read_mark(bytes(item).decode()) for item in _raw_messages.decode(text))
        ids = [mark.message_id if mark else None for mark in marks]
    return None if all(each is None for each in ids) else ids


def is_array(text: str) -> bool:
    """Tell whether a message is (or begins as) a JSON array."""
    return text.startswith("[") or text.lstrip(" \t\r\n").startswith("[")


def read_updates(text: str) -> Sequence[UpdateMessage | InvalidArgument]:
    """Read an array of updates; an item that is none is a refusal in its place.

    Raises:
        InvalidArgument: it is no JSON array.
    """
    try:
        whole: list[UpdateMessage] = read(_update_messages, text, _UPDATE_FORM)
    except InvalidArgument:
        return read_each(_update_message, read(_raw_messages, text, _UPDATE_FORM), _UPDATE_FORM)
    return whole


def read_each(
    decoder: msgspec.json.Decoder[Any], items: list[msgspec.Raw], form: str
) -> Sequence[Any | InvalidArgument]:
    """Read each item; one that is not of the `form` is a refusal in its place."""
    return [_read_or_refuse(decoder, bytes(item), form) for item in items]


def _read_or_refuse(decoder: msgspec.json.Decoder[Any], item: bytes, form: str) -> Any | InvalidArgument:
    try:
        return read(decoder, item, form)
    except InvalidArgument as refusal:
        return refusal


def read(decoder: msgspec.json.Decoder[Any], message: bytes | str, form: str) -> Any:
    """Read a message; `form` tells the caller what it should have been.

    Raises:
        InvalidArgument: it is no JSON, or JSON of another form.
    """
    try:
        if isinstance(message, bytes):
            message.decode()  # msgspec lets invalid UTF-8 in a key that it skips pass
        return decoder.decode(message)
    except msgspec.ValidationError as exc:
        raise InvalidArgument(form) from exc
    except (msgspec.DecodeError, UnicodeError) as exc:
        raise InvalidArgument("malformed JSON") from exc
    except RecursionError as exc:
        raise InvalidArgument("the JSON is nested too deeply") from exc


def with_id(reply: bytes, identifier: MessageId | None) -> bytes:
    """Give the reply, a JSON object, with the id of the message that it answers, where that had one."""
    if identifier is None:
        return reply
    return reply[:-1] + b',"id":' + encode(identifier) + b"}"


def member_reply(entry: Entry) -> MemberReply:
    """Say an entry as the reply to its member."""
    member, score, rank, _ = entry
    return MemberReply(str(member), rank, score)  # msgspec writes no subclass of str


def outcome_reply(outcome: Entry | Exception, instance: str) -> OutcomeReply:
    """Say what came of one update among many; `instance` is what its problem is told to be at."""
    if isinstance(outcome, Entry):
        member, score, rank, _ = outcome
        return OutcomeReply(str(member), rank, score)
    return OutcomeReply(problem=problem_details(outcome, instance))


def problem_details(error: Exception, instance: str) -> ProblemDetails:
    """Say an error among outcomes; `instance` is what it is told to be at."""
    return told(problems.problem_for(error, instance), instance, request_ids.text())


def told(problem: Problem, instance: str, request_id: str | None = None) -> ProblemDetails:
    """Say a problem; `request_id` is left out of what several callers are told."""
    refused(instance, problem.kind.code)
    return ProblemDetails(**problem.members(instance, request_id))  # type: ignore[arg-type] # its own fields


def top_reply(entries: Sequence[Entry]) -> TopReply:
    """Say standings."""
    return TopReply(records(entries))


def records(entries: Sequence[Entry]) -> list[MemberRecord]:
    """Say each entry, with its metadata where it has some."""
    return [_record(*entry) for entry in entries]


def _record(member: str, score: float, rank: int, metadata: Mapping[str, Any] | None) -> MemberRecord:
    return MemberRecord(str(member), rank, score, UNSET if metadata is None else dict(metadata))
