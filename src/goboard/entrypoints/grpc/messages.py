"""What the domain's words are on the wire, and back."""

import math
from collections.abc import Iterable, Mapping
from typing import Any, cast

import msgspec
from google.protobuf.message import Message

from goboard.domain.errors import InvalidArgument
from goboard.domain.periods import Period
from goboard.domain.rules import BoardRules, Rules
from goboard.domain.standings import Entry, MemberDetails, Outcome
from goboard.entrypoints.grpc import codec, refusals
from goboard.entrypoints.grpc.generated import dashboard

GetMemberResponse = codec.wire_type(dashboard.GetMemberResponse)
MemberRecord = codec.wire_type(dashboard.MemberRecord)
PeriodMessage = codec.wire_type(dashboard.Period)
RulesMessage = codec.wire_type(dashboard.Rules)
SubmissionResult = codec.wire_type(dashboard.SubmissionResult)

_metadata = msgspec.json.Decoder(dict[str, Any])


def read_metadata(text: str) -> Mapping[str, Any] | None:
    """Read a member's metadata; None: empty text, there is none.

    Raises:
        InvalidArgument: it is no JSON object.
    """
    if not text:
        return None
    try:
        return _metadata.decode(text)
    except msgspec.ValidationError as exc:
        raise InvalidArgument("metadata must be a JSON object") from exc
    except (msgspec.DecodeError, UnicodeError) as exc:
        raise InvalidArgument("metadata is malformed JSON") from exc
    except RecursionError as exc:
        raise InvalidArgument("metadata is nested too deeply") from exc


def metadata_text(metadata: Mapping[str, Any] | None) -> str:
    """Say a member's metadata; empty: there is none."""
    return "" if metadata is None else msgspec.json.encode(metadata).decode()


def records(entries: Iterable[Entry]) -> list[dashboard.MemberRecord]:
    """Say standings."""
    return [
        MemberRecord(member_id=member, rank=rank, score=score, metadata=metadata_text(metadata))
        for member, score, rank, metadata in entries
    ]


def member_details(details: MemberDetails) -> dashboard.GetMemberResponse:
    """Say all about a member."""
    (member, score, rank, metadata), percentile, first, last = details
    return GetMemberResponse(
        member_id=member,
        rank=rank,
        score=score,
        metadata=metadata_text(metadata),
        percentile=percentile,
        first_update_ms=_milliseconds(first) or 0,
        last_update_ms=_milliseconds(last) or 0,
    )


def outcome_fields(outcome: Outcome) -> dict[str, Any]:
    """Say what a submission has come to, in the fields that all messages about one have."""
    member, score, rank, improved, kept = outcome
    return {"member_id": member, "rank": rank or 0, "score": score, "improved": improved, "kept": kept}


def submission_result(outcome: Outcome | Exception, instance: str) -> dashboard.SubmissionResult:
    """Say what has come of one submission among many; `instance` is what its problem is told to be at."""
    if isinstance(outcome, Outcome):
        return SubmissionResult(**outcome_fields(outcome))
    return SubmissionResult(problem=codec.problem_details(refusals.problem_for(outcome, instance), instance))


def period_message(period: Period) -> dashboard.Period:
    """Say a period."""
    return PeriodMessage(name=period.name, start_ms=_milliseconds(period.start), end_ms=_milliseconds(period.end))


def read_rules(request: dashboard.SetRulesRequest) -> Rules:
    """Read rules; what is unset has its default.

    Raises:
        InvalidArgument: there is no such message, or it breaks a rule.
    """
    message = cast("Message | None", codec.optional(request, "rules"))
    if message is None:
        raise InvalidArgument("rules are required; an empty message means all defaults")
    said = {field.name: value for field, value in message.ListFields()}
    if "windows" in said:
        said["windows"] = list(said["windows"])
    if "attempts" in said:
        said["attempts"] = {"max": said["attempts"].max, "window": said["attempts"].window}
    return Rules.parse(said)


def rules_fields(found: BoardRules) -> dict[str, Any]:
    """Say a board's rules, every one of them, and their revision."""
    return {"revision": found.revision, "rules": RulesMessage(**found.rules.said())}


def _milliseconds(seconds: float | None) -> int | None:
    """Give an instant in whole milliseconds; None: there is none."""
    if seconds is None or not math.isfinite(seconds):
        return None
    return round(seconds * 1e6) // 1000  # in microseconds first, as datetime does: 1.001 s is 1000.999… ms
