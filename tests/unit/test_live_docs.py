"""docs/live.md: its program prints what it shows, its messages are the code's, its numbers are the settings'."""

import ast
import inspect
import io
import json
import re
from contextlib import redirect_stdout
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from goboard.domain.views import DEFAULT_NEIGHBOURS, DEFAULT_TOP, MAX_NEIGHBOURS, MAX_WATCHED
from goboard.entrypoints.http.live_wire import ChangeMessage, EndedMessage, SnapshotMessage
from goboard.entrypoints.http.pulse import BEAT_SECONDS, STALLED_SECONDS
from goboard.entrypoints.http.websocket import CLOSE_SLOW_WATCHER, CLOSE_TOKEN_EXPIRED
from goboard.entrypoints.settings import VARIABLES
from goboard.live.boards import MAX_SHARE
from goboard.live.hub import POLL_SECONDS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "live.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
MESSAGES = [text for language, text in BLOCKS if language == "json"]
strict = msgspec.json.Decoder(SnapshotMessage | ChangeMessage | EndedMessage)


async def test_the_program_prints_what_is_shown() -> None:
    [(program, shown)] = [(text, after) for (language, text), (_, after) in pairwise(BLOCKS) if language == "python"]
    code = compile(program, "docs/live.md", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    names: dict[str, Any] = {}
    with redirect_stdout(io.StringIO()) as output:
        running = eval(code, names)
        if inspect.isawaitable(running):
            await running
    assert output.getvalue() == shown


@pytest.mark.parametrize("text", MESSAGES)
def test_a_message_is_one_that_the_server_sends(text: str) -> None:
    said = json.loads(text)
    assert json.loads(msgspec.json.encode(strict.decode(text))) == said


def test_each_kind_of_message_is_shown() -> None:
    assert {json.loads(text)["type"] for text in MESSAGES} == {"snapshot", "change", "ended"}


def test_the_settings_have_their_defaults() -> None:
    defaults = {variable.name: variable.default for variable in VARIABLES}
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| `(\w+)` \|", PAGE, re.MULTILINE))
    assert rows == {name: defaults[name] for name in rows}
    assert set(rows) == {name for name in defaults if name.startswith("LIVE_")} | {"PUBLIC_READ"}


def test_the_numbers_are_the_code_s() -> None:
    assert f"1 to {MAX_WATCHED} ({DEFAULT_TOP} where nothing is said)" in PAGE
    assert f"up to {MAX_NEIGHBOURS} above and below ({DEFAULT_NEIGHBOURS})" in PAGE
    assert f"| {CLOSE_TOKEN_EXPIRED} |" in PAGE
    assert f"| {CLOSE_SLOW_WATCHER} | you watch, and took nothing for {STALLED_SECONDS:g} s" in PAGE
    assert f"every {BEAT_SECONDS:g} s" in PAGE
    assert (MAX_SHARE, POLL_SECONDS) == (0.25, 1.0)  # "at most a quarter of the time", "once a second"


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        file, _, anchor = target.partition("#")
        path = ROOT / "docs" / (file or "live.md")
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), target


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^##+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
