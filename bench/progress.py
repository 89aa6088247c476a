"""Tells on stderr how far a run is: one line, overwritten on a terminal."""

import sys
import time


class Progress:
    """The line."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._total = 0.0
        self._on_terminal = sys.stderr.isatty()

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._begun

    def expect(self, total: float) -> None:
        """Know how many seconds the whole will take, as far as one can tell."""
        self._total = total

    def say(self, what: str) -> None:
        """Show what is going on now."""
        expected = f" of ~{_clock(self._total)}" if self._total else ""
        line = f"[{_clock(self.elapsed)}{expected}] {what}"
        sys.stderr.write(f"\r\x1b[K{line[:110]}" if self._on_terminal else f"{line}\n")
        sys.stderr.flush()

    def warn(self, what: str) -> None:
        """Say what shall stay to be read."""
        sys.stderr.write(("\r\x1b[K" if self._on_terminal else "") + what + "\n")

    def end(self) -> None:
        """Leave the line."""
        self.warn(f"[{_clock(self.elapsed)}] done")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
