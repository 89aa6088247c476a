"""The Lua scripts that the store runs in Redis."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Script(NamedTuple):
    """A script's name, its text, and the digest by which Redis knows it once it has run."""

    name: str
    source: bytes
    digest: bytes


def _load(*names: str) -> Script:
    """Put files together to one script, as Redis's scripts have no other way to share what they do.

    It has the name of the last one.
    """
    source = b"\n".join(files(__name__).joinpath(name).read_bytes() for name in names)
    return _script(names[-1].removesuffix(".lua"), source)


def _script(name: str, source: bytes) -> Script:
    # SHA-1 is the name that EVALSHA asks for, not a protection.
    return Script(name, source, hashlib.sha1(source, usedforsecurity=False).hexdigest().encode())


@cache
def guarded(script: Script) -> Script:
    """Give the script as a Cluster is to run it: guard.lua says why."""
    return _script(script.name, files(__name__).joinpath("guard.lua").read_bytes() + b"\n" + script.source)


WRITE = _load("version.lua", "write.lua")
READ = _load("read.lua")
SUBMIT = _load(
    "standings.lua",
    "traces.lua",
    "version.lua",
    "submit_places.lua",
    "submit_scores.lua",
    "submit_removal.lua",
    "operations.lua",
    "submit.lua",
)
QUERY = _load("standings.lua", "query.lua")
RULES = _load("standings.lua", "traces.lua", "version.lua", "rules.lua")
PRUNE = _load("prune.lua")
