"""Watches: over grpcio, and by hand from a client that takes as much as the test says."""

import asyncio
from collections.abc import Iterable
from typing import Any

import dashboard_pb
import grpc.aio
from drivers import Problem, rich_problem
from grpc_local import AUTHORIZED, Local, RawClient, call, framed, until
from h2.settings import SettingCodes

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


async def watch(client: RawClient, **fields: Any) -> int:
    """Begin to watch, by hand."""
    stream = client.open("WatchStandings")
    await client.send(stream, framed(asked(**fields)), end=True)
    return stream


def events(client: RawClient, stream: int) -> list[Any]:
    return client.answers[stream].messages("WatchStandingsResponse")


def grant(client: RawClient, stream: int, size: int) -> None:
    """Give so much of the window back."""
    client.h2.increment_flow_control_window(size, stream)
    client.h2.increment_flow_control_window(size)


async def stuck(client: RawClient, hand: Hand, watcher: Watcher, window: int) -> int:
    """Watch with a small window until it is full; `watcher`, who is another one, has seen as much then."""
    client.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: window})
    client.reads = False
    stream = await watch(client)
    for score in range(1, 100):
        await hand.set("ann", score)
        event = await watcher.next()
        if event.change.to_version > len(events(client, stream)) + 10:  # conflated for long
            return stream
        await client.ping()
    raise AssertionError("the window was never full")
