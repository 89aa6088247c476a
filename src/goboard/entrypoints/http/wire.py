"""The JSON on the wire: what is read and what is answered. A board is called `dashboard` here."""

from typing import Any

import msgspec

from goboard.domain.errors import InvalidArgument
from goboard.domain.standings import Entry

MAX_BODY_BYTES = 64 * 1024


class IncrementBody(msgspec.Struct):
    """The body of an increment. A number that is not finite, or none, is refused."""

    increment: float | None = None


class UpdateMessage(msgspec.Struct):
    """An update over a WebSocket."""

    dashboard: str | None = None
    member_id: str | None = None
    increment: float | None = None


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


class TopReply(msgspec.Struct):
    """The first places, best first."""

    members: list[MemberRecord]


class StatsReply(msgspec.Struct):
    """How many members a board has."""

    total_members: int


class ProblemDetails(msgspec.Struct):
    """RFC 9457, with a `code` for programs."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str


encode = msgspec.json.Encoder().encode
_increment_body = msgspec.json.Decoder(IncrementBody)
_update_message = msgspec.json.Decoder(UpdateMessage)


def read_increment(body: bytes) -> float:
    """Read the body of an increment.

    Raises:
        InvalidArgument: it is no JSON object with a finite number `increment`.
    """
    message: IncrementBody = _read(_increment_body, body, "the body must be a JSON object whose increment is a number")
    return required_increment(message.increment)


def read_update(text: str) -> UpdateMessage:
    """Read an update from a WebSocket message.

    Raises:
        InvalidArgument: it is no JSON object of the form of an update.
    """
    message: UpdateMessage = _read(
        _update_message,
        text,
        "the message must be a JSON object with the texts dashboard and member_id and the number increment",
    )
    return message


def required_increment(increment: float | None) -> float:
    """Give `increment` back.

    Raises:
        InvalidArgument: it is missing or null.
    """
    if increment is None:
        raise InvalidArgument("increment is required")
    return increment


def _read(decoder: msgspec.json.Decoder[Any], message: bytes | str, form: str) -> Any:
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


def member_reply(entry: Entry) -> MemberReply:
    """Say an entry as the reply to its member."""
    return MemberReply(str(entry.member), entry.rank, entry.score)  # msgspec writes no subclass of str


def top_reply(entries: list[Entry]) -> TopReply:
    """Say standings."""
    return TopReply([MemberRecord(str(entry.member), entry.rank, entry.score) for entry in entries])
