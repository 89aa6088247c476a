"""A server that starts with BOARDS_FILE: its boards have those rules, or it does not serve."""

from pathlib import Path

import httpx
import pytest
from commands import goboard
from servers import SERVERS, start_server
from services import TOKEN, Service, goboard_serve

HERE = {"HTTP_PORT": "127.0.0.1:0", "GRPC_PORT": "127.0.0.1:0", "STORE": "memory"}


@pytest.mark.parametrize("command", ["check-config", "serve"])
def test_a_boards_file_that_is_wrong_is_a_wrong_setting(tmp_path: Path, command: str) -> None:
    (tmp_path / "boards.toml").write_text("[boards.a]\norder = 'up'\n[boards.b]\nkeep = -1\n")
    outcome = goboard(tmp_path, command, **HERE, BOARDS_FILE="boards.toml")
    assert (outcome.code, outcome.out) == (78, "")
    assert outcome.told == [
        "goboard: BOARDS_FILE=boards.toml: the rules cannot be used:",
        "dashboard 'a': order 'up' is not allowed; it is one of desc, asc",
        "dashboard 'b': keep -1 is not allowed; it is an integer from 0 to 1000",
    ]


def test_boards_have_the_rules_of_the_file_and_a_store_with_others_is_not_served(tmp_path: Path) -> None:
    file = tmp_path / "boards.toml"
    file.write_text("[boards.'world cup']\norder = 'asc'\n")
    with start_server(SERVERS["valkey"], tmp_path) as server:
        store = {"STORE": "redis", "REDIS_URL": server.url}
        for kept in ({"STORE": "memory"}, store, store):
            with goboard_serve(tmp_path, BOARDS_FILE="boards.toml", **kept) as service:
                assert stored_rules(service, "world%20cup") == ("asc", 1)
        file.write_text("[boards.'world cup']\n")
        outcome = goboard(tmp_path, "serve", **{**HERE, **store}, BOARDS_FILE="boards.toml")
    assert outcome.code == 78
    assert outcome.told[-1].startswith("dashboard 'world cup': order is desc in boards.toml and asc in the store (")


def stored_rules(service: Service, board: str) -> tuple[str, int]:
    """The order of `board`, and the revision of its rules."""
    reply = httpx.get(f"{service.api}/dashboards/{board}/rules", headers={"Authorization": TOKEN}).json()
    return reply["rules"]["order"], reply["revision"]
