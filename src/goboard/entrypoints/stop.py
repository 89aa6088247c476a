"""The orderly stop of a worker: everybody hears of it, what is in flight is answered, and the process ends in time.

On SIGTERM, which the parent sends: `/ready` and gRPC's health say no; `STOP_DELAY` later new work is refused, gRPC
answers and closes, and so do sockets and event streams, which Granian would cut off at once; then Granian is told,
which answers the other requests. At its end the lifespan closes the store.
"""

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable

from goboard.entrypoints.grpc.server import GrpcServer
from goboard.entrypoints.http.door import Door
from goboard.entrypoints.http.pulse import Pulse

LEAVE_SECONDS = 3.0
"""How long sockets and event streams have to take what they are owed: the store answers within 2."""
STOP_SECONDS = 7.5
"""How long all of it may take, without STOP_DELAY; whoever has not taken his answer by then is cut off."""
CLOSE_SECONDS = 0.5

log = logging.getLogger(__name__)


def hold_back_interrupts() -> None:
    """Let Ctrl-C be the parent's alone, who sends SIGTERM: a terminal sends it to all, and Granian acts on it at once.

    To be called before there are threads, which inherit it.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


class OrderlyStop:
    """The stop of this worker, of which SIGTERM begins the first and only one."""

    def __init__(
        self, door: Door, pulse: Pulse, grpc: GrpcServer | None, delay: float, close: Callable[[], Awaitable[None]]
    ) -> None:
        self._door = door
        self._pulse = pulse
        self._grpc = grpc
        self._delay = delay
        self._close = close
        self._tasks: list[asyncio.Task[None]] = []  # the loop itself holds tasks weakly

    def await_signal(self) -> None:
        """Begin when SIGTERM comes, in place of what Granian does then."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._told)

    def _told(self) -> None:
        if not self._tasks:
            self._tasks.append(asyncio.create_task(self._stop()))

    async def _stop(self) -> None:
        self._door.announce()
        if self._grpc:
            self._grpc.announce_stop()
        await asyncio.sleep(self._delay)
        asyncio.get_running_loop().call_later(STOP_SECONDS, self._late)
        self._door.close()
        if self._grpc:
            self._tasks.append(asyncio.create_task(self._grpc.stop()))
        await self._pulse.stop(LEAVE_SECONDS)
        _tell_granian()

    def _late(self) -> None:
        self._tasks.append(asyncio.create_task(self._cut_off()))

    async def _cut_off(self) -> None:
        """End the process: Granian waits for stuck peers for ever."""
        log.warning("connections that took no answer for %g s are cut off", STOP_SECONDS)
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._close()
        finally:
            logging.shutdown()
            os._exit(0)


def _tell_granian() -> None:
    """Have Granian stop: of its two signals the one that was kept for it."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    signal.raise_signal(signal.SIGINT)
