"""Keys that somebody else publishes, and changes."""

import logging
import time
from collections.abc import Callable, Sequence
from threading import Event, Thread
from typing import Any, NamedTuple

from joserfc.jwk import Key

from goboard.adapters.auth.key_set import KeySet
from goboard.domain.errors import InvalidToken, KeysUnavailable

log = logging.getLogger(__name__)


class Pace(NamedTuple):
    """How often the keys are read, in seconds."""

    usual: float = 300.0
    again: float = 30.0
    """After a failure; and the soonest that a token which names an unknown key has them read."""
    first: float = 5.0
    """As long as there are none."""


PACE = Pace()


class PublishedKeys:
    """`Keys` of a JWKS that is read at start and then now and then, by a thread: checking a token waits for nothing.

    Keys that were read once stay when the place is away. A token's `kid` chooses among them, and one that is unknown
    has them read again, at most twice a minute however many such tokens come.
    """

    def __init__(
        self,
        read: Callable[[], bytes],
        algorithm: str,
        pace: Pace = PACE,
    ) -> None:
        self._read = read
        self._algorithm = algorithm
        self._pace = pace
        self._changed: Callable[[], None] | None = None
        self._keys: KeySet | None = None
        self._is_read = False
        """Whether the last reading went well."""
        self._read_at = 0.0
        self._wanted = Event()
        self._closed = False

    def start(self, changed: Callable[[], None]) -> None:
        """Read the keys, and go on reading them from time to time, in a thread that calls `changed` where they have."""
        self._load()
        self._changed = changed
        # A daemon: a name server that does not answer must not hold up a stop.
        Thread(target=self._keep, name="goboard-jwks", daemon=True).start()

    def close(self) -> None:
        """End the reading."""
        self._closed = True
        self._wanted.set()

    def fitting(self, kid: Any) -> Sequence[Key]:
        keys = self._keys
        if keys is None:
            raise KeysUnavailable
        key = keys.find(kid)
        if key is not None:
            return (key,)
        if kid is None:
            raise InvalidToken("it names no key, and JWT_JWKS has several")
        if self._may_be_new():
            raise KeysUnavailable
        raise InvalidToken("its kid is none of JWT_JWKS")

    def check(self) -> None:
        if self._keys is None:
            raise KeysUnavailable

    def _may_be_new(self) -> bool:
        """Tell whether reading the keys again may bring one that is not known, and have that done where it is time."""
        if self._is_read and time.monotonic() >= self._read_at + self._pace.again:
            self._wanted.set()
        return self._wanted.is_set() or not self._is_read

    def _keep(self) -> None:
        while not self._closed:
            self._wanted.wait(self._pause())
            if not self._closed:
                self._load()
                self._wanted.clear()

    def _pause(self) -> float:
        if self._keys is None:
            return self._pace.first
        return self._pace.usual if self._is_read else self._pace.again

    def _load(self) -> None:
        try:
            keys = KeySet.parse(self._read(), self._algorithm)
        except Exception as exc:  # noqa: BLE001 -- whatever it is, the thread goes on, and so do the keys that are known
            self._is_read = False
            so = "tokens are refused until they can" if self._keys is None else "those that were read before stay"
            log.warning("the keys of JWT_JWKS cannot be read: %s; %s", exc, so)
        else:
            known, self._keys = self._keys, keys
            self._is_read = True
            if known is None or not known.is_like(keys):
                log.info("JWT_JWKS has the keys %s", ", ".join(map(repr, keys.by_kid)) or "of no name")
                if self._changed:
                    self._changed()
        self._read_at = time.monotonic()
