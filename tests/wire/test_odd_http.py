"""What is odd, and still right: it is answered as HTTP says, and never read in two ways."""

import httpx
import pytest
from raw_http import RawConnection, chunked, request
from services import TOKEN, Service

HOST, AUTH = b"Host: localhost", b"Authorization: " + TOKEN.encode()
GOOD = b'{"increment": 1}'
LENGTH, CHUNKED = b"Content-Length: 16", b"Transfer-Encoding: chunked"
SMUGGLED = request("POST", b"/api/v1/dashboards/smuggled/members/m/increment", HOST, AUTH, LENGTH, body=GOOD)

# name → header lines, body
ODD: dict[str, tuple[list[bytes], bytes]] = {
    "no Content-Type": ([HOST, LENGTH], GOOD),
    "a Content-Type of a form, as curl -d sends": (
        [HOST, LENGTH, b"Content-Type: application/x-www-form-urlencoded"],
        GOOD,
    ),
    "a Content-Type that is none": ([HOST, LENGTH, b"Content-Type: ;;//\xff"], GOOD),
    "two Content-Types": ([HOST, LENGTH, b"Content-Type: text/html", b"Content-Type: text/xml"], GOOD),
    "a charset as Content-Encoding": ([HOST, LENGTH, b"Content-Encoding: utf-8"], GOOD),
    "the same length twice": ([HOST, LENGTH, LENGTH], GOOD),
    "the length in zeros": ([HOST, b"Content-Length: 0000000016"], GOOD),
    "chunks of a byte": ([HOST, CHUNKED], chunked(*[bytes([byte]) for byte in GOOD])),
    "chunked in other letters": ([HOST, b"tRANSFER-eNCODING:\tChUnKeD"], chunked(GOOD)),
    "an extension of a chunk": ([HOST, CHUNKED], b"10;a=b\r\n" + chunked(GOOD)[4:]),
    "a trailer": ([HOST, CHUNKED], chunked(GOOD)[:-2] + b"X-Checksum: 1\r\n\r\n"),
    "100-continue": ([HOST, LENGTH, b"Expect: 100-continue"], GOOD),
    "another expectation": ([HOST, LENGTH, b"Expect: the-unexpected"], GOOD),
    "an upgrade to what there is not": ([HOST, LENGTH, b"Connection: Upgrade", b"Upgrade: nonsense/9"], GOOD),
    "an upgrade to HTTP/2": ([HOST, LENGTH, b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c"], GOOD),
    "another method in a header": ([HOST, LENGTH, b"X-HTTP-Method-Override: DELETE"], GOOD),
    "another path in a header": ([HOST, LENGTH, b"X-Original-URL: /ready", b"X-Rewrite-URL: /ready"], GOOD),
    "a Connection that names the token": ([HOST, LENGTH, b"Connection: authorization"], GOOD),
    "any bytes in a header": ([HOST, LENGTH, b"X-Y: \xff\xfe\x80"], GOOD),
    "a header of 60,000 bytes": ([HOST, LENGTH, b"X-Y: " + b"a" * 60_000], GOOD),
    "the last of two keys": ([HOST, b"Content-Length: 33"], b'{"increment": 5, "increment": 1 }'),
    "a key that there is not": ([HOST, b"Content-Length: 26"], b'{"increment": 1, "x":[{}]}'),
    "a number with an exponent": ([HOST, b"Content-Length: 24"], b'{"increment": 1000e-3  }'),
    "nesting that is not too deep": (
        [HOST, CHUNKED],
        chunked(b'{"increment": 1, "x": ' + b"[" * 99 + b"]" * 99 + b"}"),
    ),
}


@pytest.mark.parametrize("case", ODD)
def test_what_is_odd_and_right_is_answered(service: Service, board: str, case: str) -> None:
    headers, body = ODD[case]
    target = f"/api/v1/dashboards/{board}/members/m/increment".encode()
    with RawConnection(service.base) as connection:
        for score in (1, 2):  # the connection is good for another request
            connection.send(request("POST", target, AUTH, *headers, body=body))
            answer = connection.answer()
            assert (answer.status, answer.closed) == (200, False)
            assert answer.body == b'{"member_id":"m","rank":1,"score":%d.0}' % score


def test_http_1_0_needs_no_host_and_ends(service: Service) -> None:
    with RawConnection(service.base) as connection:
        connection.send(request("GET", b"/health", version=b"HTTP/1.0"))
        answer = connection.answer()

        assert (answer.status, answer.body) == (200, b"OK")
        assert connection.is_at_end()


@pytest.mark.parametrize("order", [[b"Content-Length: 0", CHUNKED], [CHUNKED, b"Content-Length: 0"]], ids=str)
def test_a_length_beside_chunks_is_none_and_nothing_after_it_is_read(
    service: Service, board: str, order: list[bytes]
) -> None:
    target = f"/api/v1/dashboards/{board}/members/m/increment".encode()
    with RawConnection(service.base) as connection:
        connection.send(request("POST", target, HOST, AUTH, *order, body=chunked(GOOD)) + SMUGGLED)
        answer = connection.answer()

        assert (answer.status, answer.closed) == (200, True)
        assert connection.is_at_end()
    assert_nothing_was_smuggled(service)


@pytest.mark.parametrize("size", [b"5", b"0"])
def test_what_follows_too_short_a_body_is_a_request_of_its_own_that_must_be_right(
    service: Service, size: bytes
) -> None:
    target = b"/api/v1/dashboards/smuggled/members/m/increment"
    with RawConnection(service.base) as connection:
        connection.send(request("POST", target, HOST, AUTH, b"Content-Length: " + size, body=GOOD))
        first, second = connection.answer(), connection.answer()

        assert (first.status, second.status, second.body) == (400, 400, b"")
        assert connection.is_at_end()
    assert_nothing_was_smuggled(service)


def test_requests_in_a_row_are_answered_in_order_until_one_is_none(service: Service, board: str) -> None:
    target = f"/api/v1/dashboards/{board}/members/m/increment".encode()
    good = request("POST", target, HOST, AUTH, LENGTH, body=GOOD)
    with RawConnection(service.base) as connection:
        connection.send(good + good + b"NONSENSE\r\n\r\n" + good)
        statuses = [connection.answer().status for _ in range(3)]

        assert statuses == [200, 200, 400]
        assert connection.is_at_end()
    stats = httpx.get(f"{service.api}/dashboards/{board}/top", headers={"Authorization": TOKEN}).json()
    assert stats["members"][0]["score"] == 2


def assert_nothing_was_smuggled(service: Service) -> None:
    reply = httpx.get(f"{service.api}/dashboards/smuggled/stats", headers={"Authorization": TOKEN})
    assert reply.json() == {"total_members": 0}
