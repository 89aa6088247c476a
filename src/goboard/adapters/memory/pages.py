"""Pages of one period's standings."""

from goboard.adapters.memory.standings import Key, Standings
from goboard.domain.errors import CursorStale, InvalidArgument
from goboard.domain.pages import Cursor, Page, PageRequest


def page_of(standings: Standings, request: PageRequest, tag: str, place: str) -> Page:
    """Give the page; `tag` and `place` are the rules' state and the period that a cursor must be of.

    Raises:
        CursorStale: the cursor is of others.
        InvalidArgument: the cursor was not written here.
    """
    if request.cursor and (request.cursor.tag, request.cursor.place) != (tag, place):
        raise CursorStale
    first, last = standings.span(request.scores)
    start, stop = _positions(standings, request, first, last)

    def cursor(*, backward: bool) -> Cursor:
        if start == stop:  # nothing to lie beside: from the range's other end
            return Cursor(tag, place, backward, request.scores, None, "")
        score, sequence, member = standings.key_at(start if backward else stop - 1)
        return Cursor(tag, place, backward, request.scores, score, f"{sequence} {member}")

    return Page(
        standings.entries(start, stop),
        next=cursor(backward=False) if stop < last else None,
        previous=cursor(backward=True) if start > first else None,
    )


def _positions(standings: Standings, request: PageRequest, first: int, last: int) -> tuple[int, int]:
    """Give the page's first position and the one after its last, within those of the range."""
    cursor = request.cursor
    if cursor and cursor.backward:
        stop = last if cursor.score is None else standings.before(_key(cursor.score, cursor.tie))
        stop = min(max(stop, first), last)
        return max(first, stop - request.limit), stop
    start = 0
    if request.from_rank is not None:
        start = standings.at_rank(request.from_rank)
    elif cursor and cursor.score is not None:
        start = standings.after(_key(cursor.score, cursor.tie))
    start = min(max(start, first), last)
    return start, min(last, start + request.limit)


def _key(score: float, tie: str) -> Key:
    sequence, _, member = tie.partition(" ")
    try:
        return score, int(sequence), member
    except ValueError as exc:
        raise InvalidArgument("cursor is malformed; take it as it was given, or leave it out") from exc
