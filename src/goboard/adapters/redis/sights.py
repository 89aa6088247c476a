"""Questions about views: what a view shows, with the board's version at the same moment."""

from collections.abc import Callable, Sequence
from typing import Any

from goboard.adapters.redis import questions
from goboard.adapters.redis.queries import Question
from goboard.adapters.redis.rulebook import KnownRules
from goboard.domain.periods import Period, PeriodChoice
from goboard.domain.standings import Entry, Lookup
from goboard.domain.views import Around, Sight, Top, Version, View


def sight(known: KnownRules, view: View, at: float) -> Question:
    """Ask what a view shows.

    Raises:
        InvalidArgument, PeriodNotFound: as `Rules.chosen`.
    """
    period = known.rules.chosen(PeriodChoice(at, view.window, view.period))
    shows, metadata = view.shows, view.metadata
    if isinstance(shows, Top):
        return _seen(questions.top(period.place, shows.limit, metadata=metadata), _as_they_are, period)
    if isinstance(shows, Around):
        return _seen(questions.around(period.place, *shows, metadata=metadata), _as_they_are, period)
    return _seen(questions.lookup(period.place, shows.names, metadata=metadata), _of_lookup, period)


def _seen(asked: Question, entries_of: Callable[[Any], Sequence[Entry]], period: Period) -> Question:
    def read(answer: Any) -> Sight:
        epoch, number, told = answer
        return Sight(Version(epoch.decode(), number), period, entries_of(asked.read(told)))

    return Question("seen", asked.place, (asked.asked, *asked.arguments), asked.cost, read)


def _as_they_are(entries: Sequence[Entry]) -> Sequence[Entry]:
    return entries


def _of_lookup(found: Lookup) -> Sequence[Entry]:
    return found.entries
