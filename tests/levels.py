"""What a worker holds of the system."""

import os
from contextlib import suppress
from pathlib import Path
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
    """Count; the store is at that port. A connection that it has cut is a socket until it would be used again."""
    sockets = _sockets(worker)
    connections = worker.net_connections("all")
    to_store = sum(each.raddr.port == store for each in connections if hasattr(each.raddr, "port"))
    of_store = to_store + sockets - len({each.fd for each in connections})
    assert of_store <= STORE_CONNECTIONS
    return Level(worker.num_fds() - of_store, worker.num_threads())


def _sockets(worker: psutil.Process) -> int:
    """Count all sockets, also those that the system lists no more since the peer has reset them."""
    count = 0
    for descriptor in Path(f"/proc/{worker.pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # it was closed meanwhile
            count += str(descriptor.readlink()).startswith("socket:")
    return count
