"""How far an import or export has come, as a bar on a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn


@contextmanager
def progress_bar(total: int | None, *, hidden: bool = False) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on standard error where that is a terminal; give what moves it.

    That takes how much of `total` (None: unknown) is done, and how many members that is.
    """
    console = Console(stderr=True)
    columns = (
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[members]:,} members"),
        TimeRemainingColumn(),
    )
    bar = Progress(
        *columns, console=console, disable=hidden or not console.is_terminal, transient=True, redirect_stdout=False
    )
    with bar:
        task = bar.add_task("", total=total, members=0)

        def move(done: int, members: int) -> None:
            bar.update(task, completed=done, members=members)

        yield move
