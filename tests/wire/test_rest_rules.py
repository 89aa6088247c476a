"""Rules over REST, as long as all is well, and the windows and archives that they bring."""

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


DEFAULTS = {
    "order": "desc",
    "operator": "increment",
    "ties": "member",
    "min_score": None,
    "max_score": None,
    "max_increment": None,
    "capacity": None,
    "windows": ["all"],
    "timezone": "UTC",
    "week_starts": "monday",
    "keep": 1,
    "attempts": None,
    "track": False,
}


def test_rules_are_put_as_a_whole_and_their_revision_rises(on: Board) -> None:
    assert on.get("/rules") == {"revision": 0, "rules": DEFAULTS}
    rules = {"order": "asc", "operator": "set", "windows": ["daily", "0 */6  * * *"], "min_score": -1.5}
    attempts = {"attempts": {"max": 3, "window": "daily"}}

    assert on.rule(**rules, **attempts, timezone="Europe/Berlin", capacity=None) == {
        "revision": 1,
        "rules": {
            **DEFAULTS,
            **rules,
            **attempts,
            "windows": ["daily", "0 */6 * * *"],
            "timezone": "Europe/Berlin",
        },
    }
    assert on.rule(ties="dense") == {"revision": 2, "rules": {**DEFAULTS, "ties": "dense"}} == on.get("/rules")


def test_rules_that_falsify_scores_need_force(on: Board) -> None:
    on.fill()
    assert on.http.put(f"{on.path}/rules", json={"order": "asc"}).json()["code"] == "rules_conflict"

    assert on.json("PUT", "/rules?force=true", json={"order": "asc"})["revision"] == 1
    assert ids(on.get("/top")) == ["dan", "cyd", "bob", "ada"]


@pytest.mark.parametrize("sign", ["+", "%2B"])
def test_a_period_is_read_by_the_name_that_periods_gives(on: Board, sign: str) -> None:
    on.rule(windows=["all", "hourly"])
    on.fill()

    [period] = on.get("/periods", window="hourly")["periods"]
    start, end = (datetime.fromisoformat(period[edge]) for edge in ("start", "end"))
    assert period["start"].endswith(":00:00Z")
    assert (end - start, datetime.fromisoformat(period["name"])) == (timedelta(hours=1), start)
    assert ids(on.json("GET", f"/top?window=hourly&period={period['name'].replace('+', sign)}")) == list(SCORES)
    assert on.get("/periods", window="all") == {"periods": [{"name": "all", "start": None, "end": None}]}


def test_a_cron_expression_is_a_window_by_its_own_name(on: Board) -> None:
    on.rule(windows=["0 6 * * mon"])
    on.fill()

    [period] = on.get("/periods", window="0 6 * * mon")["periods"]
    assert ids(on.get("/top", window="0 6 * * mon", period=period["name"])) == list(SCORES)


def test_standings_set_aside_are_read_by_every_route(on: Board) -> None:
    on.rule(windows=["all", "daily"])
    on.fill()
    place = {"window": "archive", "period": "spring 2026"}

    assert on.json("POST", "/archive", json={"name": "spring 2026", "window": "daily"}) == {
        "name": "spring 2026",
        "total_members": 4,
    }
    assert ids(on.get("/top", window="daily")) == []
    assert ids(on.get("/top")) == list(SCORES)
    assert on.get("/periods", window="archive") == {"periods": [{"name": "spring 2026", "start": None, "end": None}]}
    assert ids(on.get("/top", **place)) == list(SCORES)
    assert ids(on.get("/entries", limit=1, **place)) == ["ada"]
    assert on.get("/members/bob/rank", **place) == {"member_id": "bob", "rank": 2, "score": 30.0}
    assert on.get("/members/bob", **place)["rank"] == 2
    assert ids(on.get("/members/bob/around", above=0, below=1, **place)) == ["bob", "cyd"]
    assert ids(on.json("POST", "/lookup", json={"member_ids": ["dan"]}, params=place)) == ["dan"]
    assert on.get("/stats", **place) == {"total_members": 4}
    assert on.get("/stats", detail="true", **place)["maximum"] == 40.0


def test_an_archive_is_of_the_default_window_unless_told(on: Board) -> None:
    on.fill()

    assert on.json("POST", "/archive", json={"name": "one"})["total_members"] == 4
    assert on.json("POST", "/archive", json={"name": "two"}) == {"name": "two", "total_members": 0}
    assert on.get("/stats") == {"total_members": 0}
