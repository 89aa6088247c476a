"""docs/ranking.md: its examples are run in the order of the page, and print what it shows."""

import ast
import inspect
import io
import json
import re
import shlex
from collections.abc import Iterator
from contextlib import redirect_stdout
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import stand_ins
from services import TOKEN, Service, goboard_serve

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "ranking.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with goboard_serve(tmp_path, "--store", "memory", AUTH_STATIC_ROLE="server") as running:
        yield running


def test_what_is_shown_stands_behind_what_is_run() -> None:
    shown_behind = {"text": "python", "json": "bash"}
    languages = [language for language, _ in BLOCKS]
    assert set(languages) == {*shown_behind, *shown_behind.values()}
    assert all(
        shown_behind.get(after) == before for before, after in pairwise(languages) if before in ("python", "bash")
    )
    assert languages.count("python") == languages.count("text")
    assert languages.count("bash") == languages.count("json")


async def test_the_python_prints_what_is_shown() -> None:
    names: dict[str, Any] = {}
    examples = [(text, after) for (language, text), (_, after) in pairwise(BLOCKS) if language == "python"]
    for program, shown in examples:
        assert await printed(program, names) == shown, program


def test_the_python_can_be_pasted_at_a_prompt() -> None:
    for program in (text for language, text in BLOCKS if language == "python"):
        # It takes a block for ended with an empty line, and not before.
        assert not re.search(r"^ .*\n(?!except )\S", program, re.MULTILINE), program
        assert not re.search(r"^ .*\n\n+ ", program, re.MULTILINE), program


async def printed(program: str, names: dict[str, Any]) -> str:
    """Run a program as `python -m asyncio` does, where `await` works outside functions."""
    code = compile(program, "docs/ranking.md", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    with redirect_stdout(io.StringIO()) as output:
        running = eval(code, names)
        if inspect.isawaitable(running):
            await running
    return output.getvalue()


def test_the_requests_are_answered_as_is_shown(service: Service) -> None:
    examples = [(text, after) for (language, text), (_, after) in pairwise(BLOCKS) if language == "bash"]
    for command, shown in examples:
        said = command.replace("\\\n", " ").replace("http://localhost:8080", service.base)
        program, *arguments = (word.replace("$TOKEN", TOKEN) for word in shlex.split(said))
        assert program == "curl"
        [answer] = stand_ins.curl(arguments)
        assert json.loads(answer) == json.loads(shown), command


def test_the_table_of_ties_is_what_the_example_prints() -> None:
    printed = re.search(r"^((?:1 ada 10, .*\n){4})```$", PAGE, re.MULTILINE)
    assert printed
    rows = re.findall(r"^\| `(?:member|earliest|shared|dense)`[^|]*\|(.*)\|$", PAGE, re.MULTILINE)
    for row, line in zip(rows, printed[1].splitlines(), strict=True):
        *ranks, listed = (cell.strip() for cell in row.split("|"))
        entries = [entry.split() for entry in line.split(", ")]
        assert listed == ", ".join(name for _, name, _ in entries)
        assert dict(zip(("ada", "bob", "cleo", "dan"), ranks, strict=True)) == {name: rank for rank, name, _ in entries}


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        file, _, anchor = target.partition("#")
        path = ROOT / "docs" / (file or "ranking.md")
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), target


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^##+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
