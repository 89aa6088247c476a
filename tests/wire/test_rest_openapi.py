"""The OpenAPI document: every route with its query, its body and its problems."""

import re
from typing import Any

import httpx
import pytest
from services import TOKEN, Service

STANDINGS = {"window", "period"}
BODY = "a body"

# route → what its query may say, and whether it has a body
ROUTES: dict[str, set[str]] = {
    "GET /dashboards": {"limit", "after"},
    "DELETE /dashboards/{dashboard}": set(),
    "POST /dashboards/{dashboard}/increments": {BODY},
    "POST /dashboards/{dashboard}/scores": {BODY},
    "POST /dashboards/{dashboard}/archive": {BODY},
    "POST /dashboards/{dashboard}/lookup": {BODY, "metadata", *STANDINGS},
    "GET /dashboards/{dashboard}/top": {"limit", "metadata", *STANDINGS},
    "GET /dashboards/{dashboard}/entries": {
        *("limit", "cursor", "from_rank", "min_score", "max_score", "metadata"),
        *STANDINGS,
    },
    "GET /dashboards/{dashboard}/stats": {"detail", "percentiles", "bins", *STANDINGS},
    "GET /dashboards/{dashboard}/periods": {"window"},
    "GET /dashboards/{dashboard}/live": {
        *("top", "around", "above", "below", "members", "metadata", "token"),
        *STANDINGS,
    },
    "GET /dashboards/{dashboard}/rules": set(),
    "PUT /dashboards/{dashboard}/rules": {BODY, "force"},
    "GET /dashboards/{dashboard}/members/{member_id}": STANDINGS,
    "DELETE /dashboards/{dashboard}/members/{member_id}": set(),
    "GET /dashboards/{dashboard}/members/{member_id}/rank": STANDINGS,
    "GET /dashboards/{dashboard}/members/{member_id}/around": {"above", "below", "metadata", *STANDINGS},
    "POST /dashboards/{dashboard}/members/{member_id}/increment": {BODY},
    "POST /dashboards/{dashboard}/members/{member_id}/score": {BODY},
    "PUT /dashboards/{dashboard}/members/{member_id}/score": {BODY},
}


@pytest.fixture
def document(service: Service) -> Any:
    return httpx.get(f"{service.base}/schema/openapi.json").json()


def operation(document: Any, route: str) -> Any:
    method, _, path = route.partition(" ")
    return document["paths"][f"/api/v1{path}"][method.lower()]


def schema_of_body(document: Any, route: str) -> Any:
    return operation(document, route)["requestBody"]["content"]["application/json"]["schema"]


def test_every_route_is_described(document: Any) -> None:
    described = {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, methods in document["paths"].items()
        for method in methods
    }

    assert described == {*ROUTES, "GET /health", "GET /ready", "GET /metrics"}


@pytest.mark.parametrize("route", ROUTES)
def test_a_route_says_what_it_takes_and_answers(document: Any, route: str) -> None:
    said = operation(document, route)
    parameters = {each["name"] for each in said.get("parameters", []) if each["in"] == "query"}
    problems = {"400", "401", "403", "500", "503", "504"}

    assert parameters | ({BODY} if "requestBody" in said else set()) == ROUTES[route]
    assert {"200", *problems} <= set(said["responses"])
    assert ({"408", "413", "415"} <= set(said["responses"])) == (BODY in ROUTES[route])
    assert ("404" in said["responses"]) == (ROUTES[route] >= STANDINGS)
    assert said["description"]
    assert all(each["description"] for each in said.get("parameters", []))


def test_operations_have_names_of_their_own(document: Any) -> None:
    names = [operation(document, route)["operationId"] for route in ROUTES]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("route", "required"),
    [
        ("POST /dashboards/{dashboard}/members/{member_id}/increment", ["increment"]),
        ("POST /dashboards/{dashboard}/members/{member_id}/score", ["score"]),
        ("PUT /dashboards/{dashboard}/members/{member_id}/score", ["score"]),
        ("POST /dashboards/{dashboard}/archive", ["name"]),
        ("POST /dashboards/{dashboard}/lookup", ["member_ids"]),
    ],
)
def test_a_body_says_what_it_needs(document: Any, route: str, required: list[str]) -> None:
    assert schema_of_body(document, route)["required"] == required


@pytest.mark.parametrize(("many", "one"), [("increments", "increment"), ("scores", "score")])
def test_a_batch_says_how_many_it_takes(document: Any, many: str, one: str) -> None:
    items = schema_of_body(document, f"POST /dashboards/{{dashboard}}/{many}")["properties"][many]

    assert (items["maxItems"], items["items"]["required"]) == (1000, ["member_id", one])


def test_the_rules_are_described_once_for_both_ways(document: Any) -> None:
    sent = schema_of_body(document, "PUT /dashboards/{dashboard}/rules")
    rules = document["components"]["schemas"]["RulesRecord"]["properties"]

    assert sent == document["components"]["schemas"]["RulesReply"]["properties"]["rules"]
    assert all(rules[name]["description"] for name in rules)
    assert document["components"]["schemas"]["Ties"]["enum"] == ["member", "earliest", "shared", "dense"]


def test_an_outcome_among_many_is_a_place_or_a_problem(document: Any) -> None:
    schemas = document["components"]["schemas"]

    assert set(schemas["OutcomeReply"]["properties"]) == {"member_id", "rank", "score", "problem"}
    assert set(schemas["ScoreOutcomeReply"]["properties"]) == {
        *("member_id", "rank", "score", "improved", "kept"),
        "problem",
    }


def test_a_name_in_a_path_has_its_bounds(document: Any) -> None:
    said = operation(document, "GET /dashboards/{dashboard}/members/{member_id}")["parameters"]
    names = {each["name"]: each["schema"] for each in said if each["in"] == "path"}

    assert all((each["minLength"], each["maxLength"]) == (1, 256) for each in names.values())
    assert [re.fullmatch(names["dashboard"]["pattern"], name) is None for name in ("a b", "a{", "a\n", "\x85")] == [
        *(False, True, True, True)
    ]
    assert re.fullmatch(names["member_id"]["pattern"], "{é}")


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/dashboards/b/members/m", "DELETE, GET, OPTIONS"),
        ("/dashboards/b/members/m/score", "OPTIONS, POST, PUT"),
        ("/dashboards/b/rules", "GET, OPTIONS, PUT"),
    ],
)
def test_a_path_tells_all_its_methods(service: Service, path: str, methods: str) -> None:
    for method in ("OPTIONS", "PATCH"):
        reply = httpx.request(method, service.api + path, headers={"Authorization": TOKEN})
        assert ", ".join(sorted(reply.headers["allow"].split(", "))) == methods
