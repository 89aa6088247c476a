"""StreamUpdates: updates in, replies out, in order; more are read while earlier ones wait for the store."""

import asyncio
from asyncio import Future
from collections import deque
from typing import NamedTuple

from goboard.domain.standings import Entry
from goboard.entrypoints.grpc import codec, refusals
from goboard.entrypoints.grpc.generated.dashboard import UpdateRequest, UpdateResponse
from goboard.entrypoints.grpc.stream import CallStream
from goboard.entrypoints.metrics import families
from goboard.entrypoints.updates import Caller, Update
from goboard.leaderboards import Leaderboards

MAX_IN_FLIGHT = 256
"""Updates of one stream that wait for the store; the stream is not read while so many do."""

Response = codec.wire_type(UpdateResponse)


class _Pending(NamedTuple):
    """An update that is under way."""

    entry: Future[Entry]
    deadline: float


class UpdateStream:
    """One stream, served by one task that starts what has come, sends what is ready, and waits for either."""

    def __init__(
        self,
        stream: CallStream[UpdateRequest, UpdateResponse],
        boards: Leaderboards,
        caller: Caller,
        request_timeout: float,
    ) -> None:
        self._stream = stream
        self._boards = boards
        self._caller = caller
        self._timeout = request_timeout
        self._loop = asyncio.get_running_loop()
        self._pending: deque[_Pending] = deque()

    async def serve(self) -> None:
        """Serve until the client has ended and all is answered.

        Raises:
            CallRefused: what comes is no gRPC any more, or the server stops; what was read before is answered.
        """
        await self._stream.send_initial_metadata()  # a client may wait for it before it sends
        try:
            await self._serve()
        finally:
            self._abandon()

    async def _serve(self) -> None:
        inbox = self._stream.inbox
        refusal = None
        while True:
            inbox.changed.clear()
            refusal = refusal or self._start()
            if ready := self._ready():
                await self._send(ready)
            elif self._pending or not (refusal or inbox.ended):
                await self._wait()
            elif refusal:
                raise refusal
            else:
                return

    def _start(self) -> refusals.CallRefused | None:
        """Start the updates that have come, as many as may be in flight."""
        try:
            while len(self._pending) < MAX_IN_FLIGHT and (message := self._stream.inbox.take()) is not None:
                self._pending.append(_Pending(self._update(message), self._loop.time() + self._timeout))
        except refusals.CallRefused as refusal:
            return refusal
        return None

    def _update(self, message: bytes) -> Future[Entry]:
        try:
            return self._increment(self._stream.decode(message))
        except Exception as error:  # noqa: BLE001 -- answered in its turn; the stream lives on
            failed: Future[Entry] = self._loop.create_future()
            failed.set_exception(error)
            return failed

    def _increment(self, request: UpdateRequest) -> Future[Entry]:
        board, member, delta, key = Update.asked(
            self._caller, request.dashboard, request.member_id, request.increment, request.op_id or None
        )
        return self._boards.increment(board, member, delta, key=key)

    def _ready(self) -> list[UpdateResponse]:
        ready = []
        now = self._loop.time()
        while self._pending and (self._pending[0].entry.done() or self._pending[0].deadline <= now):
            ready.append(self._response(self._pending.popleft().entry))
        return ready

    async def _send(self, ready: list[UpdateResponse]) -> None:
        await self._stream.send_messages(ready)
        families.GRPC_UPDATES.add(count=len(ready))
        if len(ready) == MAX_IN_FLIGHT:
            await asyncio.sleep(0)  # a client that sends without a pause must not hold up the others

    def _response(self, entry: Future[Entry]) -> UpdateResponse:
        try:
            member, score, rank, _ = _outcome(entry)
        except Exception as error:  # noqa: BLE001 -- every failure is answered; the unforeseen is logged
            problem = refusals.problem_for(error, self._stream.path)
            return Response(problem=codec.problem_details(problem, self._stream.path))
        return Response(member_id=member, rank=rank, score=score)

    async def _wait(self) -> None:
        """Wait until something comes, the first reply is ready, or its time is over."""
        changed = self._stream.inbox.changed
        if not self._pending:
            await changed.wait()
            return
        first = self._pending[0]
        timer = self._loop.call_at(first.deadline, changed.set)
        first.entry.add_done_callback(self._wake)
        try:
            await changed.wait()
        finally:
            timer.cancel()
            first.entry.remove_done_callback(self._wake)

    def _wake(self, _: Future[Entry]) -> None:
        self._stream.inbox.changed.set()

    def _abandon(self) -> None:
        """Leave nothing behind of a stream that ends early: what the store has not been asked yet is not asked."""
        for pending in self._pending:
            if not pending.entry.cancel() and not pending.entry.cancelled():
                pending.entry.exception()  # seen, so that asyncio does not report it as forgotten


def _outcome(entry: Future[Entry]) -> Entry:
    """Give the entry of an update that is done, or whose time is over."""
    if not entry.done():
        entry.cancel()
        raise TimeoutError
    return entry.result()
