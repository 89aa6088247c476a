"""Bad heads of calls over gRPC: each row has its one right answer, and neither the connection nor others are harmed."""

import asyncio
from collections.abc import AsyncIterator

import dashboard_pb
import pytest
from grpc_local import TOKEN, Answer, HeldStore, Local, RawClient, framed, served, until, update
from grpclib.const import Status
from h2.settings import SettingCodes

GOOD = framed(update())
METHOD, SCHEME, PATH = (":method", "POST"), (":scheme", "http"), (":path", f"{dashboard_pb.SERVICE}/IncrementScore")
HOST, KIND, AUTH = (":authority", "localhost"), ("content-type", "application/grpc"), ("authorization", TOKEN)
HEAD = (METHOD, SCHEME, PATH, HOST, ("te", "trailers"), KIND, AUTH)
OK, INVALID, LATE, UNKNOWN = Status.OK, Status.INVALID_ARGUMENT, Status.DEADLINE_EXCEEDED, Status.UNIMPLEMENTED
NOBODY, DENIED = Status.UNAUTHENTICATED, Status.PERMISSION_DENIED


def without(*left_out: tuple[str, str]) -> list[tuple[str, str]]:
    return [header for header in HEAD if header not in left_out]


def instead(old: tuple[str, str], new: str) -> list[tuple[str, str]]:
    return [(name, new) if (name, value) == old else (name, value) for name, value in HEAD]


# name → the head of the call, its HTTP status or its gRPC status
HEADS: dict[str, tuple[list[tuple[str, str]], int | Status]] = {
    # What HTTP/2 does not allow, RFC 9113, section 8
    "no method": (without(METHOD), 400),
    "no scheme": (without(SCHEME), 400),
    "no path": (without(PATH), 400),
    "two methods": ([METHOD, *HEAD], 400),
    "two paths": ([(":path", "/grpc.health.v1.Health/Check"), *HEAD], 400),
    "two authorities": ([HOST, *HEAD], 400),
    "a status": ([(":status", "200"), *HEAD], 400),
    "a header with a colon that there is not": ([(":x", "1"), *HEAD], 400),
    "the path after other headers": ([*without(PATH), PATH], 400),
    "capital letters": ([*HEAD, ("X-Name", "1")], 400),
    "a Connection": ([*HEAD, ("connection", "close")], 400),
    "a Transfer-Encoding": ([*HEAD, ("transfer-encoding", "chunked")], 400),
    "an upgrade": ([*HEAD, ("upgrade", "h2c")], 400),
    # What is no gRPC
    "GET": (instead(METHOD, "GET"), 405),
    "a method in small letters": (instead(METHOD, "post"), 405),
    "CONNECT": (instead(METHOD, "CONNECT"), 405),
    "no content type": (without(KIND), 415),
    "JSON": (instead(KIND, "application/json"), 415),
    "gRPC for browsers": (instead(KIND, "application/grpc-web"), 415),
    "gRPC with JSON": (instead(KIND, "application/grpc+json"), 415),
    "a type that only begins so": (instead(KIND, "application/grpcx"), 415),
    "an empty path": (instead(PATH, ""), UNKNOWN),
    "an asterisk": (instead(PATH, "*"), UNKNOWN),
    "no slash": (instead(PATH, PATH[1][1:]), UNKNOWN),
    "a slash too many": (instead(PATH, f"{PATH[1]}/"), UNKNOWN),
    "another slash too many": (instead(PATH, f"/{PATH[1]}"), UNKNOWN),
    "a query": (instead(PATH, f"{PATH[1]}?x=1"), UNKNOWN),
    "an escape": (instead(PATH, PATH[1].replace("I", "%49")), UNKNOWN),
    "small letters": (instead(PATH, PATH[1].lower()), UNKNOWN),
    "a way up": (instead(PATH, "/dashboard.DashboardService/../IncrementScore"), UNKNOWN),
    "bytes of no text": (instead(PATH, "/\xff\xfe\x80"), UNKNOWN),
    "a path of 20,000 bytes": (instead(PATH, "/" + "x" * 20_000), UNKNOWN),
    # Deadlines
    "a deadline of 11 digits": ([*HEAD, ("grpc-timeout", "99999999999H")], INVALID),
    "a negative deadline": ([*HEAD, ("grpc-timeout", "-5S")], INVALID),
    "a deadline without a unit": ([*HEAD, ("grpc-timeout", "5")], INVALID),
    "a deadline in words": ([*HEAD, ("grpc-timeout", "soon")], INVALID),
    "the longest deadline": ([*HEAD, ("grpc-timeout", "99999999H")], OK),
    "two deadlines, of which the earlier counts": ([*HEAD, ("grpc-timeout", "1H"), ("grpc-timeout", "1n")], LATE),
    # Who it is
    "no token": (without(AUTH), NOBODY),
    "an empty token": (instead(AUTH, "Bearer "), NOBODY),
    "two tokens": ([*HEAD, AUTH], DENIED),
    "a password": (instead(AUTH, "Basic YTpi"), DENIED),
    "a token of 9,000 bytes": (instead(AUTH, "x" * 9_000), DENIED),
    "a token beyond ASCII": (instead(AUTH, "\xff\xfe"), DENIED),
    "a token with a NUL": (instead(AUTH, f"{TOKEN}\0"), DENIED),
    # What is odd, and right
    "gRPC with protobuf": (instead(KIND, "application/grpc+proto"), OK),
    "a type with a parameter": (instead(KIND, "application/grpc; charset=utf-8"), OK),
    "no authority": (without(HOST), OK),
    "no te": (without(("te", "trailers")), OK),
    "an encoding that no message has": ([*HEAD, ("grpc-encoding", "nonsense")], OK),
    "no encoding that is known": ([*HEAD, ("grpc-accept-encoding", "nonsense")], OK),
    "metadata that is not base64": ([*HEAD, ("x-bin", "no base64!"), ("grpc-trace-bin", "\xff")], OK),
    "metadata of any bytes": ([*HEAD, ("x-a", "\xc3\xa9\xff\x01"), ("x-b", "")], OK),
    "metadata of 50,000 bytes": ([*HEAD, ("x-a", "a" * 50_000)], OK),
    "900 headers": ([*HEAD, *[(f"x-{number}", "1") for number in range(900)]], OK),
}


