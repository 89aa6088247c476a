"""The keys with which a token may be signed."""

from collections.abc import Sequence
from typing import Any, Protocol

from joserfc.jwk import Key, OctKey


class Keys(Protocol):
    """Knows which keys are trusted; whatever else a token's header says of keys is not looked at."""

    def fitting(self, kid: Any) -> Sequence[Key]:
        """Give the keys that a token whose header names `kid` (None: no key) may be signed with.

        Raises:
            InvalidToken: there is none.
            KeysUnavailable: that cannot be told yet.
        """
        ...

    def check(self) -> None:
        """Raise KeysUnavailable where there is no key at all yet."""
        ...


class SharedSecrets:
    """Secrets for HMAC: the current one and, while clients change over, the one before. A `kid` means nothing here."""

    def __init__(self, *secrets: str) -> None:
        self._keys = [OctKey.import_key(secret) for secret in secrets]

    def fitting(self, _: Any) -> Sequence[Key]:
        return self._keys

    def check(self) -> None:
        """Pass: they are known from the start."""
