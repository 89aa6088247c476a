"""BOARDS_FILE: what it may say, and how it meets the rules that a store has."""

import json
from pathlib import Path

import pytest

from goboard import Leaderboards, Rules
from goboard.adapters.memory import MemoryBoardStore
from goboard.domain.names import BoardName
from goboard.entrypoints.boards_file import BoardsFileError, give_rules, read_boards_file

TOML = """
[boards."world cup"]
order = "asc"
operator = "best"
ties = "earliest"
windows = ["all", "daily"]
timezone = "Europe/Berlin"
attempts = { max = 3, window = "daily" }

[boards.sales]
max_increment = 1000
"""
SAID = {
    "world cup": {
        "order": "asc",
        "operator": "best",
        "ties": "earliest",
        "windows": ["all", "daily"],
        "timezone": "Europe/Berlin",
        "attempts": {"max": 3, "window": "daily"},
    },
    "sales": {"max_increment": 1000},
}
WAY_OUT = "(change the file, or start without BOARDS_FILE and PUT /api/v1/dashboards/{dashboard}/rules)"
RULED = {board: Rules.parse(said) for board, said in SAID.items()}


def refusal(folder: Path, text: str | bytes, name: str = "boards.toml") -> str:
    """What is said of a file with `text`, after its name."""
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BoardsFileError) as caught:
        read_boards_file(str(file))
    told = str(caught.value)
    assert told.startswith(f"BOARDS_FILE={file}: ")
    return told.removeprefix(f"BOARDS_FILE={file}: ")


@pytest.mark.parametrize(
    ("name", "text"), [("boards.toml", TOML), ("boards.json", json.dumps({"boards": SAID})), ("B.TOML", TOML)]
)
def test_a_file_gives_boards_their_rules(tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / name
    file.write_text(text)
    assert read_boards_file(str(file)) == RULED


def test_without_a_file_there_are_no_rules() -> None:
    assert read_boards_file("") == {}


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("boards.yaml", "", "the name must end in .toml or .json"),
        ("boards.toml", "[boards", "the file is no TOML: "),
        ("boards.json", "{", "the file is no JSON: "),
        ("boards.json", "[" * 100_000, "the file is no JSON: "),
        ("boards.toml", b"\xff", "the file cannot be read: it is not UTF-8"),
        ("boards.toml", "", "the file must have boards"),
        ("boards.json", "[]", "the file must have boards"),
        ("boards.json", '{"boards": []}', "the file must have boards"),
        ("boards.toml", "[boards]\n[board.x]", "the file must have boards"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, name: str, text: str | bytes, reason: str) -> None:
    assert refusal(tmp_path, text, name).startswith(reason)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BoardsFileError, match=r"absent\.toml: the file cannot be read: No such file"):
        read_boards_file(str(tmp_path / "absent.toml"))


def test_each_board_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    told = refusal(
        tmp_path,
        "[boards]\n'a{' = {}\nb = { tie = 'shared' }\nc = 7\nd = { order = 'up' }\ne = { order = 'asc' }\n"
        "f = { keep = 2024-01-01 }",
    )
    head, *lines = told.splitlines()
    assert head == "the rules cannot be used:"
    assert [line.partition(":")[0] for line in lines] == [
        f"dashboard {board!r}" for board in ("a{", "b", "c", "d", "f")
    ]
    assert lines[1].startswith("dashboard 'b': rules have no 'tie'; they have order, ")
    assert lines[2] == "dashboard 'c': 7 is no table of rules, such as { ties = 'earliest' }"


@pytest.fixture
def boards() -> Leaderboards:
    return Leaderboards(MemoryBoardStore(), now=lambda: 1_700_000_000.0)


async def test_boards_without_rules_are_given_them_once(boards: Leaderboards) -> None:
    for _ in range(2):
        await give_rules(boards, "boards.toml", read_rules(SAID))
        assert {board: await boards.rules(board) for board in RULED} == {
            board: (rules, 1) for board, rules in RULED.items()
        }


async def test_a_board_with_other_rules_is_told_with_both_and_the_way_out(boards: Leaderboards) -> None:
    await boards.set_rules("x", Rules.parse({"ties": "shared", "windows": ["daily"], "keep": 3}))
    await boards.set_rules("y", Rules.parse({"max_score": 10}))
    said = {
        "x": {"ties": "earliest", "windows": ["all", "daily"], "keep": 3},
        "y": {},
        "z": {"order": "asc"},
    }
    with pytest.raises(BoardsFileError) as caught:
        await give_rules(boards, "boards.toml", read_rules(said))
    ties = "ties is earliest in boards.toml and shared in the store"
    windows = 'windows is ["all", "daily"] in boards.toml and ["daily"] in the store'
    assert str(caught.value).splitlines() == [
        "BOARDS_FILE=boards.toml: the rules cannot be used:",
        f"dashboard 'x': {ties}; {windows} {WAY_OUT}",
        f"dashboard 'y': max_score is null in boards.toml and 10.0 in the store {WAY_OUT}",
    ]
    assert (await boards.rules("x")).rules.keep == 3
    assert (await boards.rules("z")).revision == 1, "the others have theirs"


async def test_scores_are_not_falsified(boards: Leaderboards) -> None:
    await boards.increment("sales", "ada", 5)
    with pytest.raises(BoardsFileError) as caught:
        await give_rules(boards, "boards.toml", read_rules({"sales": {"order": "asc"}}))
    assert "a change of order would falsify" in str(caught.value)
    assert "PUT /api/v1/dashboards/{dashboard}/rules?force=true" in str(caught.value)
    assert (await boards.rules("sales")).revision == 0


def read_rules(said: dict[str, dict[str, object]]) -> dict[BoardName, Rules]:
    return {BoardName.parse(board): Rules.parse(rules) for board, rules in said.items()}
