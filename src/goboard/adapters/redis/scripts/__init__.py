"""The Lua scripts that the store runs in Redis."""

import hashlib
from importlib.resources import files
from typing import NamedTuple


class Script(NamedTuple):
    """A script's text, and the digest by which Redis knows it once it has run."""

    source: bytes
    digest: bytes


def _load(name: str) -> Script:
    source = files(__name__).joinpath(name).read_bytes()
    # SHA-1 is the name that EVALSHA asks for, not a protection.
    return Script(source, hashlib.sha1(source, usedforsecurity=False).hexdigest().encode())


WRITE = _load("write.lua")
READ = _load("read.lua")
