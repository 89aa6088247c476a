"""Server-sent events: who may watch, what is refused, and what the route is besides."""

from typing import Any

import httpx
import pytest
from rest_problems import assert_problem
from services import TOKEN, Service
from watch_events import live_url

SEVERAL = "top, around and members are each a view of their own; say one of them"
BAD_QUERIES: dict[str, tuple[list[Any], str]] = {
    "top 0": ([("top", "0")], "top '0' is not allowed; it is an integer from 1 to 100"),
    "top 101": ([("top", "101")], "top '101' is not allowed; it is an integer from 1 to 100"),
    "top -1": ([("top", "-1")], "top '-1' is not allowed; it is an integer from 1 to 100"),
    "top 1.5": ([("top", "1.5")], "top '1.5' is not allowed; it is an integer from 1 to 100"),
    "top as a word": ([("top", "ten")], "top 'ten' is not allowed; it is an integer from 1 to 100"),
    "top and around": ([("top", "3"), ("around", "ann")], SEVERAL),
    "around and members": ([("around", "ann"), ("members", "ann")], SEVERAL),
    "above alone": ([("above", "1")], "above and below belong to around; say around, too"),
    "below with members": ([("below", "1"), ("members", "a")], "above and below belong to around; say around, too"),
    "above 51": ([("around", "a"), ("above", "51")], "above '51' is not allowed; it is an integer from 0 to 50"),
    "below -1": ([("around", "a"), ("below", "-1")], "below '-1' is not allowed; it is an integer from 0 to 50"),
    "around a control character": ([("around", "a\x00")], "member_id has a control character"),
    "around a long name": ([("around", "x" * 257)], "member_id has 257 bytes; at most 256 are allowed"),
    "an empty member": ([("members", "a"), ("members", "")], "member_id is empty; a name has 1 to 256 bytes"),
    "101 members": (
        [("members", f"m{number}") for number in range(101)],
        "the number of members is 101; it must be from 1 to 100",
    ),
    "metadata as a word": ([("metadata", "yes")], "metadata 'yes' is not allowed; it is one of true, 1, false, 0"),
    "a window that there is not": ([("window", "daily")], "the dashboard has no window 'daily'; it has all"),
    "a period that there is not": (
        [("period", "2026-11-24")],
        "window 'all' has no period '2026-11-24'; one is named by its local start, as 2026-11-24T18:00+01:00",
    ),
    "the archive without a name": ([("window", "archive")], "window archive has no current period; name one"),
}


@pytest.mark.parametrize("case", BAD_QUERIES)
def test_a_bad_query_is_refused(service: Service, board: str, case: str) -> None:
    query, detail = BAD_QUERIES[case]
    reply = httpx.get(live_url(service, board), params=httpx.QueryParams(query), headers={"Authorization": TOKEN})
    assert_problem(reply, 400, "invalid_argument", detail)


def test_a_board_that_cannot_be_is_refused(service: Service) -> None:
    reply = httpx.get(live_url(service, "a{b}"), headers={"Authorization": TOKEN})
    assert_problem(reply, 400, "invalid_argument", "dashboard has one of the characters { }")


@pytest.mark.parametrize(
    ("header", "query", "status"),
    [
        (f"Bearer {TOKEN}", None, 200),
        (TOKEN, None, 200),
        (None, TOKEN, 200),
        ("Bearer", TOKEN, 200),
        (f"Bearer {TOKEN}", "wrong", 200),
        (f"Bearer {TOKEN}", TOKEN, 200),
        (None, None, 401),
        (None, "", 401),
        ("", None, 401),
        ("wrong", None, 403),
        ("Bearer wrong", TOKEN, 403),
        (None, "wrong", 403),
        (None, f"Bearer {TOKEN}", 403),
        (None, "x" * 8_193, 403),
    ],
    ids=lambda part: str(part)[:12],
)
def test_the_token_comes_in_the_header_or_else_in_the_query(
    service: Service, board: str, header: str | None, query: str | None, status: int
) -> None:
    headers = {} if header is None else {"Authorization": header}
    parameters = {} if query is None else {"token": query}
    with httpx.stream("GET", live_url(service, board), params=parameters, headers=headers) as reply:
        if status != 200:
            reply.read()
            assert_problem(reply, status, {401: "auth_missing_token", 403: "auth_invalid_token"}[status])
        assert reply.status_code == status


def test_two_headers_are_refused(service: Service, board: str) -> None:
    headers = [("Authorization", TOKEN), ("Authorization", TOKEN)]
    assert_problem(httpx.get(live_url(service, board), headers=headers), 403, "auth_invalid_token")


@pytest.mark.parametrize("route", ["/top", "/stats", "/rules", "/entries", "/members/ann/rank"])
def test_no_other_route_takes_the_token_from_the_query(service: Service, board: str, route: str) -> None:
    reply = httpx.get(f"{service.api}/dashboards/{board}{route}", params={"token": TOKEN})
    assert_problem(reply, 401, "auth_missing_token")


@pytest.mark.parametrize(("origin", "allowed"), [("http://localhost:3000", True), ("http://evil.example", False)])
def test_browsers_may_read_it_at_allowed_origins(service: Service, board: str, origin: str, *, allowed: bool) -> None:
    with httpx.stream("GET", live_url(service, board), params={"token": TOKEN}, headers={"Origin": origin}) as reply:
        assert reply.status_code == 200
        assert (reply.headers["access-control-allow-origin"] == origin) is allowed
        assert next(reply.iter_lines()).startswith("id: ")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_it_can_only_be_read(service: Service, board: str, method: str) -> None:
    reply = httpx.request(method, live_url(service, board), headers={"Authorization": TOKEN})
    assert_problem(reply, 405, "method_not_allowed")


def test_there_is_nothing_below_it(service: Service, board: str) -> None:
    reply = httpx.get(f"{live_url(service, board)}/more", headers={"Authorization": TOKEN})
    assert_problem(reply, 404, "not_found")


def test_it_is_described(service: Service) -> None:
    document = httpx.get(f"{service.base}/schema/openapi.json").json()
    assert "text/event-stream" in str(document["paths"]["/api/v1/dashboards/{dashboard}/live"]["get"]["responses"])
