"""What a person sees of a simulation: standings that move, on a terminal; elsewhere a line every few seconds."""

import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple, Protocol

import click
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from goboard.domain.standings import Entry

PLACES = 12
LINE_SECONDS = 5.0

_FRAMES_BACK = 8  # how far back a movement is measured: two seconds
_HAPPENINGS = 4  # lines
_OTHER_LINES = _HAPPENINGS + 8
_BAR = 24
_OTHER_COLUMNS = 48


class Scene(NamedTuple):
    """A simulation at one moment."""

    seconds: float
    """Since it began."""
    entries: Sequence[Entry]
    """The first places."""
    happening: str | None
    """What has happened since the last scene."""
    status: str
    """How the updates go."""
    trouble: str | None
    """Why updates or reads do not go."""


class View(Protocol):
    """Shows scenes as they come."""

    def show(self, scene: Scene) -> None:
        """Show the scene."""


@contextmanager
def opened_view(console: Console, title: str, page: str | None) -> Iterator[View]:
    """Open the view that fits the console; at the end a terminal is as it was, below the last frame.

    `title` tells what is simulated, `page` where else it can be watched.
    """
    if not console.is_terminal or console.is_dumb_terminal:
        click.echo(title)
        yield _Lines()
        return
    # What is written to a standard error on the same terminal has its place above the frame.
    with Live(console=console, auto_refresh=False, redirect_stderr=sys.stderr.isatty()) as live:
        yield _Frames(live, title, page)


class _Lines:
    def __init__(self) -> None:
        self._next = 0.0
        self._happening: str | None = None

    def show(self, scene: Scene) -> None:
        self._happening = scene.happening or self._happening
        if scene.seconds < self._next or not (scene.entries or scene.trouble):
            return
        self._next = (scene.seconds // LINE_SECONDS + 1) * LINE_SECONDS
        first = ", ".join(f"{entry.rank} {entry.member} {_number(entry.score)}" for entry in scene.entries[:3])
        parts = [f"{scene.seconds:.0f} s", scene.status, first, self._happening, scene.trouble]
        click.echo(" | ".join(part for part in parts if part))
        self._happening = None


class _Frames:
    def __init__(self, live: Live, title: str, page: str | None) -> None:
        self._live = live
        self._title = title
        self._foot = f"watch it at {page} - Ctrl-C ends it" if page else "Ctrl-C ends it"
        self._ranks: deque[dict[str, int]] = deque(maxlen=_FRAMES_BACK)
        self._happenings: deque[str] = deque([""] * _HAPPENINGS, maxlen=_HAPPENINGS)

    def show(self, scene: Scene) -> None:
        if scene.happening:
            self._happenings.append(scene.happening)
        self._live.update(self._frame(scene), refresh=True)
        self._ranks.append({entry.member: entry.rank for entry in scene.entries})

    def _frame(self, scene: Scene) -> Group:
        console = self._live.console
        places = max(1, min(PLACES, console.height - _OTHER_LINES))
        bar = max(0, min(_BAR, console.width - _OTHER_COLUMNS))
        return Group(
            _line(self._title, "bold"),
            _standings(scene.entries[:places], self._ranks[0] if self._ranks else {}, bar),
            _line(),
            *(_line(happening) for happening in self._happenings),
            _line(),
            _line(scene.status),
            _line(scene.trouble or "", "yellow"),
            _line(self._foot, "dim"),
        )


def _line(text: str = "", style: str = "") -> Text:
    return Text(text, style, no_wrap=True, overflow="ellipsis")


def _standings(entries: Sequence[Entry], then: Mapping[str, int], longest_bar: int) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("rank", justify="right", no_wrap=True)
    table.add_column("", width=3)
    table.add_column("member", width=24, no_wrap=True, overflow="ellipsis")
    table.add_column("score", justify="right", min_width=9, no_wrap=True)
    table.add_column("", no_wrap=True, overflow="crop")
    for entry in entries:
        bar = "█" * round(longest_bar * _nearness(entry.score, entries[0].score))
        table.add_row(
            str(entry.rank), _movement(entry, then), Text(entry.member), _number(entry.score), Text(bar, "cyan")
        )
    return table


def _nearness(score: float, first: float) -> float:
    """Tell how near a score is to the first one, on a scale from 0 to 1, in either order."""
    less, more = sorted((abs(score), abs(first)))
    return less / more if more else 1.0


def _movement(entry: Entry, then: Mapping[str, int]) -> Text:
    """Tell how many places the member rose or fell since it stood where `then` says; nothing: it stayed."""
    if not then:
        return Text()
    if entry.member not in then:
        return Text("new", "green")
    rose = then[entry.member] - entry.rank
    if not rose:
        return Text()
    return Text(f"▲{rose}", "green") if rose > 0 else Text(f"▼{-rose}", "red")


def _number(score: float) -> str:
    return f"{score:,.17g}"
