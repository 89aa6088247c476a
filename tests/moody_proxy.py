"""Stands between goboard and its store, and lets them wait: mostly a little, sometimes longer than goboard does."""

import asyncio
import random
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from servers import free_port

DELAYS = [0.0] * 12 + [0.002] * 6 + [0.02] * 2 + [0.1]
"""Seconds, of which each piece that comes takes one at random."""
STALL_EVERY, STALL = 7.0, 2.5
"""Seconds: how often all stands still, and for how long; goboard gives a call up after 1.9."""


class MoodyProxy:
    """A proxy to a TCP port, in a thread of its own."""

    def __init__(self, upstream: int, *, stalls: bool) -> None:
        self.port = free_port()
        self.calm = True
        """Whether it passes everything on at once."""
        self._upstream = upstream
        self._stall = STALL if stalls else 0.0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))
        self._ends = asyncio.Event()
        self._listens = threading.Event()

    def start(self) -> None:
        self._thread.start()
        assert self._listens.wait(5)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._ends.set)
        self._thread.join()
        self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._pass_on, "127.0.0.1", self.port)
        self._listens.set()
        await self._ends.wait()
        server.close()
        passing_on = asyncio.all_tasks() - {asyncio.current_task()}
        for task in passing_on:
            task.cancel()
        await asyncio.gather(*passing_on, return_exceptions=True)

    async def _pass_on(self, reader: StreamReader, writer: StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._upstream)
        with suppress(asyncio.CancelledError):  # it is stopped
            await asyncio.gather(self._pump(reader, back), self._pump(there, writer))

    async def _pump(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                await self._wait()
                writer.write(data)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def _wait(self) -> None:
        if self.calm:
            return
        into = self._loop.time() % STALL_EVERY
        await asyncio.sleep(self._stall - into if into < self._stall else random.choice(DELAYS))


@contextmanager
def moody_proxy(upstream: int, *, stalls: bool = True) -> Iterator[MoodyProxy]:
    proxy = MoodyProxy(upstream, stalls=stalls)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
