"""How an update with a key is known again."""

from hashlib import blake2b

from goboard.domain.idempotency import IdempotencyKey

KEY_BYTES = 16
"""Of a digest: that two keys of a board share one has, among a million, a probability of 10^-27."""
UPDATE_BYTES = 8
"""Of a digest of what is applied; it only tells a repeat from a mistake."""


def named(key: IdempotencyKey, member: str, done: str, metadata: str) -> bytes:
    """Name a change for operations.lua: a digest of its key, and one of what is applied."""
    whose = f"{key.by}\0{key.text}".encode()
    applied = f"{done}\0{member}\0{metadata}".encode()
    return blake2b(whose, digest_size=KEY_BYTES).digest() + blake2b(applied, digest_size=UPDATE_BYTES).digest()
