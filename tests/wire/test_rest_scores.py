"""Scores over REST, as long as all is well: submitted, set, many at once, removed."""

from typing import Any

import httpx
import pytest
from rest_board import Board, ids
from services import TOKEN, Service


@pytest.fixture
def on(service: Service, board: str) -> Any:
    with httpx.Client(base_url=service.api, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield Board(client, board)


def test_a_submitted_score_is_added_where_no_rules_are(on: Board) -> None:
    assert on.json("POST", "/members/ada/score", json={"score": 5}) == {
        "member_id": "ada",
        "rank": 1,
        "score": 5.0,
        "improved": True,
    }
    assert on.json("POST", "/members/ada/score", json={"score": 2.5})["score"] == 7.5


def test_a_submission_that_is_not_better_says_so(on: Board) -> None:
    on.rule(operator="best", order="asc")
    on.json("POST", "/members/ada/score", json={"score": 61.5})

    assert on.json("POST", "/members/ada/score", json={"score": 70}) == {
        "member_id": "ada",
        "rank": 1,
        "score": 61.5,
        "improved": False,
    }


def test_a_score_that_capacity_leaves_out_says_so(on: Board) -> None:
    on.rule(operator="best", capacity=2)
    on.fill({"ada": 3, "bob": 2})

    assert on.json("POST", "/members/cyd/score", json={"score": 1}) == {
        "member_id": "cyd",
        "rank": None,
        "score": 1.0,
        "improved": False,
        "kept": False,
    }
    many = on.json("POST", "/scores", json={"scores": [{"member_id": "cyd", "score": 1}]})
    assert (many["results"][0]["rank"], many["results"][0]["kept"]) == (None, False)


def test_a_score_is_set_whatever_the_operator(on: Board) -> None:
    on.rule(operator="best")
    on.fill({"ada": 9})

    assert on.json("PUT", "/members/ada/score", json={"score": 4}) == {
        "member_id": "ada",
        "rank": 1,
        "score": 4.0,
        "improved": True,
    }


def test_many_scores_are_answered_each_in_its_place(on: Board) -> None:
    scores = [
        {"member_id": "ada", "score": 1},
        {"member_id": "", "score": 1},
        {"member_id": "bob", "score": 2, "metadata": {"car": "mini"}, "unknown": 1},
        {"member_id": "bob"},
        {"member_id": "bob", "score": 2.0**54},
        {"member_id": "bob", "score": 1, "metadata": [1]},
        7,
        {"member_id": "bob", "score": 1, "metadata": {"x": "y" * 1024}},
        {"member_id": "ada", "score": 3},
    ]

    results = on.json("POST", "/scores", json={"scores": scores})["results"]

    assert results[0] == {"member_id": "ada", "rank": 1, "score": 1.0, "improved": True}
    assert results[2] == {"member_id": "bob", "rank": 1, "score": 2.0, "improved": True}
    assert results[8] == {"member_id": "ada", "rank": 1, "score": 4.0, "improved": True}
    refused = [results[place]["problem"] for place in (1, 3, 4, 5, 6, 7)]
    item = "a score must be a JSON object with the text member_id, the number score and, if any, the object metadata"
    item += " and the text op_id"
    assert [problem["detail"] for problem in refused] == [
        "missing member_id",
        "score is required",
        refused[2]["detail"],
        item,
        item,
        "metadata has 1032 bytes; at most 1024 are allowed",
    ]
    assert refused[2]["code"] == "score_out_of_range"
    assert {problem["instance"] for problem in refused} == {f"/api/v1{on.path}/scores"}
    assert on.json("POST", "/scores", json={"scores": []}) == {"results": []}


def test_a_thousand_scores_with_the_longest_names_and_metadata_are_taken(on: Board) -> None:
    letters = "é" * 125
    scores = [
        {"member_id": f"{letters}{number:06}", "score": number, "metadata": {"n": "é" * 508}} for number in range(1000)
    ]

    results = on.json("POST", "/scores", json={"scores": scores})["results"]

    assert [result["score"] for result in results] == list(range(1000))


def test_a_member_is_removed_and_a_board_deleted(on: Board) -> None:
    on.rule(operator="set")
    on.fill()

    assert [on.json("DELETE", "/members/ada"), on.json("DELETE", "/members/ada")] == [
        {"deleted": True},
        {"deleted": False},
    ]
    assert ids(on.get("/top")) == ["bob", "cyd", "dan"]
    assert [on.json("DELETE", ""), on.json("DELETE", "")] == [{"deleted": True}, {"deleted": False}]
    assert on.get("/rules")["revision"] == 0
