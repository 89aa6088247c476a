"""A watch over grpcio, as its client sees it."""

import asyncio
from collections.abc import Iterable
from typing import Any

import dashboard_pb
import grpc.aio
from drivers import Problem, rich_problem
from grpc_local import AUTHORIZED, Local, call, until

PATIENCE = 10.0


def asked(**fields: Any) -> Any:
    """Make a WatchStandingsRequest of the board `b`, unless another is said."""
    return dashboard_pb.message("WatchStandingsRequest")(**{"dashboard": "b", **fields})


class Watcher:
    """One watch."""

    def __init__(self, channel: grpc.aio.Channel, token: Any = AUTHORIZED, **fields: Any) -> None:
        self.stream = dashboard_pb.method(channel, "WatchStandings")(asked(**fields), metadata=token)

    async def next(self) -> Any:
        """Wait for what comes next."""
        async with asyncio.timeout(PATIENCE):
            event = await self.stream.read()
        assert event is not grpc.aio.EOF
        return event

    async def snapshot(self) -> Any:
        """Wait for what comes next, which must be a snapshot."""
        event = await self.next()
        assert event.WhichOneof("event") == "snapshot", event
        return event.snapshot

    async def change(self) -> Any:
        """Wait for what comes next, which must be a change."""
        event = await self.next()
        assert event.WhichOneof("event") == "change", event
        return event.change

    async def refusal(self) -> Problem:
        """Wait for the end, which must be a problem; what comes before it is passed over."""
        try:
            while True:
                await self.next()
        except grpc.aio.AioRpcError as error:
            return rich_problem(error)


class Hand:
    """Writes to the board `b`."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel

    async def set(self, member: str, score: float, metadata: str = "") -> None:
        fields = {"dashboard": "b", "member_id": member, "score": score, "metadata": metadata}
        assert (await call(self._channel, "SetScore", **fields)).kept

    async def set_all(self, **scores: float) -> None:
        for member, score in scores.items():
            await self.set(member, score)

    async def rules(self, *, force: bool = False, **rules: Any) -> None:
        assert (await call(self._channel, "SetRules", dashboard="b", rules=rules, force=force)).revision


def places(records: Iterable[Any]) -> list[tuple[str, int, float]]:
    return [(record.member_id, record.rank, record.score) for record in records]


def moves(change: Any) -> list[tuple[str, int, int]]:
    """Give who has moved, from where to where."""
    return [(record.member_id, record.previous_rank, record.rank) for record in change.moved]


def passed(message: Any) -> tuple[list[str], int]:
    return sorted(message.member_ids), message.others


async def nothing_is_watched(local: Local) -> None:
    """Wait until neither a watch nor a call is left."""
    await until(lambda: not any(each.handler.running for each in local.server._connections))
    assert (local.live._boards, local.live._of_identity) == ({}, {})
