"""Who may do what over REST: operations for servers alone, writes for oneself, reads of anybody."""

import contextlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from rest_problems import assert_problem
from services import TOKEN, Service, goboard_serve

SERVERS = {
    "server": {"AUTH_STATIC_ROLE": "server"},
    "member": {"AUTH_MODE": "noop"},
    "self delete": {"AUTH_MODE": "noop", "ALLOW_SELF_DELETE": "true"},
    "reject": {"AUTH_MODE": "noop", "MEMBER_ID_MISMATCH": "reject"},
}


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Service]]:
    with contextlib.ExitStack() as running:
        yield {
            name: running.enter_context(
                goboard_serve(tmp_path_factory.mktemp("roles"), "--store", "memory", **environment)
            )
            for name, environment in SERVERS.items()
        }


def call(service: Service, token: str, method: str, path: str, body: Any = None) -> httpx.Response:
    return httpx.request(
        method, f"{service.api}/dashboards{path}", json=body, headers={"Authorization": token} if token else {}
    )


# The operations, each with a body that would do.
OF_SERVERS = [
    ("PUT", "/members/ada/score", {"score": 1}),
    ("PUT", "/rules", {"order": "asc"}),
    ("POST", "/archive", {"name": "x"}),
    ("DELETE", "/members/ada", None),
    ("DELETE", "", None),
]
OF_ALL = [
    ("GET", "/top", None),
    ("GET", "/entries", None),
    ("GET", "/stats?detail=true", None),
    ("GET", "/periods?window=all", None),
    ("GET", "/rules", None),
    ("GET", "/members/bob", None),
    ("GET", "/members/bob/around", None),
    ("POST", "/lookup", {"member_ids": ["bob"]}),
    ("POST", "/members/ada/score", {"score": 1}),
    ("POST", "/scores", {"scores": []}),
]


@pytest.mark.parametrize(("method", "route", "body"), [*OF_SERVERS, *OF_ALL])
def test_every_operation_asks_for_a_token(
    servers: dict[str, Service], board: str, method: str, route: str, body: Any
) -> None:
    assert_problem(call(servers["server"], "", method, f"/{board}{route}", body), 401, "auth_missing_token")
    assert_problem(call(servers["server"], "wrong", method, f"/{board}{route}", body), 403, "auth_invalid_token")


def test_the_list_of_boards_asks_for_a_token(servers: dict[str, Service]) -> None:
    assert_problem(call(servers["server"], "", "GET", ""), 401, "auth_missing_token")
    assert call(servers["member"], "ada", "GET", "").status_code == 200


@pytest.mark.parametrize(("method", "route", "body"), OF_SERVERS)
def test_what_is_for_servers_is_refused_to_a_member(
    servers: dict[str, Service], board: str, method: str, route: str, body: Any
) -> None:
    reply = call(servers["member"], "ada", method, f"/{board}{route}", body)

    assert_problem(reply, 403, "role_required", "this operation needs the role server")
    assert call(servers["server"], TOKEN, method, f"/{board}{route}", body).status_code == 200


@pytest.mark.parametrize(("method", "route", "body"), OF_ALL)
def test_the_rest_is_for_any_member(
    servers: dict[str, Service], board: str, method: str, route: str, body: Any
) -> None:
    call(servers["member"], "bob", "POST", f"/{board}/members/bob/score", {"score": 1})

    assert call(servers["member"], "ada", method, f"/{board}{route}", body).status_code == 200


def test_a_member_is_credited_whoever_it_names(servers: dict[str, Service], board: str) -> None:
    one = call(servers["member"], "ada", "POST", f"/{board}/members/bob/score", {"score": 1})
    many = call(servers["member"], "ada", "POST", f"/{board}/scores", {"scores": [{"member_id": "cyd", "score": 2}]})

    assert one.json() == {"member_id": "ada", "rank": 1, "score": 1.0, "improved": True}
    assert many.json()["results"] == [{"member_id": "ada", "rank": 1, "score": 3.0, "improved": True}]


def test_a_member_may_be_refused_to_name_another(servers: dict[str, Service], board: str) -> None:
    one = call(servers["reject"], "ada", "POST", f"/{board}/members/bob/score", {"score": 1})
    scores = [{"member_id": "bob", "score": 2}, {"member_id": "ada", "score": 2}]
    many = call(servers["reject"], "ada", "POST", f"/{board}/scores", {"scores": scores}).json()["results"]

    assert_problem(one, 403, "member_forbidden")
    assert (many[0]["problem"]["code"], many[1]["score"]) == ("member_forbidden", 2.0)


def test_reads_are_of_whom_they_name_but_the_rank_of_go_board(servers: dict[str, Service], board: str) -> None:
    for member, score in (("ada", 1), ("bob", 2)):
        call(servers["member"], member, "POST", f"/{board}/members/{member}/score", {"score": score})

    def read(route: str, body: Any = None) -> Any:
        return call(servers["member"], "ada", "POST" if body else "GET", f"/{board}{route}", body).json()

    assert read("/members/bob")["id"] == "bob"
    assert read("/members/bob/around?above=0&below=0")["members"] == [{"id": "bob", "rank": 1, "score": 2.0}]
    assert read("/lookup", {"member_ids": ["bob"]})["members"][0]["id"] == "bob"
    assert read("/members/bob/rank")["member_id"] == "ada"
    assert read("/members/bob/rank?window=all")["member_id"] == "ada"


def test_a_member_may_remove_itself_alone_and_only_where_that_is_allowed(
    servers: dict[str, Service], board: str
) -> None:
    service = servers["self delete"]
    for member in ("ada", "bob"):
        call(service, member, "POST", f"/{board}/members/{member}/score", {"score": 1})

    assert_problem(call(service, "ada", "DELETE", f"/{board}/members/bob"), 403, "role_required")
    assert_problem(call(service, "ada", "DELETE", f"/{board}"), 403, "role_required")
    assert call(service, "ada", "DELETE", f"/{board}/members/ada").json() == {"deleted": True}
    top = call(service, "ada", "GET", f"/{board}/top").json()
    assert top == {"members": [{"id": "bob", "rank": 1, "score": 1.0}]}
