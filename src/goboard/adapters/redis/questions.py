"""The questions that query.lua answers, and how its answers are read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from goboard.adapters.redis.arguments import milliseconds
from goboard.adapters.redis.queries import Question
from goboard.adapters.redis.rulebook import KnownRules
from goboard.adapters.redis.shown import clamped, shown
from goboard.domain.errors import CursorStale, InvalidArgument
from goboard.domain.names import MemberName
from goboard.domain.pages import Cursor, Page, PageRequest, ScoreRange
from goboard.domain.periods import ALL, ALWAYS, ARCHIVE, Period, window_and_name
from goboard.domain.rules import archived
from goboard.domain.scores import MAX_SCORE
from goboard.domain.standings import Bin, Entry, Lookup, MemberDetails, Stats

PREFIX_BYTES = 6
"""What an element has before the member's name where ties go by `earliest`."""


def count(place: str) -> Question:
    """Ask how many members there are."""
    return Question("count", place, (), 1, int)


def rank(place: str, member: MemberName) -> Question:
    """Ask for a member's score and rank."""

    def read(answer: Any) -> Entry | None:
        return answer and Entry(member, clamped(answer[0]), answer[1])

    return Question("rank", place, (member,), 1, read)


def top(place: str, limit: int, *, metadata: bool) -> Question:
    """Ask for the first places."""
    return Question("top", place, (_whole(limit), _flag(metadata)), limit, _run)


def around(place: str, member: MemberName, above: int, below: int, *, metadata: bool) -> Question:
    """Ask for a member's entry and its neighbours'."""
    arguments = (member, _whole(above), _whole(below), _flag(metadata))
    return Question("around", place, arguments, above + below + 1, _run)


def member(place: str, name: MemberName) -> Question:
    """Ask for all about a member."""

    def read(answer: Any) -> MemberDetails | None:
        if answer is None:
            return None
        score, position, total, worse, metadata, track = answer
        entry = Entry(name, clamped(score), position, metadata and json.loads(metadata))
        first, last = (int(each) / 1000 for each in track.split()) if track else (None, None)
        return MemberDetails(entry, 100 * worse / (total - 1) if total > 1 else 100.0, first, last)

    return Question("member", place, (name,), 1, read)


def lookup(place: str, members: Sequence[MemberName], *, metadata: bool) -> Question:
    """Ask for the entries of some members."""

    def read(answer: Any) -> Lookup:
        found = []
        for i, name in enumerate(members):
            score, place, position, data = answer[4 * i : 4 * i + 4]
            if score is not None:
                found.append((position, Entry(name, clamped(score), place, data and json.loads(data))))
        entries = [entry for _, entry in sorted(found, key=lambda pair: pair[0])]
        present = {entry.member for entry in entries}
        return Lookup(entries, [name for name in members if name not in present])

    return Question("lookup", place, (_flag(metadata), *members), len(members), read)


def page(known: KnownRules, place: str, request: PageRequest) -> Question:
    """Ask for a page.

    Raises:
        CursorStale: the cursor belongs to other standings.
        InvalidArgument: it is none of ours.
    """
    cursor, scores = request.cursor, request.scores
    way = score = ""
    element = b""
    if cursor is not None:
        if (cursor.tag, cursor.place) != (known.tag, place):
            raise CursorStale
        way = "b" if cursor.backward else "f"
        score = _number(cursor.score)
        element = _element(cursor.tie)
    arguments = (
        _whole(request.limit),
        _flag(request.metadata),
        _number(scores.low),
        _number(scores.high),
        "" if request.from_rank is None else _whole(request.from_rank),
        way,
        score,
        element,
    )

    def read(answer: Any) -> Page:
        run, before, after = answer
        elements = run[3]
        at = _Cursors(known.tag, place, scores)
        if not elements:
            backward = way == "b"
            return Page([], at.first if backward and after else None, at.last if before and not backward else None)
        return Page(
            _run(run),
            at.after(elements[-2], elements[-1]) if after else None,
            at.before(elements[0], elements[1]) if before else None,
        )

    return Question("page", place, arguments, request.limit, read)


class _Cursors:
    """Makes the cursors of a page."""

    def __init__(self, tag: str, place: str, scores: ScoreRange) -> None:
        self.first = Cursor(tag, place, backward=False, scores=scores, score=None, tie="")
        """To the page with which the range begins."""
        self.last = self.first._replace(backward=True)
        """To the page with which it ends."""

    def after(self, element: bytes, score: bytes) -> Cursor:
        """Make the cursor to the page after an entry."""
        return self.first._replace(score=float(score), tie=element.hex())

    def before(self, element: bytes, score: bytes) -> Cursor:
        """Make the cursor to the page before an entry."""
        return self.last._replace(score=float(score), tie=element.hex())


def stats(place: str, percentiles: Sequence[float], bins: int) -> Question:
    """Ask for extremes, percentiles and a histogram."""

    def read(answer: Any) -> Stats:
        if len(answer) == 1:
            return Stats(0)
        total, least, greatest, scores, edges, members = answer
        bounds = [clamped(edge) for edge in edges]
        return Stats(
            total,
            clamped(least),
            clamped(greatest),
            [(percentile, clamped(score)) for percentile, score in zip(percentiles, scores, strict=True)],
            [Bin(low, high, number) for low, high, number in zip(bounds, bounds[1:], members, strict=False)],
        )

    arguments = (str(bins), *[repr(percentile) for percentile in percentiles])
    return Question("stats", place, arguments, bins + len(percentiles), read)


def periods(known: KnownRules, window: str, at: float) -> Question:
    """Ask for the periods of a window, or the archives, that have members and can be read.

    Raises:
        InvalidArgument: the board has no such window.
    """
    rules = known.rules
    wanted = window if window == ARCHIVE else rules.window(window)
    if wanted == ALL:
        return Question("count", ALL, (), 1, lambda members: [ALWAYS] if members else [])

    def read(answer: Any) -> list[Period]:
        places = [window_and_name(place.decode()) for place in answer]
        names = [name for within, name in places if within == wanted]
        if wanted == ARCHIVE:
            return [archived(name) for name in sorted(names)]
        found = [rules.calendar.period_named(wanted, name) for name in names]
        return sorted((each for each in found if rules.readable(each, at)), key=lambda each: -each.start)

    return Question("places", ALL, (milliseconds(at),), 1, read)


def _run(answer: Any) -> list[Entry]:
    """Read entries in a row, of which the reply has the first's position and rank."""
    position, place, ties, elements, metadata = answer
    skip = PREFIX_BYTES if ties == b"earliest" else 0
    each_its_own = ties in {b"member", b"earliest"}
    entries: list[Entry] = []
    before = elements[1] if elements else b""
    for i, (element, score) in enumerate(zip(elements[::2], elements[1::2], strict=True)):
        if each_its_own:
            place = position + i + 1
        elif score != before:
            place = place + 1 if ties == b"dense" else position + i + 1
        before = score
        data = metadata[i] if metadata else None
        entries.append(Entry(shown(element[skip:]), clamped(score), place, data and json.loads(data)))
    return entries


def _whole(number: int) -> str:
    return str(min(number, int(MAX_SCORE)))


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)


def _flag(said: bool) -> str:  # noqa: FBT001 -- it is the value itself
    return "1" if said else ""


def _element(tie: str) -> bytes:
    try:
        return bytes.fromhex(tie)
    except ValueError as exc:
        raise InvalidArgument("cursor is malformed; take it as it was given, or leave it out") from exc
