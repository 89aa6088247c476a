"""How a token travels: in which forms, how long it may be, and that two of them are one too many."""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import dashboard_pb
import grpc
import grpc.aio
import httpx
import pytest
from drivers import rich_problem
from raw_http import RawConnection, request
from services import TOKEN, Service
from watch_events import live_url
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

pytestmark = pytest.mark.parametrize("service", ["memory"], indirect=True)

HTTP = httpx.Client(verify=False, timeout=20)
"""One for all: reading the system's certificates takes longer than a call."""


@pytest.fixture(scope="module", autouse=True)
def _closed() -> Iterator[None]:
    yield
    HTTP.close()


MISSING, INVALID = (401, "auth_missing_token"), (403, "auth_invalid_token")
IN = (200, "")
Answer = tuple[int, str]

FORMS = {
    f"Bearer {TOKEN}": IN,
    f"bearer {TOKEN}": IN,
    f"BeArEr {TOKEN}": IN,
    f"Bearer    {TOKEN}": IN,
    TOKEN: IN,
    "Bearer": MISSING,
    "": MISSING,
    f"Bearer{TOKEN}": INVALID,
    f"Bearer: {TOKEN}": INVALID,
    f"Basic {TOKEN}": INVALID,
    f"Token {TOKEN}": INVALID,
    f"Bearer Bearer {TOKEN}": INVALID,
    f"Bearer {TOKEN} {TOKEN}": INVALID,
    f"Bearer {TOKEN},": INVALID,
    f'Bearer "{TOKEN}"': INVALID,
    f"Bearer token={TOKEN}": INVALID,
    f"Bearer {TOKEN[:-1]}": INVALID,
    f"Bearer {TOKEN}x": INVALID,
    f"Bearer {TOKEN.upper()}": INVALID,
    f"Bearer {quote(TOKEN + ' ')}": INVALID,
    "Bearer null": INVALID,
    "Bearer undefined": INVALID,
    f"Bearer {'x' * 8193}": INVALID,
}
LONG = b"x" * 1_000_000
"""Over everything that a server reads of a request's head."""


def answer(reply: httpx.Response) -> Answer:
    return reply.status_code, reply.json()["code"] if reply.status_code != 200 else ""


def rest(service: Service, headers: Any, **options: Any) -> list[Answer]:
    """Ask one route that is answered before the framework and one that is not."""
    paths = (f"{service.api}/dashboards/b/top", f"{service.api}/dashboards/b/stats")
    return [answer(HTTP.get(path, headers=headers, **options)) for path in paths]


async def socket(service: Service, query: str = "", **options: Any) -> Answer:
    try:
        async with connect(service.ws + query, **options):
            return IN
    except InvalidStatus as refused:
        return refused.response.status_code, json.loads(refused.response.body)["code"]


def events(service: Service, query: str, **headers: str) -> Answer:
    """Ask for a stream of events, which must be refused."""
    return answer(HTTP.get(live_url(service, "b") + query, headers=headers))


async def rpc(service: Service, metadata: Any) -> Answer:
    async with grpc.aio.insecure_channel(service.grpc) as channel:
        try:
            message = dashboard_pb.message("GetTopMembersRequest")(dashboard="b")
            await dashboard_pb.method(channel, "GetTopMembers")(message, metadata=metadata, timeout=10)
        except grpc.aio.AioRpcError as error:
            problem = rich_problem(error)
            return problem.status, problem.code
    return IN


@pytest.mark.parametrize("value", FORMS)
async def test_the_forms_of_a_header(service: Service, value: str) -> None:
    assert set(rest(service, {"Authorization": value})) == {FORMS[value]}
    assert await rpc(service, [("authorization", value)]) == FORMS[value]


async def test_two_tokens_are_one_too_many(service: Service) -> None:
    for second in (TOKEN, "wrong"):
        both = [("authorization", TOKEN), ("authorization", second)]
        for pair in (both, both[::-1]):
            assert set(rest(service, pair)) == {INVALID}
            assert await rpc(service, pair) == INVALID
        for query in (f"?token={TOKEN}&token={second}", f"?token={second}&x=1&token={TOKEN}"):
            assert await socket(service, query) == INVALID
            assert events(service, query) == INVALID


@pytest.mark.parametrize(
    ("query", "right"),
    [
        (f"?token={TOKEN}", IN),
        (f"?x=1&token={TOKEN}&y", IN),
        ("?token=", MISSING),
        ("?token", MISSING),
        ("", MISSING),
        (f"?TOKEN={TOKEN}", MISSING),
        (f"?access_token={TOKEN}", MISSING),
        (f"?token[]={TOKEN}", MISSING),
        (f"?token=Bearer%20{TOKEN}", INVALID),
        (f"?token={TOKEN}%00", INVALID),
        (f"?token=%20{TOKEN}", INVALID),
        (f"?token={TOKEN}+", INVALID),
        ("?token=%FF%FE", INVALID),
        (f"?token={'x' * 8193}", INVALID),
        (f"?token={'%C3%BC' * 5000}", INVALID),
    ],
)
async def test_the_forms_of_a_query(service: Service, query: str, right: Answer) -> None:
    assert await socket(service, query) == right
    if right != IN:
        assert events(service, query) == right


async def test_where_it_is_in_two_places_one_counts(service: Service) -> None:
    good, bad = [Subprotocol(TOKEN)], [Subprotocol("wrong")]
    assert await socket(service, f"?token={TOKEN}", subprotocols=bad) == IN
    assert await socket(service, "?token=wrong", subprotocols=good) == INVALID
    assert await socket(service, "?token=", subprotocols=good) == IN
    # A WebSocket's token is in its query or its subprotocol: no browser can send the header.
    assert await socket(service, additional_headers={"Authorization": TOKEN}) == MISSING
    assert events(service, f"?token={TOKEN}", Authorization="wrong") == INVALID


@pytest.mark.parametrize("path", ["/api/v1/dashboards/b/top", "/api/v1/dashboards/b/live"])
def test_a_token_of_a_megabyte_is_refused_over_http(service: Service, path: str) -> None:
    in_header = request("GET", path.encode(), b"Host: localhost", b"Authorization: " + LONG)
    in_query = request("GET", f"{path}?token=".encode() + LONG, b"Host: localhost")
    for sent in (in_header, in_query):
        connection = RawConnection(service.base)
        connection.send(sent)
        with contextlib.suppress(ConnectionResetError):  # cut off while it was still sent
            assert connection.answer("GET").status in {400, 414, 431}
        connection.close()
    assert set(rest(service, {"Authorization": TOKEN})) == {IN}


async def test_a_token_of_a_megabyte_is_refused_by_sockets_and_grpc(service: Service) -> None:
    with pytest.raises((InvalidStatus, OSError, EOFError)):
        async with connect(f"{service.ws}?token={LONG.decode()}"):
            pass
    async with grpc.aio.insecure_channel(service.grpc) as channel:
        message = dashboard_pb.message("GetTopMembersRequest")(dashboard="b")
        call = dashboard_pb.method(channel, "GetTopMembers")
        with pytest.raises(grpc.aio.AioRpcError):
            await call(message, metadata=[("authorization", LONG.decode())], timeout=10)
    assert await asyncio.gather(socket(service, f"?token={TOKEN}"), rpc(service, [("authorization", TOKEN)])) == [
        IN,
        IN,
    ]
