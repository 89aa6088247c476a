"""Import and export: what a file says comes to be on the board, and what is on the board in a file."""

import asyncio
import io
import os
import random
import struct
from asyncio import Future
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from goboard import Entry, Leaderboards, Rules, StoreUnavailable, submission
from goboard.adapters.memory import MemoryBoardStore
from goboard.entrypoints.transfer.exporting import export_entries, whole_file
from goboard.entrypoints.transfer.importing import Import, read_lines
from goboard.entrypoints.transfer.rows import COLUMNS, BadRow, write_csv, write_ndjson
from goboard.ports.store import BoardStore

DEEP = "[" * 30_000 + "]" * 30_000  # Python 3.13 reads some 10,000 levels

WRITERS = {"csv": write_csv, "ndjson": write_ndjson}
HEADERS = {"csv": f"{','.join(COLUMNS)}\n".encode(), "ndjson": b""}


async def imported(boards: Leaderboards, board: str, text: str | bytes, form: str = "csv") -> dict[int, str]:
    """Import `text` and give the refusals by line."""
    refusals: dict[int, str] = {}
    file = io.BytesIO(text if isinstance(text, bytes) else text.encode())
    importing = Import(boards, board, refusals.__setitem__)
    await importing.run(read_lines(file, form), lambda: None)
    assert importing.refused == len(refusals)
    assert list(refusals) == sorted(refusals), "they are told in the order of the lines"
    return refusals


async def exported(boards: Leaderboards, board: str, form: str = "csv", **choice: str) -> bytes:
    parts = [HEADERS[form]]
    await export_entries(boards, board, lambda entries: parts.append(WRITERS[form](entries)), **choice)
    return b"".join(parts)


async def listed(boards: Leaderboards, board: str) -> list[Entry]:
    return await boards.top(board, 100_000, metadata=True)


@pytest.fixture
def boards(store: BoardStore) -> Leaderboards:
    return Leaderboards(store, now=lambda: 1_700_000_000.0)


AWKWARD = ["a,b", '"', 'c"d', " e ", "é", "\u2028", "\N{PILE OF POO}", "'", "-", "=1+1", "null", "x" * 256, "\\", "{}"]


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("ties", ["member", "earliest", "shared"])
async def test_what_was_exported_comes_back_as_the_same_standings(boards: Leaderboards, form: str, ties: str) -> None:
    rules = Rules.parse({"ties": ties, "operator": "best"})
    rng = random.Random(5)
    scores = [*doubles(rng, 40), *(float(rng.randrange(5)) for _ in range(1500))]
    metadata = [None, {}, {"car": "é\n\"'", "n": 1.5e-300, "deep": [{"a": None}], "big": 2**70}]
    rng.shuffle(scores)
    names = [*AWKWARD, *(f"m{number}" for number in range(len(scores) - len(AWKWARD)))]
    for board in ("from", "to"):
        await boards.set_rules(board, rules)
    rows = zip(names, scores, strict=True)
    await boards.submit_many("from", [submission(name, score, rng.choice(metadata)) for name, score in rows])
    assert await imported(boards, "to", await exported(boards, "from", form), form) == {}
    assert await listed(boards, "to") == await listed(boards, "from")
    assert len(await listed(boards, "to")) == len(scores)


def doubles(rng: random.Random, count: int) -> Iterator[float]:
    """Doubles of every size within the range."""
    while count:
        [value] = struct.unpack("d", rng.randbytes(8))
        if abs(value) <= 2.0**53:
            count -= 1
            yield value


