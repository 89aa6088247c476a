"""Export: the standings of a board, page by page, into a file that is either whole or not there."""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from goboard.domain.standings import Entry
from goboard.leaderboards import Leaderboards

PAGE = 1000


async def export_entries(
    boards: Leaderboards,
    board: str,
    write: Callable[[Sequence[Entry]], None],
    *,
    window: str | None = None,
    period: str | None = None,
) -> None:
    """Hand all entries with their metadata to `write`, a page at a time, best first.

    Who does not move meanwhile is written once; who moves may be written twice, or not at all.
    """
    cursor = None
    while True:
        page = await boards.entries(board, PAGE, cursor=cursor, window=window, period=period, metadata=True)
        write(page.entries)
        cursor = page.next
        if cursor is None:
            return


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that comes to `path` when the block ends well; until then `path` is as it was.

    Raises:
        OSError: it cannot be written.
    """
    target = path.resolve()  # a link stays one
    if target.exists() and not target.is_file():  # a device or a pipe is written to, not replaced
        with target.open("wb") as file:
            yield file
        return
    part = target.with_name(f".goboard-{secrets.token_hex(6)}.part")
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
