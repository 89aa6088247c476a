"""WatchStandings: the state once, then what has changed, as fast as the client takes it."""

import asyncio

from goboard.entrypoints.grpc import live_messages
from goboard.entrypoints.grpc.generated.dashboard import WatchStandingsRequest, WatchStandingsResponse
from goboard.entrypoints.grpc.outbox import Outbox
from goboard.entrypoints.grpc.stream import CallStream
from goboard.entrypoints.updates import Caller
from goboard.live import Ended, LiveStandings, Watch


class WatchStream:
    """One stream, served by one task that sends the latest there is to take whenever there is room for it."""

    def __init__(
        self,
        stream: CallStream[WatchStandingsRequest, WatchStandingsResponse],
        live: LiveStandings,
        caller: Caller,
        request_timeout: float,
        patience: float,
    ) -> None:
        self._stream = stream
        self._live = live
        self._caller = caller
        self._timeout = request_timeout
        self._patience = patience
        self._changed = stream.inbox.changed
        self._news = True

    async def serve(self) -> None:
        """Serve until the client leaves.

        Raises:
            GoboardError: there is nothing to see, any more.
            CallRefused: the client takes nothing, or the call goes on no longer.
        """
        with self._stream.watched(self._patience) as outbox:
            async with asyncio.timeout(self._timeout):
                watch = await self._begin(outbox)
            try:
                await self._open(outbox)
                await self._follow(watch, outbox)
            finally:
                watch.end()

    async def _begin(self, outbox: Outbox) -> Watch:
        request = await self._stream.recv_message()
        assert request is not None  # noqa: S101 -- without one, `recv_message` refuses the call
        view = live_messages.read_view(request)
        identity = None if self._caller.is_visitor else str(self._caller.identity.member)
        return await self._live.watch(request.dashboard, view, lambda _: self._wake(outbox), identity)

    async def _open(self, outbox: Outbox) -> None:
        """Send the headers, which like a message wait no longer than the client's patience lasts."""
        while not outbox.ready():
            self._changed.clear()
            self._stream.inbox.check()
            await outbox.more_room()
        await self._stream.send_initial_metadata()

    async def _follow(self, watch: Watch, outbox: Outbox) -> None:
        while True:
            self._changed.clear()
            self._stream.inbox.check()
            if self._send(watch, outbox):
                continue
            if self._news or outbox.unfinished:
                await outbox.more_room()
            else:
                await self._changed.wait()

    def _send(self, watch: Watch, outbox: Outbox) -> bool:
        """Send what there is to send, if there is room; tell whether anything was sent."""
        if outbox.unfinished:
            return outbox.push()
        if not self._news or not outbox.ready():
            return False
        self._news = False
        message = watch.take()
        if isinstance(message, Ended):
            raise message.error.with_traceback(None)  # many raise it, and none shall hold the others' frames
        if message is not None:
            outbox.begin(message.encoded(live_messages.framed))
        return message is not None

    def _wake(self, outbox: Outbox) -> None:
        self._news = True
        if not outbox.waits:  # else it is taken when there is room, and is the latest then
            self._changed.set()
