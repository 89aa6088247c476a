"""Traces: what a collector is sent of requests on every way, of the store's work for them, and never of whom."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import grpc
import grpc.aio
import httpx
import pytest
import websockets
from collector import Span, collecting
from dashboard_pb import message, method
from services import TOKEN, Service, goboard_serve
from watch_socket import opened

MEMBER = "/api/v1/dashboards/{dashboard}/members/{member_id}"
SERVICE = "dashboard.DashboardService"
BOARD, ADA = "board-of-traces", "ada-of-traces"
UPDATE = {"dashboard": BOARD, "member_id": ADA, "increment": 1}
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
SERVER, CLIENT = 2, 3
PARENT, TRACE = "c" * 16, "a" * 32
AT_ONCE = 40


def parent(trace: str = TRACE, flags: str = "01") -> str:
    return f"00-{trace}-{PARENT}-{flags}"


class Asked(NamedTuple):
    """A request, and what is told of it."""

    method: str
    path: str
    name: str
    status: int
    route: str | None
    more: dict[str, Any] = {}  # noqa: RUF012 -- of a tuple


INCREMENT = f"/api/v1/dashboards/{BOARD}/members/{ADA}/increment"
REST = {
    "shortcut": Asked("POST", INCREMENT, f"POST {MEMBER}/increment", 200, f"{MEMBER}/increment"),
    "shortcut-refused": Asked(
        "GET", f"/api/v1/dashboards/{BOARD}/members/nobody/rank", f"GET {MEMBER}/rank", 404, f"{MEMBER}/rank"
    ),
    "framework": Asked("GET", f"/api/v1/dashboards/{BOARD}/members/{ADA}?x={TOKEN}", f"GET {MEMBER}", 200, MEMBER),
    "unmatched": Asked("GET", f"/{BOARD}?token={TOKEN}", "GET", 404, None),
    "no-method": Asked("PURGE", f"/{BOARD}", "HTTP", 404, None, {"http.request.method": "_OTHER"}),
    "no-socket": Asked("GET", f"/ws?token={TOKEN}", "GET", 426, None),
    "switched-off": Asked("GET", f"/api/v1/dashboards/{BOARD}/members/{ADA}/rank", f"GET {MEMBER}/rank", 200, None),
}
TRACEPARENTS = {
    "parent-none": [],
    "parent-malformed": ["nonsense"],
    "parent-two": [parent(), parent("b" * 32)],
    "parent-zero": [parent("0" * 32)],
    "parent-long": [parent() + "-" + "x" * 600],
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Told"]:
    folder = tmp_path_factory.mktemp("traces")
    (folder / ".env").write_text("OTEL_SERVICE_NAME=boards\n")
    with collecting() as collector:
        tracing = {"TRACES": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        # Only at the stop is anything sent, so that all of it is told then.
        tracing |= {"OTEL_BSP_SCHEDULE_DELAY": "600000", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "2048"}
        settings = {"AUTH_STATIC_ROLE": "server", "ACCESS_LOG": "true", **tracing}
        with goboard_serve(folder, "--store", "embedded", **settings) as service:
            rest(service)
            asyncio.run(sockets(service))
            asyncio.run(calls(service))
            assert not collector.bodies
        yield Told(collector.spans, collector.bodies, service.log)


class Told(NamedTuple):
    """All that a collector was sent until the server had stopped."""

    spans: list[Span]
    bodies: list[bytes]
    log: list[str]

    def served(self, request_id: str) -> Span:
        """Find the span of a request."""
        [span] = [each for each in self.spans if each.attributes.get("goboard.request_id") == request_id]
        return span

    def under(self, span: Span) -> list[Span]:
        return [each for each in self.spans if each.parent == span.id]

    def linked_to(self, span: Span) -> list[Span]:
        return [each for each in self.spans if span.id in each.links]


def rest(service: Service) -> None:
    with httpx.Client(base_url=service.base, headers=HEADERS) as http:
        for request_id, asked in REST.items():
            flags = "00" if request_id == "switched-off" else "01"
            headers = {"X-Request-ID": request_id, "traceparent": parent(flags=flags)}
            reply = http.request(asked.method, asked.path, headers=headers, json={"increment": 1})
            assert reply.status_code == asked.status
        for request_id, values in TRACEPARENTS.items():
            headers = [("X-Request-ID", request_id), *[("traceparent", value) for value in values]]
            http.get("/nowhere", headers=headers)
        for probe in ("/health", "/ready", "/metrics"):
            http.get(probe, headers={"traceparent": parent("d" * 32)}).raise_for_status()


async def sockets(service: Service) -> None:
    async with opened(service, additional_headers={"X-Request-ID": "socket", "traceparent": parent()}) as socket:
        await socket.ask(UPDATE)
        await socket.ask([UPDATE] * 30)
        await socket.watch(BOARD, top=3)
    with pytest.raises(websockets.InvalidStatus):
        await websockets.connect(
            f"{service.ws}?token=bad-{TOKEN}", additional_headers={"X-Request-ID": "socket-refused"}
        )


async def calls(service: Service) -> None:
    def metadata(request_id: str) -> Any:
        return (("authorization", f"Bearer {TOKEN}"), ("x-request-id", request_id), ("traceparent", parent()))

    async with grpc.aio.insecure_channel(service.grpc) as channel:
        one = message("IncrementScoreRequest")(dashboard=BOARD, increment=1)
        await method(channel, "IncrementScore")(one, metadata=metadata("call"))
        nobody = message("GetMemberRankRequest")(dashboard=BOARD, member_id="nobody")
        with pytest.raises(grpc.aio.AioRpcError):
            await method(channel, "GetMemberRank")(nobody, metadata=metadata("call-refused"))
        with pytest.raises(grpc.aio.AioRpcError):
            await channel.unary_unary(f"/{SERVICE}/{BOARD}")(b"", metadata=metadata("call-unknown"))
        await channel.unary_unary("/grpc.health.v1.Health/Check")(b"", metadata=metadata("call-health"))
        update = message("UpdateRequest")(**UPDATE)
        stream = method(channel, "StreamUpdates")(iter([update] * AT_ONCE), metadata=metadata("stream"))
        assert len([reply async for reply in stream]) == AT_ONCE


@pytest.mark.parametrize("request_id", [each for each in REST if each != "switched-off"])
def test_a_request_is_a_span_under_the_caller_s_and_names_its_route(told: Told, request_id: str) -> None:
    asked, span = REST[request_id], told.served(request_id)
    assert (span.trace_id, span.parent, span.kind, span.name) == (TRACE, PARENT, SERVER, asked.name)
    assert 0 < span.end - span.start < 10e9
    expected = {
        "http.request.method": asked.method,
        "http.response.status_code": asked.status,
        "url.scheme": "http",
        "network.protocol.version": "1.1",
        "goboard.request_id": request_id,
        **({"http.route": asked.route} if asked.route else {}),
        **asked.more,
    }
    assert span.attributes == expected
    assert not span.failed  # whoever asks for what is not there is at fault, not the server


def test_who_is_not_to_be_followed_is_not(told: Told) -> None:
    assert "switched-off" not in [each.attributes.get("goboard.request_id") for each in told.spans]
    # Of the store's work for all requests that were, each has its own.
    assert {each.trace_id for each in told.under(told.served("shortcut"))} == {TRACE}


@pytest.mark.parametrize("request_id", TRACEPARENTS)
def test_what_is_no_traceparent_begins_a_new_trace(told: Told, request_id: str) -> None:
    span = told.served(request_id)
    assert not span.parent
    assert span.trace_id not in {TRACE, "b" * 32, "0" * 32}


def test_probes_are_not_followed(told: Told) -> None:
    assert "d" * 32 not in {each.trace_id for each in told.spans}
    assert not [each for each in told.spans if "Health" in each.name]


@pytest.mark.parametrize(("request_id", "script"), [("shortcut", "write"), ("framework", "query"), ("call", "write")])
def test_the_store_s_part_of_a_request_is_under_it_and_the_call_under_that(
    told: Told, request_id: str, script: str
) -> None:
    span = told.served(request_id)
    [store] = told.under(span)
    [call] = told.under(store)
    assert (store.name, store.trace_id, call.trace_id) == ("store", TRACE, TRACE)
    assert span.start <= store.start <= call.start < call.end <= store.end <= span.end
    assert (call.name, call.kind) == (f"EVALSHA {script}", CLIENT)
    assert call.attributes == {
        "db.system.name": "redis",
        "db.operation.name": "EVALSHA",
        "db.stored_procedure.name": script,
    }


def test_a_handshake_is_a_span_and_what_comes_over_the_socket_are_traces_that_link_to_it(told: Told) -> None:
    opened_by = told.served("socket")
    assert (opened_by.trace_id, opened_by.parent, opened_by.name) == (TRACE, PARENT, "GET /ws")
    assert opened_by.attributes["http.response.status_code"] == 101
    assert told.under(opened_by) == []
    single, array = told.linked_to(opened_by)  # and none of the reads for all who watch
    assert TRACE not in {single.trace_id, array.trace_id}
    assert single.trace_id != array.trace_id
    sizes = [call.attributes.get("db.operation.batch.size") for each in (single, array) for call in told.under(each)]
    assert sizes == [None, 30]
    assert told.served("socket-refused").attributes["http.response.status_code"] == 403


@pytest.mark.parametrize(
    ("request_id", "name", "status", "failed"),
    [
        ("call", "IncrementScore", grpc.StatusCode.OK, False),
        ("call-refused", "GetMemberRank", grpc.StatusCode.NOT_FOUND, False),
        ("call-unknown", "unknown", grpc.StatusCode.UNIMPLEMENTED, True),
        ("stream", "StreamUpdates", grpc.StatusCode.OK, False),
    ],
)
def test_a_call_is_a_span_under_the_caller_s_and_names_its_method(
    told: Told, request_id: str, name: str, status: grpc.StatusCode, *, failed: bool
) -> None:
    span = told.served(request_id)
    assert (span.trace_id, span.parent, span.kind, span.name) == (TRACE, PARENT, SERVER, f"{SERVICE}/{name}")
    assert span.attributes == {
        "rpc.system": "grpc",
        "rpc.service": SERVICE,
        "rpc.method": name,
        "rpc.grpc.status_code": status.value[0],
        "goboard.request_id": request_id,
        **({"error.type": status.name} if failed else {}),
    }
    assert span.failed == failed


def test_a_call_of_the_store_that_many_share_is_linked_with_each_of_them(told: Told) -> None:
    asked = told.linked_to(told.served("stream"))
    assert len(asked) == len({each.trace_id for each in asked}) == AT_ONCE
    calls = [call for each in asked for call in told.under(each)]
    assert sum(call.attributes.get("db.operation.batch.size", 1) for call in calls) == AT_ONCE
    assert len(calls) < AT_ONCE
    for call in calls:
        with_it = [each for each in asked if call.id in each.links]
        assert sorted(call.links) == sorted(each.id for each in with_it)
        assert len(call.links) == call.attributes.get("db.operation.batch.size", 1) - 1


def test_the_log_leads_to_the_trace(told: Told) -> None:
    lines = [json.loads(line) for line in told.log]
    for request_id in ("shortcut", "framework", "socket", "call"):
        [line] = [each for each in lines if each.get("request_id") == request_id]
        span = told.served(request_id)
        assert (line["trace_id"], line["span_id"]) == (span.trace_id, span.id)
    assert all("trace_id" not in line for line in lines if line.get("route") == "/health")


def test_they_tell_which_server_and_nothing_of_whom_or_what_was_sent(told: Told) -> None:
    assert {each.resource["service.name"] for each in told.spans} == {"boards"}
    sent = b"".join(told.bodies)
    assert b"increment" in sent
    for told_of_nobody in (BOARD, ADA, "of-traces", "nobody", TOKEN, "PURGE", "x=", "token="):
        assert told_of_nobody.encode() not in sent
