"""Import: lines of a file become scores of a board, a few chunks at a time under way."""

from asyncio import Future
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import BinaryIO, NamedTuple

from goboard.arguments import submission
from goboard.domain.errors import InvalidArgument, StoreError, UpdateRefused
from goboard.domain.standings import Outcome, Submission
from goboard.entrypoints.transfer.rows import MAX_LINE_BYTES, BadRow, Row, csv_reader, read_ndjson
from goboard.leaderboards import Leaderboards

CHUNK = 500
CHUNKS_UNDER_WAY = 4
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """One line of the file."""

    number: int
    """1-based."""
    says: Submission | str
    """The score to set, or why it is refused."""


class _Chunk(NamedTuple):
    lines: list[Line]
    outcomes: "Future[list[Outcome | UpdateRefused]]"


def read_lines(file: BinaryIO, form: str) -> Iterator[Line]:
    """Give the lines of `file` in the form `csv` or `ndjson`; a blank line is none.

    Raises:
        BadRow: the header of a CSV file is none; raised before the first line is given.
    """
    numbered = _numbered(file)
    read = csv_reader(next(numbered, (1, b""))[1]) if form == "csv" else read_ndjson
    return (Line(number, _said(line, read)) for number, line in numbered if line.strip())


class Import:
    """One import, and the count of what has come of it."""

    def __init__(self, boards: Leaderboards, board: str, refuse: Callable[[int, str], None]) -> None:
        self._boards = boards
        self._board = board
        self._refuse = refuse
        self._failure: StoreError | None = None
        self.imported = 0
        self.refused = 0

    async def run(self, lines: Iterable[Line], advanced: Callable[[], None]) -> None:
        """Set the scores in the order of the lines, which counts among equals; `advanced` is called now and then.

        Raises:
            StoreError: the store failed; `imported` says how many scores it had taken until then.
        """
        under_way: deque[_Chunk] = deque()
        lines = iter(lines)
        while not self._failure and (chunk := list(islice(lines, CHUNK))):
            under_way.append(self._send(chunk))
            if len(under_way) == CHUNKS_UNDER_WAY:
                await self._settle(under_way.popleft())
                advanced()
        for sent in under_way:
            await self._settle(sent)
        if self._failure:
            raise self._failure

    def _send(self, lines: list[Line]) -> _Chunk:
        scores = [line.says for line in lines if isinstance(line.says, Submission)]
        return _Chunk(lines, self._boards.submit_many(self._board, scores))

    async def _settle(self, chunk: _Chunk) -> None:
        try:
            outcomes = iter(await chunk.outcomes)
        except StoreError as exc:
            self._failure = self._failure or exc
            return
        for number, says in chunk.lines:
            self._count(number, next(outcomes) if isinstance(says, Submission) else says)

    def _count(self, number: int, outcome: Outcome | UpdateRefused | str) -> None:
        if isinstance(outcome, Outcome):
            self.imported += 1
        else:
            self.refused += 1
            self._refuse(number, str(outcome))


def _numbered(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Give the lines with their numbers; one that is too long is cut, so that no file is held whole."""
    number = 0
    while line := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        yield number, line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line
        while line and not line.endswith(b"\n"):
            line = file.readline(MAX_LINE_BYTES)


def _said(line: bytes, read: Callable[[bytes], Row]) -> Submission | str:
    try:
        row = read(line)
        return submission(row.member, row.score, row.metadata, overwrite=True)
    except (BadRow, InvalidArgument, UpdateRefused) as exc:
        return str(exc)
