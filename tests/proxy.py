"""A network between a client and a server that can be slow, or stop to carry anything, in a thread of its own."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Self


class Proxy:
    """Carries what comes to `port` on to the server, and back; with a context, over TLS to itself."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.delay = 0.0
        """Seconds that each answer is held back."""
        self.carries_requests = True
        self.carries_answers = True
        """What is not carried is lost; connections stay open."""
        self._server = (host, port)
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    def slow_down(self, seconds: float) -> None:
        """Hold each answer back for so long."""
        self.delay = seconds

    def lose_answers(self) -> None:
        """Carry what is asked, and no answers."""
        self.carries_answers = False

    def cut(self) -> None:
        """Lose everything from now on, as where a cable is pulled."""
        self.carries_requests = self.carries_answers = False

    def mend(self) -> None:
        """Carry everything at once again."""
        self.carries_requests = self.carries_answers = True
        self.delay = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        self._listener = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(5)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _listen(self) -> asyncio.Server:
        listener = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self._tls)
        self.port = listener.sockets[0].getsockname()[1]
        return listener

    async def _end(self) -> None:
        self._listener.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _connected(self, near: asyncio.StreamReader, to_near: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with suppress(OSError, asyncio.CancelledError):  # it is stopped
            far, to_far = await asyncio.open_connection(*self._server)
            try:
                await asyncio.gather(self._requests(near, to_far), self._answers(far, to_near))
            finally:
                to_far.close()
        to_near.close()

    async def _requests(self, near: asyncio.StreamReader, to_far: asyncio.StreamWriter) -> None:
        while data := await near.read(65536):
            if self.carries_requests:
                to_far.write(data)
        to_far.close()

    async def _answers(self, far: asyncio.StreamReader, to_near: asyncio.StreamWriter) -> None:
        while data := await far.read(65536):
            await asyncio.sleep(self.delay)
            if self.carries_answers:
                to_near.write(data)
        to_near.close()


@contextmanager
def proxy_to(url: str, tls: ssl.SSLContext | None = None) -> Iterator[Proxy]:
    """Stand between clients and the server at `url`, which is redis://host:port."""
    host, _, port = url.removeprefix("redis://").rpartition(":")
    with Proxy(host, int(port), tls) as proxy:
        yield proxy
