"""A set of public keys (JWKS, RFC 7517), as identity providers publish them."""

import json
import logging
from collections.abc import Mapping
from typing import Any, NamedTuple, Self

from joserfc.jwk import JWKRegistry, Key, RSAKey
from joserfc.jws import JWSRegistry

MIN_RSA_BITS = 2048  # RFC 7518, section 3.3

log = logging.getLogger(__name__)


class KeySetError(Exception):
    """What was read is no set of keys that can be used; the message says why."""


class KeySet(NamedTuple):
    """The keys of a set with which one algorithm's signatures can be checked."""

    by_kid: Mapping[str, Key]
    only: Key | None
    """The key, where there is but one: a token need not name it."""

    @classmethod
    def parse(cls, document: bytes, algorithm: str) -> Self:
        """Read a set as JSON; a key that is for something else, or not understood, is left out (section 5).

        Raises:
            KeySetError: it is none, or has no key for `algorithm`.
        """
        keys = [key for each in _listed(document) if (key := _usable(each, algorithm))]
        if not keys:
            raise KeySetError(f"it has no public key for {algorithm}")
        by_kid: dict[str, Key] = {}
        for key in keys:
            if key.kid is not None:
                by_kid.setdefault(key.kid, key)
        return cls(by_kid, keys[0] if len(keys) == 1 else None)

    def find(self, kid: Any) -> Key | None:
        """Give the key that `kid` names (None: the only one)."""
        if kid is None:
            return self.only
        return self.by_kid.get(kid) if isinstance(kid, str) else None

    def is_like(self, other: "KeySet") -> bool:
        """Tell whether both hold the same keys under the same names."""
        return self.by_kid == other.by_kid and self.only == other.only


def _listed(document: bytes) -> list[Any]:
    try:
        found = json.loads(document)
    except (ValueError, RecursionError) as exc:
        raise KeySetError("it is no JSON") from exc
    keys = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(keys, list):
        raise KeySetError("it is no JSON object with an array `keys`")
    return keys


def _usable(said: Any, algorithm: str) -> Key | None:
    try:
        return _public_key(said, algorithm)
    except Exception as exc:  # noqa: BLE001 -- joserfc and cryptography raise much; the other keys are still good
        kid = said.get("kid") if isinstance(said, dict) else None
        log.info("the key %.80r of JWT_JWKS is not used: %s", kid, exc)
        return None


def _public_key(said: dict[str, Any], algorithm: str) -> Key:
    if said.get("use", "sig") != "sig" or "verify" not in said.get("key_ops", ["verify"]):
        raise ValueError("it is not for checking signatures")
    if said.get("alg", algorithm) != algorithm:
        raise ValueError("it is for another algorithm")
    key = JWKRegistry.import_key(said)
    JWSRegistry.algorithms[algorithm].check_key(key)  # its type, and its curve
    if key.is_private:
        raise ValueError("it is a private key; only public ones belong there")
    if isinstance(key, RSAKey) and key.public_key.key_size < MIN_RSA_BITS:
        raise ValueError(f"it has under {MIN_RSA_BITS} bits")
    return key
