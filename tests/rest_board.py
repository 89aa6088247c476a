"""A board over REST: its routes, and what their replies hold."""

from typing import Any
from urllib.parse import quote

import httpx

SCORES = {"ada": 40, "bob": 30, "cyd": 20, "dan": 10}


class Board:
    """A board's routes."""

    def __init__(self, http: httpx.Client, name: str) -> None:
        self.http = http
        self.name = name
        self.path = f"/dashboards/{quote(name, safe='')}"

    def get(self, route: str, **query: Any) -> Any:
        return self.json("GET", route, params=query)

    def json(self, method: str, route: str, **options: Any) -> Any:
        reply = self.http.request(method, self.path + route, **options)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def fill(self, scores: dict[str, float] = SCORES) -> None:
        for member, score in scores.items():
            self.json("PUT", f"/members/{member}/score", json={"score": score})

    def rule(self, **rules: Any) -> Any:
        return self.json("PUT", "/rules", json=rules)


def ids(reply: Any) -> list[str]:
    return [entry["id"] for entry in reply["members"]]
