"""The gRPC server as grpcio, a foreign client, sees it; what its connections do under load."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import dashboard_pb
import grpc
import grpc.aio
import pytest
from drivers import Problem, rich_problem
from grpc_local import AUTHORIZED, HeldStore, Local, call, served, until, update
from grpc_reflect import methods_of
from grpclib.health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from goboard.adapters.memory import MemoryBoardStore
from goboard.domain.errors import OutcomeUnknown, StoreUnavailable
from goboard.domain.identity import Role
from goboard.domain.names import BoardName
from goboard.domain.periods import PeriodChoice


@pytest.fixture
async def local() -> AsyncIterator[Local]:
    async with served() as running:
        yield running


@pytest.fixture
async def channel(local: Local) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(local.target) as opened:
        yield opened


def place(reply: Any) -> tuple[str, int, float]:
    return reply.member_id, reply.rank, reply.score


async def test_the_unary_calls(channel: grpc.aio.Channel):
    await call(channel, "IncrementScore", dashboard="b", member_id="ann", increment=2)
    assert place(await call(channel, "IncrementScore", dashboard="b", member_id="bob", increment=3.5)) == (
        "bob",
        1,
        3.5,
    )
    assert place(await call(channel, "GetMemberRank", dashboard="b", member_id="ann")) == ("ann", 2, 2)
    top = await call(channel, "GetTopMembers", dashboard="b", limit=1)
    assert [place(record) for record in top.members] == [("bob", 1, 3.5)]
    assert (await call(channel, "GetDashboardStats", dashboard="b")).total_members == 2


async def test_an_empty_member_id_means_the_identity_itself(channel: grpc.aio.Channel):
    assert place(await call(channel, "IncrementScore", dashboard="b", increment=1)) == ("admin_user", 1, 1)
    assert place(await call(channel, "GetMemberRank", dashboard="b")) == ("admin_user", 1, 1)


async def test_the_identity_overrides_another_member_id():
    async with served(role=Role.MEMBER) as local, grpc.aio.insecure_channel(local.target) as channel:
        assert (await call(channel, "IncrementScore", dashboard="b", member_id="ann")).member_id == "admin_user"
        stream = dashboard_pb.method(channel, "StreamUpdates")(iter([update("ann")]), metadata=AUTHORIZED)
        assert [reply.member_id async for reply in stream] == ["admin_user"]
        assert (await call(channel, "IncrementScore", dashboard="b", member_id="\n")).code == "invalid_argument"


async def test_top_gives_ten_unless_told_otherwise(channel: grpc.aio.Channel):
    for number in range(12):
        await call(channel, "IncrementScore", dashboard="b", member_id=f"m{number}", increment=number)
    for limit, expected in {0: 10, -5: 10, 3: 3, 100: 12}.items():
        assert len((await call(channel, "GetTopMembers", dashboard="b", limit=limit)).members) == expected
    refused = Problem(400, "invalid_argument", "limit is 101; at most 100 is allowed")
    assert await call(channel, "GetTopMembers", dashboard="b", limit=101) == refused


@pytest.mark.parametrize(
    ("name", "fields", "code", "detail"),
    [
        ("IncrementScore", {"dashboard": "", "increment": 1}, "invalid_argument", "dashboard is empty"),
        (
            "IncrementScore",
            {"dashboard": "b", "increment": float("nan")},
            "invalid_argument",
            "must be a finite number",
        ),
        (
            "IncrementScore",
            {"dashboard": "b", "increment": float("inf")},
            "invalid_argument",
            "must be a finite number",
        ),
        ("IncrementScore", {"dashboard": "b", "increment": 1e300}, "score_out_of_range", "2^53"),
        ("IncrementScore", {"dashboard": "b", "member_id": "\x07"}, "invalid_argument", "control character"),
        ("GetMemberRank", {"dashboard": "b", "member_id": "nobody"}, "member_not_found", "'nobody'"),
        ("GetMemberRank", {"dashboard": ""}, "invalid_argument", "dashboard is empty"),
        ("GetTopMembers", {"dashboard": ""}, "invalid_argument", "dashboard is empty"),
        ("GetDashboardStats", {"dashboard": "{b}"}, "invalid_argument", "{ }"),
    ],
)
async def test_what_is_refused(channel: grpc.aio.Channel, name: str, fields: dict[str, Any], code: str, detail: str):
    refused = await call(channel, name, **fields)
    assert refused.code == code
    assert detail in refused.detail


@pytest.mark.parametrize("name", ["IncrementScore", "StreamUpdates"])
@pytest.mark.parametrize(
    ("metadata", "status", "problem"),
    [
        ((), grpc.StatusCode.UNAUTHENTICATED, "auth_missing_token"),
        ((("authorization", "Bearer "),), grpc.StatusCode.UNAUTHENTICATED, "auth_missing_token"),
        ((("authorization", "Bearer wrong"),), grpc.StatusCode.PERMISSION_DENIED, "auth_invalid_token"),
    ],
)
async def test_who_is_not_let_in(
    channel: grpc.aio.Channel, name: str, metadata: Any, status: grpc.StatusCode, problem: str
):
    streams = name == "StreamUpdates"
    # grpc.aio takes INTERNAL for the status where it still writes when the refusal comes: so nothing is written.
    refused = dashboard_pb.method(channel, name)(*([] if streams else [update()]), metadata=metadata)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await (refused.read() if streams else refused)
    assert caught.value.code() is status
    assert rich_problem(caught.value).code == problem


async def test_health_needs_no_token(channel: grpc.aio.Channel):
    check = channel.unary_unary(
        "/grpc.health.v1.Health/Check", HealthCheckRequest.SerializeToString, HealthCheckResponse.FromString
    )
    for service in ("", "dashboard.DashboardService"):
        assert (await check(HealthCheckRequest(service=service))).status == HealthCheckResponse.SERVING
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await check(HealthCheckRequest(service="nobody.Nothing"))
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


async def test_reflection_lists_and_describes_the_services(local: Local):
    assert await asyncio.to_thread(methods_of, local.target) == {
        "dashboard.DashboardService": [
            *("StreamUpdates", "IncrementScore", "IncrementScores"),
            *("GetMemberRank", "GetTopMembers", "GetDashboardStats"),
            *("SubmitScore", "SetScore", "SubmitScores", "GetMember", "GetAround", "LookupMembers"),
            *("ListEntries", "ListPeriods", "ListDashboards", "GetRules", "SetRules"),
            *("RemoveMember", "ArchiveDashboard", "DeleteDashboard", "WatchStandings"),
        ],
        "grpc.health.v1.Health": ["Check", "Watch"],
    }


async def test_a_thousand_streams_on_one_connection(local: Local, channel: grpc.aio.Channel):
    streams = [dashboard_pb.method(channel, "StreamUpdates")(metadata=AUTHORIZED) for _ in range(1000)]
    async with asyncio.timeout(15):
        await asyncio.gather(*(stream.write(update(f"m{number}")) for number, stream in enumerate(streams)))
        replies = await asyncio.gather(*(stream.read() for stream in streams))
    assert [reply.member_id for reply in replies] == [f"m{number}" for number in range(1000)]
    (connection,) = local.server._connections
    assert len(connection.handler.running) == 1000
    for stream in streams:
        stream.cancel()
    await until(lambda: not connection.handler.running)


async def test_small_writes_are_not_held_back(local: Local, channel: grpc.aio.Channel):
    await channel.channel_ready()  # with Nagle's algorithm, 64 updates in flight do 18k a second instead of 55k
    (connection,) = local.server._connections
    assert connection.transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


class FailingStore(MemoryBoardStore):
    """Fails a count as the test says."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    async def count(self, board: BoardName, choice: PeriodChoice) -> int:  # noqa: ARG002 -- the port's
        raise self.error


