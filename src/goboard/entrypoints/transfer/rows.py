"""Rows of a file, one on a line: a member, its score and perhaps its metadata, as CSV or as NDJSON."""

import csv
import io
import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from goboard.domain.standings import Entry

MAX_LINE_BYTES = 64 * 1024
"""A row of the longest names and metadata, every character escaped, fits many times."""

FORMATS = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson"}
COLUMNS = ["member", "score", "metadata"]
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DIGITS_SHOWN = 40


class BadRow(ValueError):
    """The line is no row; the message says why."""


class Row(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A member of a board, as a file says it: not yet checked against the rules for names and scores."""

    member: str
    score: float
    metadata: dict[str, Any] | None = None


_read_row = msgspec.json.Decoder(Row).decode
_read_metadata = msgspec.json.Decoder(dict[str, Any]).decode
_write_json = msgspec.json.Encoder().encode


def csv_reader(header: bytes) -> Callable[[bytes], Row]:
    """Give what reads the lines below `header`, which says `member,score` or `member,score,metadata`.

    A row stands on one line: a quote that is not closed spoils its own line alone.

    Raises:
        BadRow: the header says something else.
    """
    columns = _fields(header)
    if columns not in (COLUMNS[:2], COLUMNS):
        raise BadRow(f"the first line must be member,score or member,score,metadata; it is {','.join(columns)!r}")

    def read(line: bytes) -> Row:
        fields = _fields(line)
        if len(fields) != len(columns):
            raise BadRow(f"there are {len(fields)} columns instead of {len(columns)}")
        metadata = fields[2] if len(fields) > 2 else ""  # noqa: PLR2004 -- member, score, metadata
        return Row(fields[0], _number(fields[1]), _metadata(metadata) if metadata else None)

    return read


def read_ndjson(line: bytes) -> Row:
    """Read a line that is a JSON object with member and score, and perhaps metadata.

    Raises:
        BadRow: it is none.
    """
    try:
        return _read_row(_text(line))
    except msgspec.MsgspecError as exc:
        raise BadRow(str(exc)) from exc
    except RecursionError as exc:
        raise BadRow("the JSON is nested too deeply") from exc


def write_csv(entries: Sequence[Entry]) -> bytes:
    """Write rows; a score has the digits that read back to the same double."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        (entry.member, entry.score, "" if entry.metadata is None else _write_json(entry.metadata).decode())
        for entry in entries
    )
    return text.getvalue().encode()


def write_ndjson(entries: Sequence[Entry]) -> bytes:
    """Write rows, as `write_csv`."""
    return b"".join(_write_json(_row(entry)) + b"\n" for entry in entries)


def _row(entry: Entry) -> Row:
    # msgspec writes no kind of str but str itself.
    return Row(str(entry.member), entry.score, None if entry.metadata is None else dict(entry.metadata))


def _fields(line: bytes) -> list[str]:
    try:
        return next(csv.reader((_text(line),), strict=True))
    except csv.Error as exc:
        raise BadRow(f"it is no line of CSV: {exc}") from exc


def _text(line: bytes) -> str:
    if len(line) > MAX_LINE_BYTES:
        raise BadRow(f"the line has over {MAX_LINE_BYTES} bytes")
    try:
        return line.decode().rstrip("\r\n")
    except UnicodeDecodeError as exc:
        raise BadRow("it is not valid UTF-8") from exc


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text.strip(" ")):
        raise BadRow(f"score {text[:_DIGITS_SHOWN]!r} is no number; one is like 12, -0.5 or 1e6")
    return float(text)


def _metadata(text: str) -> dict[str, Any]:
    try:
        return _read_metadata(text)
    except (msgspec.MsgspecError, RecursionError) as exc:
        raise BadRow("metadata must be a JSON object") from exc
