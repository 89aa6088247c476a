"""The commands `goboard import` and `goboard export`."""

import errno
import os
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from goboard.domain.names import BoardName
from goboard.domain.standings import Entry
from goboard.entrypoints.console import fail, parse_name, period_option, window_option, with_boards
from goboard.entrypoints.transfer.exporting import export_entries, whole_file
from goboard.entrypoints.transfer.importing import Import, Line, read_lines
from goboard.entrypoints.transfer.progress import progress_bar
from goboard.entrypoints.transfer.rows import COLUMNS, FORMATS, BadRow, write_csv, write_ndjson
from goboard.leaderboards import Leaderboards

EX_INCOMPLETE = 1
REFUSALS_SHOWN = 20
_STANDARD = "-"

_format_option = click.option(
    "--format", "form", type=click.Choice(["csv", "ndjson"]), help="Where the file's name does not tell."
)


@click.command("import")
@click.argument("board")
@click.argument("file", type=click.File("rb"))
@_format_option
def import_board(board: str, file: BinaryIO, form: str | None) -> None:
    """Set the scores of BOARD's members that are in FILE (-: standard input).

    FILE is CSV, its first line `member,score` or `member,score,metadata`, or NDJSON with objects like
    {"member": "ada", "score": 30}. A score takes the place of the one there is, whatever the board's operator, so
    importing a file again changes nothing. Lines that are refused are told with their number, and the rest goes on.
    Exit codes: 0 all is in, 1 something was refused, 69 the store failed.
    """
    name = parse_name(BoardName, board, "BOARD")
    try:
        lines = read_lines(file, form or _form_of(file.name))
    except BadRow as exc:
        raise click.BadParameter(str(exc), param_hint="FILE") from exc

    async def work(boards: Leaderboards) -> int:
        importing = Import(boards, name, _Refusals().tell)
        try:
            await _import(importing, lines, file)
        finally:
            _tell(f"imported {importing.imported:,} members, refused {importing.refused:,}")
        return importing.refused

    if with_boards(work):
        sys.exit(EX_INCOMPLETE)


async def _import(importing: Import, lines: Iterable[Line], file: BinaryIO) -> None:
    status = os.fstat(file.fileno())
    size = status.st_size if stat.S_ISREG(status.st_mode) else None
    with progress_bar(size) as move:
        await importing.run(lines, lambda: move(file.tell() if size else 0, importing.imported))


class _Refusals:
    """Tells the first refusals in full, so that a wrong file does not flood the terminal."""

    def __init__(self) -> None:
        self._told = 0

    def tell(self, line: int, reason: str) -> None:
        self._told += 1
        if self._told <= REFUSALS_SHOWN:
            _tell(f"line {line}: {reason}")
        elif self._told == REFUSALS_SHOWN + 1:
            _tell("more lines were refused; they are counted at the end")


@click.command("export")
@click.argument("board")
@click.argument("file", default=_STANDARD)
@_format_option
@window_option
@period_option
def export_board(board: str, file: str, form: str | None, window: str | None, period: str | None) -> None:
    """Write BOARD's standings with metadata to FILE (-, or left out: standard output), best first.

    The form is CSV or NDJSON, by FILE's name; to standard output it is CSV unless --format says otherwise. FILE is
    written beside its place and moved there when it is whole. Members whose score changes meanwhile may be missing or
    be there twice.
    """
    name = parse_name(BoardName, board, "BOARD")
    as_csv = (form or _form_of(file)) == "csv"

    async def work(boards: Leaderboards) -> None:
        total = await boards.count(name, window=window, period=period)
        written = 0
        with _destination(file) as out, progress_bar(total, hidden=file == _STANDARD and sys.stdout.isatty()) as move:
            if as_csv:
                out.write(f"{','.join(COLUMNS)}\n".encode())

            def write(entries: Sequence[Entry]) -> None:
                nonlocal written
                out.write(write_csv(entries) if as_csv else write_ndjson(entries))
                written += len(entries)
                move(written, written)

            await export_entries(boards, name, write, window=window, period=period)
        _tell(f"exported {written:,} members")

    try:
        with_boards(work)
    except OSError as exc:
        if exc.errno == errno.EPIPE:  # who read it has gone, and click ends the command quietly
            raise
        fail(f"{file} cannot be written: {exc.strerror}", EX_INCOMPLETE)


@contextmanager
def _destination(file: str) -> Iterator[BinaryIO]:
    if file == _STANDARD:
        out = sys.stdout.buffer
        yield out
        out.flush()
    else:
        with whole_file(Path(file)) as opened:
            yield opened


def _form_of(file: str) -> str:
    """Tell the form by the file's name."""
    if file in (_STANDARD, "<stdin>"):
        return "csv"
    form = FORMATS.get(Path(file).suffix.lower())
    if form is None:
        raise click.UsageError(f"{file} ends in none of {', '.join(FORMATS)}: say --format csv or --format ndjson")
    return form


def _tell(text: str) -> None:
    click.echo(text, err=True)
