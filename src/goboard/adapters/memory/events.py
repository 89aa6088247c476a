"""Events within this process."""

from collections.abc import Callable

from goboard.domain.names import BoardName
from goboard.ports.events import Heard


class MemoryEventBus:
    """An `EventBus` of this process: whoever listens hears at once."""

    def __init__(self) -> None:
        self._listening: dict[BoardName, dict[object, Heard]] = {}

    def listen(self, board: BoardName, heard: Heard) -> Callable[[], None]:
        listeners = self._listening.setdefault(board, {})
        listener = object()
        listeners[listener] = heard

        def end() -> None:
            listeners.pop(listener, None)
            if not listeners and self._listening.get(board) is listeners:
                del self._listening[board]

        heard(None)
        return end

    async def publish(self, board: BoardName, number: int) -> None:
        self.tell(board, number)

    def tell(self, board: BoardName, number: int) -> None:
        """Do what `publish` does, in the middle of a write."""
        for heard in list(self._listening.get(board, {}).values()):
            heard(number)

    async def close(self) -> None:
        self._listening.clear()
