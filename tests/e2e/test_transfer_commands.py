"""`goboard import` and `goboard export`, as a user runs them."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import goboard
from servers import Server

pytestmark = pytest.mark.slow  # many processes are started

GOBOARD = str(Path(sys.executable).with_name("goboard"))


@pytest.fixture
def there(server_of: Callable[[str], Server], prefix: str) -> dict[str, str]:
    """Settings with which the boards are on the session's Valkey, under a prefix of their own."""
    return {"REDIS_URL": server_of("valkey").url, "REDIS_PREFIX": prefix}


def test_a_board_goes_out_and_comes_in_again(tmp_path: Path, there: dict[str, str]) -> None:
    (tmp_path / "in.csv").write_text("member,score\nada,0.1\nbob,x\ngrace,2e3\n")
    came_in = goboard(tmp_path, "import", "b", "in.csv", **there)
    assert (came_in.code, came_in.out) == (1, "")
    refused = "line 3: score 'x' is no number; one is like 12, -0.5 or 1e6"
    assert came_in.told == [refused, "imported 2 members, refused 1"]
    went_out = goboard(tmp_path, "export", "b", "out.jsonl", **there)
    assert (went_out.code, went_out.out, went_out.told) == (0, "", ["exported 2 members"])
    rows = '{"member":"grace","score":2000.0}\n{"member":"ada","score":0.1}\n'
    assert (tmp_path / "out.jsonl").read_text() == rows
    again = goboard(tmp_path, "import", "c", "out.jsonl", **there)
    assert (again.code, again.told) == (0, ["imported 2 members, refused 0"])
    assert goboard(tmp_path, "export", "c", **there).out == "member,score,metadata\ngrace,2000.0,\nada,0.1,\n"
    assert goboard(tmp_path, "export", "c", "-", "--format", "ndjson", **there).out == rows


def test_boards_go_through_pipes(tmp_path: Path, there: dict[str, str]) -> None:
    (tmp_path / "in.csv").write_text("member,score\n" + "".join(f"m{n},{n}\n" for n in range(20_000)))
    assert goboard(tmp_path, "import", "b", "in.csv", **there).code == 0
    pipeline = f"{GOBOARD} export b | {GOBOARD} import c -; {GOBOARD} export c | head -n 2; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", pipeline],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], **there},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "member,score,metadata\nm19999,19999.0,\n1\n"
    assert "imported 20,000 members, refused 0\n" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_terminal_sees_a_bar_and_what_is_refused(tmp_path: Path, there: dict[str, str]) -> None:
    (tmp_path / "in.csv").write_text("member,score\nada,x\n" + "".join(f"m{n},{n}\n" for n in range(5000)))
    ours, theirs = os.openpty()
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm", **there}
    with subprocess.Popen([GOBOARD, "import", "b", "in.csv"], cwd=tmp_path, env=environment, stderr=theirs) as process:
        os.close(theirs)
        seen = read_all(ours)
    os.close(ours)
    assert process.returncode == 1
    assert "100%" in seen
    assert "line 2: score 'x' is no number" in seen
    assert seen.endswith("imported 5,000 members, refused 1\r\n")


def read_all(terminal: int) -> str:
    """What is shown until nobody writes any more."""
    seen = b""
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # how Linux tells the end
            part = b""
        if not part:
            return seen.decode()
        seen += part


def test_of_many_refusals_the_first_are_told_and_the_rest_counted(tmp_path: Path, there: dict[str, str]) -> None:
    (tmp_path / "b.csv").write_text("member,score\n" + "ada,x\n" * 1000)
    outcome = goboard(tmp_path, "import", "b", "b.csv", **there)
    assert outcome.code == 1
    assert [line.partition(":")[0] for line in outcome.told[:20]] == [f"line {number}" for number in range(2, 22)]
    assert outcome.told[20:] == [
        "more lines were refused; they are counted at the end",
        "imported 0 members, refused 1,000",
    ]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("b.txt", "member,score\n", "b.txt ends in none of .csv, .ndjson, .jsonl: say --format csv or --format ndjson"),
        ("b.csv", "name,score\n", "the first line must be member,score or member,score,metadata; it is 'name,score'"),
        ("b.csv", None, "'b.csv': No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_imported_is_a_usage_error(
    tmp_path: Path, there: dict[str, str], name: str, text: str | None, reason: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    outcome = goboard(tmp_path, "import", "b", name, COLUMNS="200", **there)
    assert (outcome.code, outcome.out) == (2, "")
    assert reason in outcome.err


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path, there: dict[str, str]) -> None:
    outcome = goboard(tmp_path, "export", "b", "no/b.csv", **there)
    assert (outcome.code, outcome.told) == (1, ["goboard: no/b.csv cannot be written: No such file or directory"])
