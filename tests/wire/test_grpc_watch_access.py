"""Who may watch, how much, and for how long; and what is open to all where reading is public."""

import time
from collections.abc import Callable
from typing import Any

import dashboard_pb
import grpc
import grpc.aio
import pytest
from drivers import Problem, rich_problem
from grpc_local import AUTHORIZED, HeldStore, RawClient, call, framed, served, until, update
from grpc_watching import Watcher, asked, nothing_is_watched, places
from grpclib.const import Status
from h2.settings import SettingCodes

from goboard.domain.identity import Identity, Role
from goboard.domain.names import MemberName
from goboard.entrypoints.grpc.generated.dashboard import DashboardServiceBase
from goboard.live import WatchLimits

NOON = 1_795_521_600.0
EXPIRED = Problem(401, "auth_token_expired", "the token has expired; call again with a new one")
MISSING = Problem(401, "auth_missing_token", "authentication token is required")
METHODS = [path.rpartition("/")[2] for path in DashboardServiceBase().__mapping__()]
READING = ("Get", "List", "Lookup", "Watch")


async def test_the_limits():
    limits = WatchLimits(views=2, per_identity=3)
    async with served(limits=limits) as local, grpc.aio.insecure_channel(local.target) as channel:
        watchers = [Watcher(channel, top=1), Watcher(channel, top=1), Watcher(channel, top=2)]
        for watcher in watchers:
            await watcher.snapshot()
        fourth = await Watcher(channel, top=1).refusal()
        assert fourth == Problem(
            429, "too_many_watches", "'admin_user' has 3 watches, which is the most allowed; end one first"
        )
        watchers[0].stream.cancel()
        await until(lambda: local.live._of_identity["admin_user"] == 2)
        third_view = Watcher(channel, top=3)
        assert "different views" in (await third_view.refusal()).detail
        assert await third_view.stream.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert await Watcher(channel, top=2).snapshot()


class Brief:
    """A verifier whose tokens end when the test says."""

    def __init__(self, ends: Callable[[], float]) -> None:
        self._ends = ends

    def verify(self, token: str) -> Identity:
        assert token
        return Identity(MemberName.parse("ann"), Role.SERVER, self._ends())


async def test_a_watch_ends_with_its_token():
    async with (
        served(verifier=Brief(lambda: time.time() + 0.5)) as local,
        grpc.aio.insecure_channel(local.target) as channel,
    ):
        watcher = Watcher(channel)
        await watcher.snapshot()
        begun = time.monotonic()
        assert await watcher.refusal() == EXPIRED
        assert time.monotonic() - begun < 3
        assert await watcher.stream.code() is grpc.StatusCode.UNAUTHENTICATED
        await nothing_is_watched(local)


async def test_updates_end_with_their_token():
    async with (
        served(now=lambda: NOON, verifier=Brief(lambda: NOON + 0.5)) as local,
        grpc.aio.insecure_channel(local.target) as channel,
    ):
        stream = dashboard_pb.method(channel, "StreamUpdates")(metadata=AUTHORIZED)
        await stream.write(update())
        assert (await stream.read()).rank == 1
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await stream.read()
        assert rich_problem(ended.value) == EXPIRED


async def test_an_update_that_was_read_before_its_token_ended_is_answered():
    store = HeldStore()
    async with (
        served(store, now=lambda: NOON, verifier=Brief(lambda: NOON + 0.2)) as local,
        RawClient.connect(local.port) as client,
    ):
        stream = client.open("StreamUpdates")
        await client.send(stream, framed(update()))
        (connection,) = local.server._connections
        await until(lambda: any(call.inbox._refusal for call in connection.handler._running.values()))
        await client.send(stream, framed(update()))
        await client.ping()
        assert len(store.held) == 1
        store.release()
        answer = await client.answer(stream)
        assert [reply.rank for reply in answer.messages("UpdateResponse")] == [1]
        assert (answer.status, answer.problem.code) == (Status.UNAUTHENTICATED.value, "auth_token_expired")


async def test_a_client_that_reads_no_replies_does_not_outlive_its_token():
    verifier = Brief(lambda: NOON + 0.2)
    async with (
        served(now=lambda: NOON, verifier=verifier, request_timeout=0.2) as local,
        RawClient.connect(local.port) as client,
    ):
        client.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 4})
        client.reads = False
        stream = client.open("StreamUpdates")
        await client.send(stream, framed(update()))
        answer = await client.answer(stream)
        assert (len(answer.data), answer.problem.code) == (4, "auth_token_expired")


async def test_a_token_s_end_and_a_deadline_are_told_apart():
    async with (
        served(now=lambda: NOON, verifier=Brief(lambda: NOON + 60)) as local,
        grpc.aio.insecure_channel(local.target) as channel,
    ):
        watcher = dashboard_pb.method(channel, "WatchStandings")(asked(), metadata=AUTHORIZED, timeout=0.3)
        await watcher.read()
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await watcher.read()
        assert ended.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        await nothing_is_watched(local)


async def problem_of(channel: grpc.aio.Channel, name: str, token: Any, **fields: Any) -> Problem | None:
    """Call a method, and give the problem that it ends with, if it does."""
    made = dashboard_pb.method(channel, name)
    streams = isinstance(made, grpc.aio.StreamStreamMultiCallable)
    sent = () if streams else (dashboard_pb.message(f"{name}Request")(**fields),)
    running = made(*sent, metadata=token)
    try:
        await (running if hasattr(running, "__await__") else running.read())
    except grpc.aio.AioRpcError as error:
        return rich_problem(error)
    running.cancel()
    return None


@pytest.mark.parametrize("name", METHODS)
async def test_where_reading_is_public_what_reads_needs_no_token_and_all_else_does(name: str):
    async with served(public_read=True) as local, grpc.aio.insecure_channel(local.target) as channel:
        assert (await problem_of(channel, name, ()) == MISSING) is not name.startswith(READING)
        wrong = await problem_of(channel, name, (("authorization", "Bearer wrong"),))
        assert wrong is not None
        assert wrong.code == "auth_invalid_token"
    async with served() as local, grpc.aio.insecure_channel(local.target) as channel:
        assert await problem_of(channel, name, ()) == MISSING


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("GetMemberRank", {}),
        ("GetMember", {}),
        ("GetAround", {}),
        ("LookupMembers", {"member_ids": [""]}),
        ("WatchStandings", {"around": {}}),
        ("WatchStandings", {"members": {"member_ids": [""]}}),
    ],
)
async def test_a_visitor_is_nobody(name: str, fields: dict[str, Any]):
    async with served(public_read=True) as local, grpc.aio.insecure_channel(local.target) as channel:
        refused = await problem_of(channel, name, (), dashboard="b", **fields)
        assert refused == Problem(400, "invalid_argument", "member_id is required without a token")


async def test_a_visitor_reads_of_whom_it_names():
    limits = WatchLimits(per_identity=1)
    async with (
        served(public_read=True, role=Role.MEMBER, limits=limits) as local,
        grpc.aio.insecure_channel(local.target) as channel,
    ):
        await call(channel, "IncrementScore", dashboard="b", increment=3)
        assert await problem_of(channel, "GetMemberRank", (), dashboard="b", member_id="admin_user") is None
        for _ in range(2):  # nobody has no limit
            shown = await Watcher(channel, (), around={"member_id": "admin_user"}).snapshot()
            assert places(shown.members) == [("admin_user", 1, 3)]