@pytest.fixture
async def local() -> AsyncIterator[Local]:
    async with served() as running:
        yield running


async def call(client: RawClient, head: list[tuple[str, str]]) -> Answer:
    stream = client.h2.get_next_available_stream_id()
    client.answers[stream] = Answer()
    client.h2.send_headers(stream, head)
    await client.send(stream, GOOD, end=True)
    return await client.answer(stream)


async def score(client: RawClient) -> float:
    return float((await call(client, list(HEAD))).messages("IncrementScoreResponse")[0].score)


@pytest.mark.parametrize("case", HEADS)
async def test_bad_heads_get_their_one_answer(local: Local, case: str):
    head, expected = HEADS[case]
    async with RawClient.connect(local.port) as other, RawClient.connect(local.port) as client:
        assert await score(other) == 1
        answer = await call(client, head)
        if isinstance(expected, Status):
            assert answer.status == expected.value
        else:
            assert answer.headers == {":status": str(expected)}
        applied = 1 if expected is OK else 0
        assert await score(client) == 2 + applied
        assert await score(other) == 3 + applied


async def test_who_leaves_no_room_for_the_answer_is_not_waited_for_longer_than_a_call_may_take():
    async with (
        served(request_timeout=1) as local,
        RawClient.connect(local.port) as other,
        RawClient.connect(local.port) as client,
    ):
        client.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 0})
        await client.ping()
        stuck = asyncio.create_task(call(client, list(HEAD)))
        await until(lambda: any(connection.handler.running for connection in local.server._connections))
        assert await score(other) == 2
        answer = await stuck
        assert (answer.status, answer.data) == (LATE.value, b"")
        assert all(connection.handler.running == [] for connection in local.server._connections)
        assert await score(other) == 3


async def test_a_client_may_end_a_call_by_trailers(local: Local):
    async with RawClient.connect(local.port) as client:
        stream = client.open("IncrementScore")
        await client.send(stream, GOOD)
        client.h2.send_headers(stream, [("x-checksum", "1")], end_stream=True)
        assert (await client.answer(stream)).status == 0


async def test_a_client_that_leaves_in_the_middle_leaves_nothing_behind():
    store = HeldStore()
    async with served(store) as local:
        async with RawClient.connect(local.port) as client:
            for method in ("IncrementScore", "StreamUpdates") * 20:
                await client.send(client.open(method), GOOD + GOOD[:-1])
            await until(lambda: len(store.held) == 40)
        await until(lambda: not local.server._connections)
        assert all(future.cancelled() for future in store.held)
