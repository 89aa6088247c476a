"""What a worker holds of the system."""

import os
from typing import NamedTuple

import psutil

STORE_CONNECTIONS = 33
"""A worker's, at most: 32 to ask, one to listen."""
POOL = min(32, (os.cpu_count() or 1) + 4)
"""Threads that asyncio's pool starts at most, as they are needed."""


class Level(NamedTuple):
    """What a worker holds, its connections to the store aside."""

    descriptors: int
    threads: int

    def is_back_at(self, before: "Level") -> bool:
        """Tell whether nothing has come to it but threads of the pool."""
        return self.descriptors == before.descriptors and self.threads <= before.threads + POOL


def level(worker: psutil.Process, store: int) -> Level:
    """Count; the store is at that port."""
    to_store = [each for each in worker.net_connections("tcp") if each.raddr and each.raddr.port == store]
    assert len(to_store) <= STORE_CONNECTIONS
    return Level(worker.num_fds() - len(to_store), worker.num_threads())
