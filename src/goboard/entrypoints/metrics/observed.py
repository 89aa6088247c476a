"""Takes the measures of the store and of the watches."""

from collections.abc import Callable

from goboard.domain.errors import OutcomeUnknown, StoreCorrupt, StoreUnavailable
from goboard.entrypoints.metrics import families

_ERRORS: dict[type[Exception], str] = {
    StoreUnavailable: "unavailable",
    OutcomeUnknown: "outcome_unknown",
    StoreCorrupt: "corrupt",
}
_REFUSED = "refused"


class Measures:
    """Counts what the ports `StoreMeasures` and `LiveMeasures` tell."""

    def __init__(self) -> None:
        for kind in (*_ERRORS.values(), _REFUSED):
            families.STORE_ERRORS.of(kind)  # at 0, so that Prometheus sees the first one as an increase
        self._calls: dict[str, tuple[Callable[[float], None], Callable[[float], None]]] = {}

    def ran(self, script: str, size: int, seconds: float) -> None:
        """Take in a call of the store."""
        known = self._calls.get(script)
        if known is None:
            known = families.STORE_CALLS.observer(script), families.STORE_BATCH.observer(script)
            self._calls[script] = known
        known[0](seconds)
        known[1](size)

    def failed(self, error: Exception) -> None:
        """Take in a call that failed."""
        families.STORE_ERRORS.add(_ERRORS.get(type(error), _REFUSED))

    def replayed(self, count: int) -> None:
        """Take in updates that were answered and not applied again."""
        families.REPLAYS.add(count=count)

    def conflated(self) -> None:
        """Take in that a watcher has missed changes."""
        families.CONFLATIONS.add()
