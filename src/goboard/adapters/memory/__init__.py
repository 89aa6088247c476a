"""Boards in this process's memory: for tests, and for a library user who wants nothing kept."""

from goboard.adapters.memory.store import MemoryBoardStore

__all__ = ["MemoryBoardStore"]
