"""Every kind of bad input to what REST offers beyond go-board: each is told, and changes nothing."""

import json
from typing import Any

import httpx
import pytest
from rest_problems import assert_problem
from services import TOKEN, Service

SCORE_FORM = "the body must be a JSON object with the number score and, if any, the object metadata"
SCORES_FORM = "the body must be a JSON object whose scores is an array"
LOOKUP_FORM = "the body must be a JSON object whose member_ids is an array of texts"
ARCHIVE_FORM = "the body must be a JSON object with the text name and, if any, the text window"
RULES_FORM = "the body must be a JSON object, the rules"
NUMBER = "is not allowed; it is a number"
FLAG = "is not allowed; it is one of true, 1, false, 0"


@pytest.fixture
def http(service: Service) -> Any:
    with httpx.Client(base_url=service.api, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield client


@pytest.fixture
def path(http: httpx.Client, board: str) -> str:
    """A board with one member, ada."""
    http.put(f"/dashboards/{board}/members/ada/score", json={"score": 1})
    return f"/dashboards/{board}"


# route, query, what the detail says
BAD_QUERIES = [
    ("/top", "metadata=yes", f"metadata 'yes' {FLAG}"),
    ("/top", "metadata=True", f"metadata 'True' {FLAG}"),
    ("/top", "window=weekly", "the dashboard has no window 'weekly'; it has all"),
    ("/top", "window=all&period=2026-11-24", "window 'all' has no period '2026-11-24'"),
    ("/top", "window=archive", "window archive has no current period; name one"),
    ("/entries", "limit=0", "limit '0' is not allowed; it is an integer from 1 to 1000"),
    ("/entries", "limit=1001", "limit '1001' is not allowed; it is an integer from 1 to 1000"),
    ("/entries", "limit=-1", "limit '-1' is not allowed"),
    ("/entries", "limit=1.0", "limit '1.0' is not allowed"),
    ("/entries", "limit=%D9%A3", "limit '٣' is not allowed"),
    ("/entries", f"limit={'9' * 5000}", f"limit '{'9' * 40}'… is not allowed"),
    ("/entries", "from_rank=0", "from_rank '0' is not allowed; it is an integer from 1 to 9007199254740992"),
    ("/entries", "from_rank=x", "from_rank 'x' is not allowed"),
    ("/entries", "min_score=ten", f"min_score 'ten' {NUMBER}"),
    ("/entries", "min_score=NaN", f"min_score 'NaN' {NUMBER}"),
    ("/entries", "min_score=1_0", f"min_score '1_0' {NUMBER}"),
    ("/entries", "min_score=%201", f"min_score ' 1' {NUMBER}"),
    ("/entries", "max_score=Infinity", f"max_score 'Infinity' {NUMBER}"),
    ("/entries", "max_score=1e999", "max_score must be a finite number, not inf"),
    ("/entries", "cursor=nonsense", "cursor is malformed; take it as it was given, or leave it out"),
    ("/entries", "metadata=2", f"metadata '2' {FLAG}"),
    ("/members/ada/around", "above=-1", "above '-1' is not allowed; it is an integer from 0 to 1000"),
    ("/members/ada/around", "below=1001", "below '1001' is not allowed; it is an integer from 0 to 1000"),
    ("/members/ada/around", "below=few", "below 'few' is not allowed"),
    ("/members/ada/around", "metadata=on", f"metadata 'on' {FLAG}"),
    ("/stats", "detail=please", f"detail 'please' {FLAG}"),
    ("/stats", "detail=true&percentiles=50,", f"percentiles '' {NUMBER}"),
    ("/stats", "detail=true&percentiles=50;90", f"percentiles '50;90' {NUMBER}"),
    ("/stats", "detail=true&percentiles=101", "percentile 101.0 is not from 0 to 100"),
    ("/stats", f"detail=true&percentiles={','.join(['1'] * 101)}", "there are 101 percentiles; at most 100"),
    ("/stats", "bins=0", "bins '0' is not allowed; it is an integer from 1 to 100"),
    ("/stats", "detail=true&bins=0", "bins '0' is not allowed; it is an integer from 1 to 100"),
    ("/stats", "detail=true&bins=101", "bins '101' is not allowed; it is an integer from 1 to 100"),
    ("/periods", "", "window is required"),
    ("/periods", "window=daily", "the dashboard has no window 'daily'; it has all"),
    ("s", "limit=0", "limit '0' is not allowed"),
    ("s", "limit=1001", "limit '1001' is not allowed"),
]


@pytest.mark.parametrize(
    ("route", "query", "detail"), BAD_QUERIES, ids=[f"{route}?{q[:40]}" for route, q, _ in BAD_QUERIES]
)
def test_a_bad_query_is_refused(http: httpx.Client, path: str, route: str, query: str, detail: str) -> None:
    reply = http.get(f"/dashboards?{query}" if route == "s" else f"{path}{route}?{query}")

    assert_problem(reply, 400, "invalid_argument")
    assert detail in reply.json()["detail"]


# what is asked, its body, the detail
BAD_BODIES: list[tuple[str, Any, str]] = [
    *[
        (f"{method} /members/ada/score", body, detail)
        for method in ("POST", "PUT")
        for body, detail in [
            (b"", "malformed JSON"),
            (b'{"score": NaN}', "malformed JSON"),
            (b'{"score": 1, "metadata": {"a": "\\ud800"}}', "malformed JSON"),
            ([1], SCORE_FORM),
            ({"score": "1"}, SCORE_FORM),
            ({"score": True}, SCORE_FORM),
            (b'{"score": 1e999}', SCORE_FORM),
            ({"score": 1, "metadata": "x"}, SCORE_FORM),
            ({"score": 1, "metadata": []}, SCORE_FORM),
            (b'{"score": 1, "metadata": {"a": 1e999}}', SCORE_FORM),
            (b'{"score": 1, "metadata": {"a": %s}}' % (b"[" * 30_000 + b"]" * 30_000), "the JSON is nested too deeply"),
            ({}, "score is required"),
            ({"score": None}, "score is required"),
            ({"score": 1, "metadata": {"x": "é" * 509}}, "metadata has 1026 bytes; at most 1024 are allowed"),
        ]
    ],
    ("POST /scores", b"{", "malformed JSON"),
    ("POST /scores", [], SCORES_FORM),
    ("POST /scores", {}, SCORES_FORM),
    ("POST /scores", {"scores": {}}, SCORES_FORM),
    ("POST /scores", {"scores": [{}] * 1001}, "the message has 1001 updates; at most 1000 are allowed"),
    ("POST /lookup", b"x", "malformed JSON"),
    ("POST /lookup", ["ada"], LOOKUP_FORM),
    ("POST /lookup", {}, LOOKUP_FORM),
    ("POST /lookup", {"member_ids": "ada"}, LOOKUP_FORM),
    ("POST /lookup", {"member_ids": [1]}, LOOKUP_FORM),
    ("POST /lookup", {"member_ids": [""]}, "member_id is empty; a name has 1 to 256 bytes"),
    ("POST /lookup", {"member_ids": ["a"] * 1001}, "member_ids has 1001 members; at most 1000 are allowed"),
    ("POST /lookup?metadata=x", {"member_ids": []}, f"metadata 'x' {FLAG}"),
    ("POST /archive", b"spring", "malformed JSON"),
    ("POST /archive", {}, ARCHIVE_FORM),
    ("POST /archive", {"name": 1}, ARCHIVE_FORM),
    ("POST /archive", {"name": "x", "window": []}, ARCHIVE_FORM),
    ("POST /archive", {"name": ""}, "name is empty; a name has 1 to 256 bytes"),
    ("POST /archive", {"name": "a\nb"}, "name has a control character"),
    ("POST /archive", {"name": "x", "window": "daily"}, "the dashboard has no window 'daily'; it has all"),
    ("PUT /rules", b"", "malformed JSON"),
    ("PUT /rules", [], RULES_FORM),
    ("PUT /rules", "asc", RULES_FORM),
    ("PUT /rules", {"order": "up"}, "order 'up' is not allowed; it is one of desc, asc"),
    ("PUT /rules", {"keep": 1.0}, "keep 1.0 is not allowed; it is an integer from 0 to 1000"),
    ("PUT /rules?force=maybe", {}, f"force 'maybe' {FLAG}"),
]


def sent(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


@pytest.mark.parametrize(
    ("asked", "body", "detail"), BAD_BODIES, ids=[f"{asked} {sent(body)[:40]!r}" for asked, body, _ in BAD_BODIES]
)
def test_a_bad_body_is_refused_and_changes_nothing(
    http: httpx.Client, path: str, asked: str, body: Any, detail: str
) -> None:
    method, _, route = asked.partition(" ")

    assert_problem(http.request(method, path + route, content=sent(body)), 400, "invalid_argument", detail)
    assert http.get(f"{path}/top").json() == {"members": [{"id": "ada", "rank": 1, "score": 1.0}]}
    assert http.get(f"{path}/rules").json()["revision"] == 0


def test_rules_with_an_unknown_name_are_refused_naming_those_that_there_are(http: httpx.Client, path: str) -> None:
    reply = http.put(f"{path}/rules", json={"sort": "asc"})

    assert_problem(reply, 400, "invalid_argument")
    assert reply.json()["detail"].startswith("rules have no 'sort'; they have order, operator, ties")


@pytest.mark.parametrize(
    ("method", "route", "limit"),
    [
        ("POST", "/members/ada/score", 64 * 1024),
        ("PUT", "/members/ada/score", 64 * 1024),
        ("PUT", "/rules", 64 * 1024),
        ("POST", "/archive", 64 * 1024),
        ("POST", "/lookup", 2 * 1024 * 1024),
        ("POST", "/scores", 4 * 1024 * 1024),
    ],
)
def test_a_body_over_its_limit_is_refused(http: httpx.Client, path: str, method: str, route: str, limit: int) -> None:
    assert_problem(http.request(method, path + route, content=b"x" * limit), 400, "invalid_argument", "malformed JSON")

    over = http.request(method, path + route, content=b"x" * (limit + 1))
    assert_problem(over, 413, "too_large", f"the body is over {limit} bytes")


READS = [
    ("GET", "/top"),
    ("GET", "/entries"),
    ("GET", "/stats"),
    ("GET", "/stats?detail=true"),
    ("GET", "/members/ada"),
    ("GET", "/members/ada/rank"),
    ("GET", "/members/ada/around"),
    ("POST", "/lookup"),
]


@pytest.mark.parametrize(("method", "route"), READS)
def test_every_read_refuses_a_window_or_period_that_is_not_there(
    http: httpx.Client, path: str, method: str, route: str
) -> None:
    http.put(f"{path}/rules?force=true", json={"windows": ["all", "daily"]})

    def read(window: str, period: str) -> httpx.Response:
        url = httpx.URL(path + route).copy_merge_params({"window": window, "period": period})
        return http.request(method, url, json={"member_ids": ["ada"]} if method == "POST" else None)

    assert_problem(
        read("hourly", ""), 400, "invalid_argument", "the dashboard has no window 'hourly'; it has all, daily"
    )
    assert_problem(read("daily", "yesterday"), 400, "invalid_argument")
    for period in ("2001-01-01", "2999-01-01"):
        assert_problem(read("daily", period), 404, "period_not_found")


@pytest.mark.parametrize("route", ["/members/bob", "/members/bob/around", "/members/bob/rank"])
@pytest.mark.parametrize("suffix", ["", "-unknown"])
def test_a_member_that_is_not_there_is_told(http: httpx.Client, path: str, route: str, suffix: str) -> None:
    assert_problem(http.get(path + suffix + route), 404, "member_not_found")


def test_a_score_out_of_bounds_is_refused(http: httpx.Client, path: str) -> None:
    for method in ("POST", "PUT"):
        assert_problem(
            http.request(method, f"{path}/members/ada/score", json={"score": 2.0**54}), 409, "score_out_of_range"
        )

    http.put(f"{path}/rules", json={"max_score": 10, "max_increment": 5})
    assert_problem(http.put(f"{path}/members/ada/score", json={"score": 11}), 409, "score_out_of_range")
    assert_problem(http.post(f"{path}/members/ada/score", json={"score": 6}), 409, "increment_too_large")
    assert http.get(f"{path}/members/ada").json()["score"] == 1.0


def test_an_increment_of_a_board_whose_scores_are_set_is_refused(http: httpx.Client, board: str) -> None:
    path = f"/dashboards/{board}"
    http.put(f"{path}/rules", json={"operator": "set"})

    assert_problem(http.post(f"{path}/members/ada/increment", json={"increment": 1}), 409, "operator_mismatch")
    many = http.post(f"{path}/increments", json={"increments": [{"member_id": "ada", "increment": 1}]}).json()
    assert many["results"][0]["problem"]["code"] == "operator_mismatch"
    assert http.get(f"{path}/stats").json() == {"total_members": 0}


def test_attempts_come_to_an_end(http: httpx.Client, board: str) -> None:
    path = f"/dashboards/{board}"
    http.put(f"{path}/rules", json={"operator": "best", "attempts": {"max": 2, "window": "all"}})
    replies = [http.post(f"{path}/members/ada/score", json={"score": score}) for score in (2, 1, 3)]

    assert [reply.status_code for reply in replies[:2]] == [200, 200]
    assert_problem(replies[2], 409, "attempts_exhausted")


def test_an_archive_has_its_name_alone(http: httpx.Client, path: str) -> None:
    assert http.post(f"{path}/archive", json={"name": "one"}).status_code == 200
    http.put(f"{path}/members/ada/score", json={"score": 1})

    assert_problem(http.post(f"{path}/archive", json={"name": "one"}), 409, "archive_exists")


def test_a_cursor_is_stale_where_the_rules_or_the_period_are_others(http: httpx.Client, path: str) -> None:
    http.put(f"{path}/members/bob/score", json={"score": 2})
    cursor = http.get(f"{path}/entries?limit=1").json()["next"]
    assert_problem(
        http.get(f"{path}/entries", params={"cursor": cursor, "from_rank": 1}),
        400,
        "invalid_argument",
        "from_rank and cursor both say where to begin; give one of them",
    )

    http.put(f"{path}/rules", json={"track": True})
    assert_problem(http.get(f"{path}/entries", params={"cursor": cursor}), 400, "cursor_stale")


@pytest.mark.parametrize(
    ("method", "route"),
    [
        ("GET", "/dashboards/%7Bb%7D/entries"),
        ("GET", "/dashboards/b/members/%00"),
        ("GET", "/dashboards/b/members/a%zz/around"),
        ("PUT", "/dashboards/%FF/rules"),
        ("POST", f"/dashboards/{'b' * 257}/scores"),
        ("POST", "/dashboards/b/members/%0A/score"),
        ("DELETE", "/dashboards/b/members/%0A"),
        ("DELETE", "/dashboards/%7Bb%7D"),
    ],
)
def test_a_bad_name_in_a_path_is_refused(http: httpx.Client, method: str, route: str) -> None:
    bodies = {"PUT": {}, "POST": {"scores": [], "score": 1}}

    assert_problem(http.request(method, route, json=bodies.get(method)), 400, "invalid_argument")
