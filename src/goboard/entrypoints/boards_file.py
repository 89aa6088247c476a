"""BOARDS_FILE: rules that boards are given when the server starts."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from goboard.domain.errors import InvalidArgument, RulesConflict
from goboard.domain.names import BoardName
from goboard.domain.rules import Rules
from goboard.leaderboards import Leaderboards

_READERS = {".toml": tomllib.loads, ".json": json.loads}


class BoardsFileError(Exception):
    """The file cannot be used; the message names it and says everything that is wrong, and the way out."""


def read_boards_file(file: str) -> dict[BoardName, Rules]:
    """Read the rules of each board: in TOML a table `[boards."world cup"]`, in JSON `{"boards": {"world cup": {…}}}`.

    `file` is a path that ends in .toml or .json; where it is empty, there are none.

    Raises:
        BoardsFileError: the file cannot be read, or has something else in it.
    """
    if not file:
        return {}
    ruled: dict[BoardName, Rules] = {}
    wrong = []
    for board, said in _boards_said(file).items():
        try:
            ruled[BoardName.parse(board)] = _rules(said)
        except InvalidArgument as exc:
            wrong.append(f"dashboard {board!r}: {exc}")
    _raise_any(file, wrong)
    return ruled


async def give_rules(boards: Leaderboards, file: str, ruled: Mapping[BoardName, Rules]) -> None:
    """Set the rules of boards that have none, and leave the others as they are.

    Raises:
        BoardsFileError: a board has other rules, or scores that its rules in the file would falsify.
    """
    wrong = []
    for board, rules in ruled.items():
        stored = await boards.rules(board)
        if stored.revision:
            wrong += _differences(board, file, rules, stored.rules)
            continue
        try:
            await boards.set_rules(board, rules)
        except RulesConflict as exc:
            wrong.append(f"{exc} (start without BOARDS_FILE, and PUT {_ROUTE}?force=true)")
    _raise_any(file, wrong)


_ROUTE = "/api/v1/dashboards/{dashboard}/rules"


def _boards_said(file: str) -> Mapping[str, Any]:
    path = Path(file)
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise BoardsFileError(f"BOARDS_FILE={file}: the name must end in .toml or .json")
    try:
        said = reader(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise BoardsFileError(f"BOARDS_FILE={file}: the file cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise BoardsFileError(f"BOARDS_FILE={file}: the file cannot be read: it is not UTF-8") from exc
    except (ValueError, RecursionError) as exc:
        raise BoardsFileError(f"BOARDS_FILE={file}: the file is no {path.suffix[1:].upper()}: {exc}") from exc
    if not isinstance(said, dict) or set(said) != {"boards"} or not isinstance(said["boards"], dict):
        raise BoardsFileError(f"BOARDS_FILE={file}: the file must have boards, each with its rules, and nothing else")
    return said["boards"]


def _rules(said: Any) -> Rules:
    if not isinstance(said, dict):
        raise InvalidArgument(f"{said!r} is no table of rules, such as {{ ties = 'earliest' }}")
    return Rules.parse(said)


def _differences(board: str, file: str, rules: Rules, stored: Rules) -> list[str]:
    """Say in one line what differs; nothing where the two are the same."""
    here, there = rules.said(), stored.said()
    differing = [
        f"{name} is {_shown(here[name])} in {file} and {_shown(there[name])} in the store"
        for name in here
        if here[name] != there[name]
    ]
    if not differing:
        return []
    way_out = f"change the file, or start without BOARDS_FILE and PUT {_ROUTE}"
    return [f"dashboard {board!r}: {'; '.join(differing)} ({way_out})"]


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _raise_any(file: str, wrong: list[str]) -> None:
    if wrong:
        raise BoardsFileError("\n".join([f"BOARDS_FILE={file}: the rules cannot be used:", *wrong]))
