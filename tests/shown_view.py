"""A view as a client of the live messages keeps it: it knows what it is sent, and what does not fit is an error."""

from typing import Any

SNAPSHOT = {"type", "dashboard", "view", "window", "period", "epoch", "version", "members"}
CHANGE = {"type", "dashboard", "view", "epoch", "from", "to", "entered", "left", "moved"}
PASSED = {"overtaken", "overtook"}
ENDED = {"type", "dashboard", "view", "problem"}
NEWS = {"snapshot", "change", "ended"}
"""What comes of itself."""

Record = dict[str, Any]


class ShownView:
    """What one view shows."""

    def __init__(self) -> None:
        self.members: dict[str, Record] = {}
        self.epoch = ""
        self.version = -1
        self.heard: list[str] = []
        """The type of each message, in order."""
        self.last: Any = None
        """The last message."""

    def hear(self, message: Any) -> None:
        """Take in a message."""
        kind = message["type"]
        assert not self.heard or message["view"] == self.last["view"]
        {"snapshot": self._snapshot, "change": self._change, "ended": self._ended}[kind](message)
        self.heard.append(kind)
        self.last = message

    @property
    def ranks(self) -> dict[str, int]:
        return {member: record["rank"] for member, record in self.members.items()}

    @property
    def places(self) -> list[tuple[str, int, float]]:
        """Member, rank and score, best first; those of one rank by name."""
        found = [(member, record["rank"], record["score"]) for member, record in self.members.items()]
        return sorted(found, key=lambda place: (place[1], place[0]))

    def _snapshot(self, message: Any) -> None:
        assert set(message) - {"id"} == SNAPSHOT
        self.members = {record["id"]: record for record in message["members"]}
        self.epoch, self.version = message["epoch"], message["version"]

    def _change(self, message: Any) -> None:
        view = message["view"]
        own = "around" in view or len(view.get("members", ())) == 1
        assert set(message) == (CHANGE | PASSED if own else CHANGE)
        assert (message["epoch"], message["from"]) == (self.epoch, self.version), "it does not fit"
        self.version = message["to"]
        for member in message["left"]:
            del self.members[member]
        for record in message["entered"]:
            assert record["id"] not in self.members
            self.members[record["id"]] = record
        for record in message["moved"]:
            self._move(dict(record))

    def _move(self, record: Record) -> None:
        had = self.members[record["id"]]
        assert record.pop("previous_rank") == had["rank"]
        self.members[record["id"]] = {**had, **record}

    def _ended(self, message: Any) -> None:
        assert set(message) == ENDED
        assert self.heard[-1:] != ["ended"]
