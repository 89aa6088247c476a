"""What a message about watched standings tells: the states that it leads from and to, and how new it is."""

import json
from typing import NamedTuple

from bench.load.connection import BrokenError

CLOCK = "clock"
"""Members whose names begin so have as score the time, in µs, at which they were updated last."""

_DISTINCT = 64

State = tuple[str, int]
"""Epoch and version."""


class Told(NamedTuple):
    """A message, as far as it matters here."""

    since: State | None
    """None: it is a snapshot."""
    state: State
    newest: float | None
    """When the newest update that it shows was sent, in seconds; None: it shows no clock."""


def read_message(payload: bytes) -> Told:
    """Take a message apart.

    Raises:
        BrokenError: it is another.
    """
    said = json.loads(payload)
    if said.get("type") == "snapshot":
        return Told(None, (said["epoch"], said["version"]), _newest(said["members"]))
    if said.get("type") == "change":
        epoch, entries = said["epoch"], said["entered"] + said["moved"]
        return Told((epoch, said["from"]), (epoch, said["to"]), _newest(entries))
    raise BrokenError(f"neither a snapshot nor a change: {payload[:300]!r}")


def _newest(entries: list[dict[str, float]]) -> float | None:
    return max((entry["score"] / 1e6 for entry in entries if str(entry["id"]).startswith(CLOCK)), default=None)


class Reader:
    """Reads messages; one that comes again, as all come that share a view, is not taken apart again."""

    def __init__(self) -> None:
        self._known: dict[bytes, Told] = {}

    def read(self, payload: bytes) -> Told:
        """Read one.

        Raises:
            BrokenError: it is neither a snapshot nor a change.
        """
        told = self._known.get(payload)
        if told is None:
            if len(self._known) >= _DISTINCT:
                self._known.clear()
            told = self._known[payload] = read_message(payload)
        return told
