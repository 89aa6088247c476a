"""REST beyond the scenarios: every kind of bad input, what proxies and browsers send, and the documents."""

import json
import socket
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from rest_problems import assert_problem
from services import TOKEN, Service

INCREMENT = "/dashboards/{board}/members/p1/increment"


@pytest.fixture
def http(service: Service) -> Any:
    with httpx.Client(base_url=service.api, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield client


FORM = "the body must be a JSON object whose increment is a number"
BAD_BODIES = {
    "nothing": (b"", "malformed JSON"),
    "no json": (b"increment=1", "malformed JSON"),
    "half an object": (b'{"increment": 1', "malformed JSON"),
    "trailing text": (b'{"increment": 1} x', "malformed JSON"),
    "NaN": (b'{"increment": NaN}', "malformed JSON"),
    "Infinity": (b'{"increment": Infinity}', "malformed JSON"),
    "hexadecimal": (b'{"increment": 0x10}', "malformed JSON"),
    "a byte order mark": (b'\xef\xbb\xbf{"increment": 1}', "malformed JSON"),
    "no UTF-8": (b'{"increment": 1, "x": "\xff"}', "malformed JSON"),
    "no UTF-8 in a key": (b'{"increment": 1, "\xff": 1}', "malformed JSON"),
    "UTF-16": ('{"increment": 1}'.encode("utf-16"), "malformed JSON"),
    "gzip": (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", "malformed JSON"),
    "deep nesting": (b'{"x":' + b"[" * 60_000, "the JSON is nested too deeply"),
    "an array": (b"[1]", FORM),
    "a number": (b"1", FORM),
    "null": (b"null", FORM),
    "a text": (b'{"increment": "1"}', FORM),
    "a boolean": (b'{"increment": true}', FORM),
    "a list": (b'{"increment": [1]}', FORM),
    "beyond all doubles": (b'{"increment": 1e999}', FORM),
    "an integer beyond all doubles": (b'{"increment": ' + b"9" * 400 + b"}", FORM),
    "missing": (b"{}", "increment is required"),
    "null increment": (b'{"increment": null}', "increment is required"),
    "another case": (b'{"Increment": 1}', "increment is required"),
}


@pytest.mark.parametrize("case", sorted(BAD_BODIES))
def test_a_bad_body_is_refused_and_changes_nothing(http: httpx.Client, board: str, case: str) -> None:
    body, detail = BAD_BODIES[case]

    assert_problem(http.post(INCREMENT.format(board=board), content=body), 400, "invalid_argument", detail)
    assert http.get(f"/dashboards/{board}/stats").json() == {"total_members": 0}


@pytest.mark.parametrize(
    "kind", ["application/json", "text/plain", "application/x-www-form-urlencoded", "nonsense", ""]
)
def test_the_body_is_json_whatever_its_content_type_says(http: httpx.Client, board: str, kind: str) -> None:
    reply = http.post(INCREMENT.format(board=board), content=b'{"increment": 2}', headers={"Content-Type": kind})

    assert reply.json() == {"member_id": "p1", "rank": 1, "score": 2.0}


def test_a_body_over_64_kib_is_refused(http: httpx.Client, board: str) -> None:
    path = INCREMENT.format(board=board)
    fits = b'{"increment": 1}'.ljust(65_536)

    assert http.post(path, content=fits).status_code == 200
    assert_problem(http.post(path, content=fits + b" "), 413, "too_large")
    assert_problem(http.post(path, content=iter([fits, b" "])), 413, "too_large")
    assert http.get(f"/dashboards/{board}/members/p1/rank").json()["score"] == 1.0


BAD_PATHS = {
    "an empty board": "/dashboards//top",
    "an empty member": "/dashboards/b/members//rank",
    "a percent sign": "/dashboards/a%/top",
    "half an escape": "/dashboards/a%2/top",
    "no hexadecimal": "/dashboards/a%zz/top",
    "no UTF-8": "/dashboards/%ff/top",
    "an overlong slash": "/dashboards/%c0%af/top",
    "a surrogate": "/dashboards/%ed%a0%80/top",
    "NUL": "/dashboards/%00/top",
    "a newline": "/dashboards/b/members/a%0ab/rank",
    "DEL": "/dashboards/b/members/%7f/rank",
    "a C1 control": "/dashboards/b/members/%c2%85/rank",
    "a brace": "/dashboards/%7bb%7d/top",
    "257 bytes": f"/dashboards/{'b' * 257}/top",
    "129 two-byte letters": f"/dashboards/{'%c3%a9' * 129}/top",
}


@pytest.mark.parametrize("case", sorted(BAD_PATHS))
def test_a_bad_name_in_a_path_is_refused(service: Service, case: str) -> None:
    reply = raw_request(service, "GET", f"/api/v1{BAD_PATHS[case]}")

    assert reply.status_code == 400
    assert reply.json()["code"] == "invalid_argument"
    assert reply.json()["instance"] == f"/api/v1{BAD_PATHS[case]}"


def test_a_slash_in_a_name_is_part_of_it(service: Service, board: str) -> None:
    path = f"/api/v1/dashboards/{board}%2fx/members/a%2Fb%252F/increment"

    reply = raw_request(service, "POST", path, b'{"increment": 1}')

    assert reply.json()["member_id"] == "a/b%2F"
    top = raw_request(service, "GET", f"/api/v1/dashboards/{board}%2Fx/top").json()
    assert top == {"members": [{"id": "a/b%2F", "rank": 1, "score": 1.0}]}


@pytest.mark.parametrize(
    ("limit", "count"),
    [("", 10), ("0", 10), ("-1", 10), ("+3", 3), ("-99999999999999999999", 10), ("007", 7), ("1000", 12), ("+0", 10)],
)
def test_a_limit_is_read_as_go_board_reads_it(http: httpx.Client, board: str, limit: str, count: int) -> None:
    for number in range(12):
        http.post(f"/dashboards/{board}/members/p{number}/increment", json={"increment": 1})

    assert len(http.get(f"/dashboards/{board}/top", params={"limit": limit}).json()["members"]) == count


@pytest.mark.parametrize("limit", ["abc", "1.5", "1e2", " 1", "1 ", "0x1", "--1", "+", "\u0663", "1_0", "NaN"])
def test_a_limit_that_is_no_integer_is_refused(http: httpx.Client, board: str, limit: str) -> None:
    reply = http.get(f"/dashboards/{board}/top", params={"limit": limit})

    assert_problem(reply, 400, "invalid_argument", "invalid limit query parameter")


@pytest.mark.parametrize("limit", ["1001", "99999999999999999999", "9" * 5_000])
def test_a_limit_over_the_maximum_is_refused(http: httpx.Client, board: str, limit: str) -> None:
    reply = http.get(f"/dashboards/{board}/top", params={"limit": limit})

    assert_problem(reply, 400, "invalid_argument", "limit is over the maximum of 1000")


BAD_TOKENS = {
    "none": ({}, 401),
    "an empty header": ({"Authorization": ""}, 401),
    "a bare scheme": ({"Authorization": "Bearer"}, 401),
    "a wrong token": ({"Authorization": "Bearer wrong"}, 403),
    "another scheme": ({"Authorization": "Basic dXNlcjpwYXNz"}, 403),
    "a prefix of the token": ({"Authorization": f"Bearer {TOKEN[:-1]}"}, 403),
    "the token and more": ({"Authorization": f"Bearer {TOKEN} x"}, 403),
    "over 8 KiB": ({"Authorization": "Bearer " + "x" * 8_193}, 403),
    "not ASCII": ({"Authorization": "Bearer tökén".encode()}, 403),
}


@pytest.mark.parametrize("case", sorted(BAD_TOKENS))
def test_a_missing_or_bad_token_is_refused(service: Service, case: str) -> None:
    headers, status = BAD_TOKENS[case]
    code, detail = {
        401: ("auth_missing_token", "authentication token is required"),
        403: ("auth_invalid_token", "authentication token is invalid"),
    }[status]

    reply = httpx.get(f"{service.api}/dashboards/b/stats", headers=headers)

    assert_problem(reply, status, code, detail)


def test_two_authorization_headers_are_refused(service: Service) -> None:
    headers = [("Authorization", f"Bearer {TOKEN}"), ("Authorization", "Bearer other")]

    assert_problem(httpx.get(f"{service.api}/dashboards/b/stats", headers=headers), 403, "auth_invalid_token")


@pytest.mark.parametrize("value", [TOKEN, f"Bearer {TOKEN}", f"bearer {TOKEN}", f"BEARER   {TOKEN}"])
def test_a_token_travels_with_its_scheme_or_bare(service: Service, value: str) -> None:
    assert httpx.get(f"{service.api}/dashboards/b/stats", headers={"Authorization": value}).status_code == 200


def test_an_unknown_route_is_a_problem(http: httpx.Client, service: Service) -> None:
    for url in ("/nothing", "/dashboard", "/dashboards/b/members", "/dashboards/b/members/p1/score/x"):
        assert_problem(http.get(url), 404, "not_found")
    assert_problem(httpx.get(f"{service.base}/nothing"), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/dashboards/b/members/p1/increment", "POST"),
        ("DELETE", "/dashboards/b/top", "GET"),
        ("POST", "/dashboards/b/stats", "GET"),
        ("PUT", "/dashboards/b/members/p1/rank", "GET"),
        ("GET", "/dashboards/b", "DELETE"),
        ("GET", "/dashboards/b/members/p1/score", "PUT"),
        ("POST", "/dashboards/b/rules", "PUT"),
    ],
)
def test_a_wrong_method_tells_the_allowed_ones(http: httpx.Client, method: str, path: str, allowed: str) -> None:
    reply = http.request(method, path)

    assert_problem(reply, 405, "method_not_allowed")
    assert allowed in reply.headers["allow"].split(", ")


def test_the_probes_need_no_token(service: Service) -> None:
    for path in ("/health", "/ready"):
        reply = httpx.get(f"{service.base}{path}")
        assert (reply.status_code, reply.text) == (200, "OK")
        assert reply.headers["content-type"].startswith("text/plain")


def test_a_preflight_needs_no_token(service: Service) -> None:
    reply = httpx.options(
        f"{service.api}/dashboards/b/members/p1/increment",
        headers={
            "Origin": "http://localhost:3000",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        },
    )

    assert reply.status_code == 204
    assert reply.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert "POST" in reply.headers["access-control-allow-methods"]
    assert "authorization" in reply.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-credentials" not in reply.headers


def test_an_answer_names_only_an_allowed_origin(http: httpx.Client) -> None:
    allowed = http.get("/dashboards/b/stats", headers={"Origin": "http://localhost:3000"})
    other = http.get("/dashboards/b/stats", headers={"Origin": "http://localhost:3000.evil.example"})

    assert allowed.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert "access-control-allow-origin" not in other.headers


def test_a_problem_can_be_read_by_an_allowed_origin(service: Service) -> None:
    reply = httpx.get(f"{service.api}/dashboards/b/stats", headers={"Origin": "http://localhost:3000"})

    assert reply.status_code == 401
    assert reply.headers["access-control-allow-origin"] == "http://localhost:3000"


def raw_request(service: Service, method: str, path: str, body: bytes = b"") -> httpx.Response:
    """Send a request whose path goes out as it is written; httpx would mend it."""
    at = urlsplit(service.base)
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {at.netloc}\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection((at.hostname or "", at.port or 0), timeout=10) as connection:
        connection.sendall(head.encode() + body)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    top, _, rest = answer.partition(b"\r\n\r\n")
    return httpx.Response(int(top.split()[1]), content=rest)


def test_a_reply_is_json_that_a_go_client_reads(http: httpx.Client, board: str) -> None:
    reply = http.post(INCREMENT.format(board=board), content=b'{"increment": 10.5}')

    assert reply.headers["content-type"] == "application/json"
    assert json.loads(reply.content) == {"member_id": "p1", "rank": 1, "score": 10.5}
    assert isinstance(json.loads(reply.content)["rank"], int)
