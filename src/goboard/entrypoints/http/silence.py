"""Connections to the HTTP port that do not begin to speak: Granian would keep them for ever.

It waits, with no limit, for the 24 bytes that begin HTTP/2, or the first other one. The kernel knows what has come.
"""

import asyncio
import os
import socket
import stat
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

SILENT_SECONDS = 5.0
PREFACE_BYTES = 24
"""No request that keeps its connection is shorter either."""
_IP = (socket.AF_INET, socket.AF_INET6)
_ESTABLISHED = 1
_RECEIVED_AT = 128  # tcpi_bytes_received in Linux's struct tcp_info
_INFO_BYTES = 136


class Silence:
    """Ends the connections to a port of this process that have said next to nothing in two looks at them."""

    def __init__(self, port: int) -> None:
        self._port = port
        # By their inodes: a descriptor's number is soon another connection's.
        self._silent: set[int] = set()
        self._others: set[int] = set()
        """Sockets that need no second look: 2 µs each instead of 20."""

    def look(self) -> None:
        """Look at all connections."""
        silent, others = set(), set()
        for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 -- numbers, not paths
            with suppress(OSError):  # it may end meanwhile
                status = os.fstat(int(name))
                inode = status.st_ino
                if not stat.S_ISSOCK(status.st_mode):
                    continue
                if inode in self._others or not self._is_silent(int(name), inode):
                    others.add(inode)
                else:
                    silent.add(inode)
        self._silent, self._others = silent, others

    def _is_silent(self, descriptor: int, inode: int) -> bool:
        """Tell; of a connection that was silent before, end it."""
        with socket.socket(fileno=os.dup(descriptor)) as connection:  # of its own: the number may change hands
            if not self._is_ours(connection) or _received(connection) >= PREFACE_BYTES:
                return False
            if inode in self._silent:
                connection.shutdown(socket.SHUT_RDWR)
            return True

    def _is_ours(self, connection: socket.socket) -> bool:
        return (
            connection.family in _IP
            and connection.type == socket.SOCK_STREAM
            and bool(connection.getsockname()[1] == self._port)
        )


def _received(connection: socket.socket) -> int:
    """Tell how many bytes have come; of a socket that listens or has ended, more than any."""
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_BYTES)
    received: int = struct.unpack_from("=Q", info, _RECEIVED_AT)[0]
    return received if info[0] == _ESTABLISHED else sys.maxsize


@asynccontextmanager
async def silence_ended(port: int) -> AsyncIterator[None]:
    """See to it in the background; on Linux alone, whose kernel tells."""
    if sys.platform != "linux":
        yield
        return
    task = asyncio.create_task(_look_on(Silence(port)))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _look_on(silence: Silence) -> None:
    while True:
        await asyncio.sleep(SILENT_SECONDS)
        await asyncio.to_thread(silence.look)