async def test_a_score_is_set_whatever_the_operator_and_the_last_of_a_member_holds(boards: Leaderboards) -> None:
    await boards.set_rules("best", Rules.parse({"operator": "best"}))
    for board in ("sum", "best"):
        await boards.submit(board, "ada", 50)
        text = "member,score\n" + "ada,40\nbob,9\n" + "x,1\n" * 3000 + "ada,30.5\n"
        for _ in range(2):
            assert await imported(boards, board, text) == {}
            assert await listed(boards, board) == [("ada", 30.5, 1, None), ("bob", 9, 2, None), ("x", 1, 3, None)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("ada", "there are 1 columns instead of 3"),
        ("ada,1,{},x", "there are 4 columns instead of 3"),
        ('"ada,1,', "it is no line of CSV: "),
        ('"ada"x,1,', "it is no line of CSV: "),
        ("ada,,", "score '' is no number; one is like 12, -0.5 or 1e6"),
        ("ada,nan,", "score 'nan' is no number"),
        ("ada,1_0,", "score '1_0' is no number"),
        ("ada,\u0661,", "score '\u0661' is no number"),
        ("ada,1e999,", "score must be a finite number, not inf"),
        ("ada,1e16,", "the score of member 'ada' would leave the range"),
        ("ada,-6,", "the score of member 'ada' would leave the range -5 to "),
        (",1,", "member_id is empty"),
        ("a\x00b,1,", "member_id has a control character"),
        ("x" * 257 + ",1,", "member_id has 257 bytes; at most 256 are allowed"),
        ("ada,1,[]", "metadata must be a JSON object"),
        ('ada,1,"{""a"":1"', "metadata must be a JSON object"),
        ("ada,1," + '"{""a"":""' + "x" * 1020 + '""}"', "metadata has 1028 bytes; at most 1024 are allowed"),
        (b"ad\xff,1,", "it is not valid UTF-8"),
        ("x" * 200_000, "the line has over 65536 bytes"),
        ("a\rb,1,", "it is no line of CSV: "),
    ],
)
async def test_a_refused_line_of_csv_is_told_and_the_rest_goes_on(
    boards: Leaderboards, line: str | bytes, reason: str
) -> None:
    await boards.set_rules("b", Rules.parse({"min_score": -5}))
    spoilt = line.encode() if isinstance(line, str) else line
    text = b"\xef\xbb\xbfmember,score,metadata\r\nbob, 2 ,\r\n\r\n" + spoilt + b'\neve,.5E1,"{""a"": 1}"'
    refusals = await imported(boards, "b", text)
    assert list(refusals) == [4]
    assert refusals[4].startswith(reason)
    assert await listed(boards, "b") == [("eve", 5, 1, {"a": 1}), ("bob", 2, 2, None)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("ada,1", "JSON is malformed"),
        ("{", "Input data was truncated"),
        ("[]", "Expected `object`, got `array`"),
        ('{"member": "ada"}', "Object missing required field `score`"),
        ('{"member": "ada", "score": "1"}', "Expected `float`, got `str` - at `$.score`"),
        ('{"member": "ada", "score": true}', "Expected `float`, got `bool` - at `$.score`"),
        ('{"member": "ada", "score": NaN}', "JSON is malformed"),
        ('{"member": "ada", "score": 1, "metdata": {}}', "Object contains unknown field `metdata`"),
        ('{"member": "ada", "score": 1, "metadata": []}', "Expected `object | null`, got `array` - at `$.metadata`"),
        ('{"member": "ada", "score": 1, "metadata": {"a":' + DEEP + "}}", "the JSON is nested too deeply"),
        ('{"member": "\\n", "score": 1}', "member_id has a control character"),
        (b'{"member": "\xff", "score": 1}', "it is not valid UTF-8"),
    ],
)
async def test_a_refused_line_of_ndjson_is_told_and_the_rest_goes_on(
    boards: Leaderboards, line: str | bytes, reason: str
) -> None:
    spoilt = line.encode() if isinstance(line, str) else line
    text = b'{"member": "bob", "score": 2}\n' + spoilt + b'\n\n{"score": 3, "metadata": null, "member": "eve"}'
    refusals = await imported(boards, "b", text, "ndjson")
    assert list(refusals) == [2]
    assert refusals[2].startswith(reason)
    assert await listed(boards, "b") == [("eve", 3, 1, None), ("bob", 2, 2, None)]


@pytest.mark.parametrize("header", ["", "name,score", "member,score,metadata,x", "member;score", b"\xff", '"'])
def test_a_file_without_the_header_is_refused_as_a_whole(header: str | bytes) -> None:
    with pytest.raises(BadRow):
        read_lines(io.BytesIO(header if isinstance(header, bytes) else header.encode()), "csv")


async def test_refusals_in_a_long_file_are_counted_where_they_are(boards: Leaderboards) -> None:
    wrong = {2, 500, 501, 502, 2500, 2501, 4999}
    lines = (f"m{n},{'x' if n in wrong else n}\n" for n in range(2, 5000))
    assert set(await imported(boards, "b", "member,score\n" + "".join(lines))) == wrong
    assert await boards.count("b") == 4998 - len(wrong)


async def test_a_period_and_an_archive_can_be_exported(boards: Leaderboards) -> None:
    await boards.set_rules("b", Rules.parse({"windows": ["daily", "all"]}))
    await boards.increment("b", "ada", 1)
    await boards.archive("b", "season 1", window="all")
    await boards.increment("b", "ada", 2)
    choices: list[tuple[dict[str, str], float]] = [
        ({}, 2.0),
        ({"window": "daily", "period": "2023-11-14"}, 3.0),
        ({"window": "archive", "period": "season 1"}, 1.0),
    ]
    for choice, score in choices:
        assert await exported(boards, "b", **choice) == f"member,score,metadata\nada,{score},\n".encode()


async def test_a_store_that_fails_on_the_way_leaves_the_count_of_what_was_in() -> None:
    boards = Leaderboards(FailingStore(after=3))
    importing = Import(boards, "b", lambda *_: pytest.fail("nothing is refused"))
    text = "member,score\n" + "".join(f"m{n},{n}\n" for n in range(10_000))
    with pytest.raises(StoreUnavailable):
        await importing.run(read_lines(io.BytesIO(text.encode()), "csv"), lambda: None)
    assert importing.imported == await boards.count("b") == 1500


class FailingStore(MemoryBoardStore):
    """Fails after so many submissions."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self._left = after

    def submit_many(self, *arguments: Any) -> Any:
        self._left -= 1
        if self._left >= 0:
            return super().submit_many(*arguments)
        failed: Future[Any] = asyncio.get_running_loop().create_future()
        failed.set_exception(StoreUnavailable())
        return failed


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "b.csv"
    file.write_text("old")
    file.chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to(file)
    with pytest.raises(TypeError), whole_file(link) as out:
        out.writelines([b"new", None])
    assert (file.read_text(), sorted(tmp_path.iterdir())) == ("old", [file, link])
    with whole_file(link) as out:
        out.write(b"new")
        assert file.read_text() == "old"
    assert (file.read_text(), link.is_symlink(), sorted(tmp_path.iterdir())) == ("new", True, [file, link])
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with whole_file(pipe) as out:
        out.write(b"rows")
    assert os.read(reader, 10) == b"rows"
    os.close(reader)
    assert pipe.is_fifo()
