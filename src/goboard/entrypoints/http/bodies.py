"""The JSON that is read beyond go-board's: scores, lookups, rules, archives."""

from collections.abc import Sequence
from typing import Any

import msgspec

from goboard.domain.errors import InvalidArgument
from goboard.entrypoints.http.wire import read, read_each
from goboard.entrypoints.updates import MAX_UPDATES

MAX_SCORES_BYTES = 4 * 1024 * 1024
"""1,000 scores with names of 256 bytes and metadata of 1 KiB are 3.9 MB where letters are written as escapes."""


class ScoreBody(msgspec.Struct):
    """The body of a score."""

    score: float | None = None
    metadata: dict[str, Any] | None = None

    def submitted(self) -> tuple[float, dict[str, Any] | None]:
        """Give score and metadata.

        Raises:
            InvalidArgument: there is no score.
        """
        if self.score is None:
            raise InvalidArgument("score is required")
        return self.score, self.metadata


class ScoreItem(ScoreBody):
    """One score among many."""

    member_id: str | None = None
    op_id: str | None = None


class ScoresBody(msgspec.Struct):
    """The body of many scores, read in one go: nearly always none is bad."""

    scores: list[ScoreItem]


class RawScoresBody(msgspec.Struct):
    """The body of many scores, to be read one by one."""

    scores: list[msgspec.Raw]


class LookupBody(msgspec.Struct):
    """Who is asked for."""

    member_ids: list[str]


class ArchiveBody(msgspec.Struct):
    """What is set aside, and under which name."""

    name: str
    window: str | None = None


_score_body = msgspec.json.Decoder(ScoreBody)
_score_item = msgspec.json.Decoder(ScoreItem)
_scores_body = msgspec.json.Decoder(ScoresBody)
_raw_scores_body = msgspec.json.Decoder(RawScoresBody)
_lookup_body = msgspec.json.Decoder(LookupBody)
_archive_body = msgspec.json.Decoder(ArchiveBody)
_rules_body = msgspec.json.Decoder(dict[str, Any])

_SCORE_FORM = "the body must be a JSON object with the number score and, if any, the object metadata"
_ITEM_FORM = (
    "a score must be a JSON object with the text member_id, the number score and, if any, the object metadata and"
    " the text op_id"
)
_SCORES_FORM = "the body must be a JSON object whose scores is an array"


def read_score(body: bytes) -> tuple[float, dict[str, Any] | None]:
    """Read the body of a score: score and metadata.

    Raises:
        InvalidArgument: it is no JSON object with a finite number `score`, or its metadata is no object.
    """
    said: ScoreBody = read(_score_body, body, _SCORE_FORM)
    return said.submitted()


def read_scores(body: bytes) -> Sequence[ScoreItem | InvalidArgument]:
    """Read the body of many scores; an item that is no score is a refusal in its place.

    Raises:
        InvalidArgument: it is no JSON object with an array `scores`.
    """
    try:
        whole: ScoresBody = read(_scores_body, body, _SCORES_FORM)
    except InvalidArgument:
        raw: RawScoresBody = read(_raw_scores_body, body, _SCORES_FORM)
        return read_each(_score_item, raw.scores, _ITEM_FORM)
    return whole.scores


def read_lookup(body: bytes) -> list[str]:
    """Read who is asked for.

    Raises:
        InvalidArgument: it is no JSON object with an array of texts `member_ids`, or they are too many.
    """
    form = "the body must be a JSON object whose member_ids is an array of texts"
    said: LookupBody = read(_lookup_body, body, form)
    if len(said.member_ids) > MAX_UPDATES:
        raise InvalidArgument(f"member_ids has {len(said.member_ids)} members; at most {MAX_UPDATES} are allowed")
    return said.member_ids


def read_archive(body: bytes) -> ArchiveBody:
    """Read what is to be set aside.

    Raises:
        InvalidArgument: it is no JSON object with a text `name`.
    """
    form = "the body must be a JSON object with the text name and, if any, the text window"
    said: ArchiveBody = read(_archive_body, body, form)
    return said


def read_rules(body: bytes) -> dict[str, Any]:
    """Read rules, for `Rules.parse` to judge.

    Raises:
        InvalidArgument: it is no JSON object.
    """
    said: dict[str, Any] = read(_rules_body, body, "the body must be a JSON object, the rules")
    return said
