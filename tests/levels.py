"""What a worker holds of the system."""

from typing import NamedTuple

import psutil

STORE_CONNECTIONS = 33
"""A worker's, at most: 32 to ask, one to listen."""


class Level(NamedTuple):
    """What a worker holds, its connections to the store aside."""

    descriptors: int
    threads: int


def level(worker: psutil.Process, store: int) -> Level:
    """Count; the store is at that port."""
    to_store = [each for each in worker.net_connections("tcp") if each.raddr and each.raddr.port == store]
    assert len(to_store) <= STORE_CONNECTIONS
    return Level(worker.num_fds() - len(to_store), worker.num_threads())