@pytest.mark.parametrize("error", [StoreUnavailable(), OutcomeUnknown()])
async def test_a_store_that_is_away_is_unavailable(error: Exception):
    async with served(FailingStore(error)) as local, grpc.aio.insecure_channel(local.target) as channel:
        request = dashboard_pb.message("GetDashboardStatsRequest")(dashboard="b")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await dashboard_pb.method(channel, "GetDashboardStats")(request, metadata=AUTHORIZED)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert dict(caught.value.trailing_metadata())["retry-after"] == "1"
    assert rich_problem(caught.value).detail == str(error)


async def test_what_is_unforeseen_is_logged_and_tells_nothing(caplog: pytest.LogCaptureFixture):
    store = FailingStore(RuntimeError("the-inner-text"))
    async with served(store) as local, grpc.aio.insecure_channel(local.target) as channel:
        problem = await call(channel, "GetDashboardStats", dashboard="b")
    assert problem == Problem(500, "internal_error", "internal server error")
    assert "the-inner-text" in caplog.text


async def test_a_call_that_its_client_cancels_is_gone_and_disturbs_nobody():
    store = HeldStore()
    async with served(store) as local, grpc.aio.insecure_channel(local.target) as channel:
        cancelled = dashboard_pb.method(channel, "StreamUpdates")(metadata=AUTHORIZED)
        other = dashboard_pb.method(channel, "StreamUpdates")(metadata=AUTHORIZED)
        unary = dashboard_pb.method(channel, "IncrementScore")(update(), metadata=AUTHORIZED)
        for _ in range(3):
            await cancelled.write(update())
        await until(lambda: len(store.held) == 4)
        await other.write(update())
        await until(lambda: len(store.held) == 5)
        cancelled.cancel()
        unary.cancel()
        await until(lambda: [future.cancelled() for future in store.held] == [True] * 4 + [False])
        store.release(score=7)
        assert (await other.read()).score == 7
        (connection,) = local.server._connections
        assert len(connection.handler.running) == 1
        other.cancel()
