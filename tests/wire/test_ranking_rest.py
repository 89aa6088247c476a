"""What REST tells beyond go-board, as long as all is well: pages, members, lookups, statistics, boards."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from rest_board import SCORES, Board, ids
from services import TOKEN, Service


@pytest.fixture
def on(service: Service, board: str) -> Any:
    with httpx.Client(base_url=service.api, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield Board(client, board)


def test_metadata_comes_with_entries_where_it_is_asked_for(on: Board) -> None:
    shown = {"name": "Ada ✓", "n": [1, None, 2**70], "deep": {"x": True}}
    on.json("POST", "/members/ada/score", json={"score": 2, "metadata": shown})
    on.json("POST", "/members/bob/score", json={"score": 1})
    with_it = [{"id": "ada", "rank": 1, "score": 2.0, "metadata": shown}, {"id": "bob", "rank": 2, "score": 1.0}]
    without = [{"id": "ada", "rank": 1, "score": 2.0}, {"id": "bob", "rank": 2, "score": 1.0}]

    for route in ("/top", "/entries", "/members/ada/around"):
        assert on.get(route, metadata="true")["members"] == with_it
        assert on.get(route, metadata="1")["members"] == with_it
        for not_asked in ({}, {"metadata": "false"}, {"metadata": "0"}, {"metadata": ""}):
            assert on.get(route, **not_asked)["members"] == without
    lookup = {"json": {"member_ids": ["bob", "ada"]}}
    assert on.json("POST", "/lookup?metadata=true", **lookup)["members"] == with_it
    assert on.json("POST", "/lookup", **lookup)["members"] == without


def test_metadata_stays_until_other_metadata_comes(on: Board) -> None:
    for metadata, expected in (({"a": 1}, {"a": 1}), (None, {"a": 1}), ({}, {}), ({"b": 2}, {"b": 2})):
        on.json("POST", "/members/ada/score", json={"score": 1, "metadata": metadata})
        assert on.get("/members/ada")["metadata"] == expected


def test_pages_lead_both_ways(on: Board) -> None:
    on.fill()
    first = on.get("/entries", limit=2)
    second = on.get("/entries", limit=2, cursor=first["next"])

    assert first["members"] == [{"id": "ada", "rank": 1, "score": 40.0}, {"id": "bob", "rank": 2, "score": 30.0}]
    assert (first["previous"], ids(second), second["next"]) == (None, ["cyd", "dan"], None)
    assert on.get("/entries", limit=2, cursor=second["previous"]) == first


def test_a_page_begins_at_a_rank_and_keeps_to_a_range_of_scores(on: Board) -> None:
    on.fill()

    assert ids(on.get("/entries", from_rank=3)) == ["cyd", "dan"]
    assert ids(on.get("/entries", min_score=15, max_score="3.0e1")) == ["bob", "cyd"]
    assert on.get("/entries", max_score="-1") == {"members": [], "next": None, "previous": None}


def test_a_page_has_ten_entries_unless_told(on: Board) -> None:
    on.fill({f"m{number}": number for number in range(12)})

    assert len(on.get("/entries")["members"]) == 10
    assert len(on.get("/entries", limit=1000)["members"]) == 12


def test_all_about_a_member(on: Board) -> None:
    on.fill()
    on.json("POST", "/members/bob/score", json={"score": 1, "metadata": {"car": "mini"}})

    assert on.get("/members/ada") == {"id": "ada", "rank": 1, "score": 40.0, "percentile": 100.0}
    assert on.get("/members/bob") == {
        "id": "bob",
        "rank": 2,
        "score": 31.0,
        "percentile": pytest.approx(100 * 2 / 3),
        "metadata": {"car": "mini"},
    }


def test_a_board_that_tracks_tells_the_times_of_updates(on: Board) -> None:
    on.rule(track=True)
    on.json("POST", "/members/ada/score", json={"score": 1})
    first = on.get("/members/ada")
    on.json("POST", "/members/ada/score", json={"score": 1})
    second = on.get("/members/ada")

    assert first["first_update"] == first["last_update"] == second["first_update"] <= second["last_update"]
    at = datetime.strptime(first["first_update"], "%Y-%m-%dT%H:%M:%S.%f%z")
    assert (len(first["first_update"]), at.utcoffset()) == (24, timedelta(0))
    assert abs(datetime.now(at.tzinfo) - at) < timedelta(minutes=1)


def test_those_around_a_member(on: Board) -> None:
    on.fill({f"m{number:02}": -number for number in range(20)})

    assert ids(on.get("/members/m10/around")) == [f"m{number:02}" for number in range(5, 16)]
    assert ids(on.get("/members/m10/around", above=1, below=0)) == ["m09", "m10"]
    assert ids(on.get("/members/m00/around", above=3, below=1)) == ["m00", "m01"]
    assert on.get("/members/m19/around", above=0)["members"] == [{"id": "m19", "rank": 20, "score": -19.0}]


def test_a_lookup_gives_the_boards_order_and_names_the_absent(on: Board) -> None:
    on.fill()

    assert on.json("POST", "/lookup", json={"member_ids": ["zoe", "dan", "ada", "dan", "eve"]}) == {
        "members": [{"id": "ada", "rank": 1, "score": 40.0}, {"id": "dan", "rank": 4, "score": 10.0}],
        "absent": ["zoe", "eve"],
    }


def test_statistics_in_detail(on: Board) -> None:
    on.fill()

    assert on.get("/stats") == {"total_members": 4}
    assert on.get("/stats", detail="true", percentiles="50,100", bins=3) == {
        "total_members": 4,
        "minimum": 10.0,
        "maximum": 40.0,
        "percentiles": [{"percentile": 50.0, "score": 20.0}, {"percentile": 100.0, "score": 40.0}],
        "histogram": [
            {"low": 10.0, "high": 20.0, "members": 1},
            {"low": 20.0, "high": 30.0, "members": 1},
            {"low": 30.0, "high": 40.0, "members": 2},
        ],
    }
    default = on.get("/stats", detail="1")
    assert [each["percentile"] for each in default["percentiles"]] == [50.0, 90.0, 99.0]
    assert len(default["histogram"]) == 10


UNKNOWN = {
    "/top": {"members": []},
    "/entries": {"members": [], "next": None, "previous": None},
    "/stats": {"total_members": 0},
    "/stats?detail=true": {"total_members": 0, "minimum": None, "maximum": None, "percentiles": [], "histogram": []},
    "/periods?window=all": {"periods": []},
    "/periods?window=archive": {"periods": []},
}


@pytest.mark.parametrize("route", UNKNOWN)
def test_an_unknown_board_is_an_empty_one(on: Board, route: str) -> None:
    assert on.json("GET", route) == UNKNOWN[route]


def test_boards_are_listed_by_name_page_after_page(on: Board) -> None:
    names = [f"{on.name}-{letter}" for letter in "abc"]
    for size, name in enumerate(names, 1):
        Board(on.http, name).fill(dict(list(SCORES.items())[:size]))

    first = on.http.get("/dashboards", params={"limit": 2, "after": on.name}).json()
    rest = on.http.get("/dashboards", params={"after": first["next"]}).json()

    assert first == {
        "dashboards": [{"name": names[0], "total_members": 1}, {"name": names[1], "total_members": 2}],
        "next": names[1],
    }
    assert rest["dashboards"][0] == {"name": names[2], "total_members": 3}
    assert on.http.get("/dashboards", params={"after": "\uffff"}).json() == {"dashboards": [], "next": None}


def test_names_are_decoded_on_every_route(on: Board) -> None:
    strange = Board(on.http, f"{on.name}/%é")
    member = "/members/a%2Fb%25"
    strange.json("POST", f"{member}/score", json={"score": 3})

    assert strange.get(member)["id"] == "a/b%"
    assert ids(strange.get(f"{member}/around")) == ["a/b%"]
    assert strange.rule()["revision"] == 1
    assert strange.json("DELETE", member) == {"deleted": True}
