"""What happened between two looks at a board's first places."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, pairwise

from goboard.domain.standings import Entry


def most_notable(before: Sequence[Entry], after: Sequence[Entry]) -> str | None:
    """Say in a sentence what happened at the best place; None: nothing, or there was nobody before."""
    if not before:
        return None
    then = {entry.member: entry for entry in before}
    return next(chain(_overtakings(then, after), _meetings(then, after), _arrivals(then, after)), None)


def _overtakings(then: Mapping[str, Entry], after: Sequence[Entry]) -> Iterator[str]:
    now = {entry.member: entry.rank for entry in after}
    for entry in after:
        was = then.get(entry.member)
        if was is None or was.rank <= entry.rank or was.score == entry.score:  # others left, and so it rose
            continue
        for other in then.values():  # best first: the one whose place it took, where that one fell behind
            if other.rank < was.rank and now.get(other.member, entry.rank + 1) > entry.rank:
                taken = f"took the lead from {other.member}" if entry.rank == 1 else f"overtook {other.member}"
                yield f"{entry.member} {taken}{'' if entry.rank == 1 else f' for place {entry.rank}'}"
                break


def _meetings(then: Mapping[str, Entry], after: Sequence[Entry]) -> Iterator[str]:
    for above, below in pairwise(after):
        if above.score == below.score and _score(then, above) != _score(then, below):
            came, was_there = (above, below) if _score(then, above) != above.score else (below, above)
            yield f"{came.member} drew level with {was_there.member} at place {above.rank}"


def _arrivals(then: Mapping[str, Entry], after: Sequence[Entry]) -> Iterator[str]:
    return (f"{entry.member} came in at place {entry.rank}" for entry in after if entry.member not in then)


def _score(then: Mapping[str, Entry], entry: Entry) -> float | None:
    was = then.get(entry.member)
    return None if was is None else was.score
