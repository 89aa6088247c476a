"""Boards and events in memory: for tests, and for one process that keeps nothing."""

from goboard.adapters.memory.events import MemoryEventBus
from goboard.adapters.memory.store import MemoryBoardStore

__all__ = ["MemoryBoardStore", "MemoryEventBus"]
