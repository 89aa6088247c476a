"""Token verifiers: one shared token, JSON Web Tokens, or none at all for local work."""

from goboard.adapters.auth.claims import ClaimRules
from goboard.adapters.auth.fetch import is_url, reader
from goboard.adapters.auth.jwt import JwtVerifier
from goboard.adapters.auth.key_set import KeySet, KeySetError
from goboard.adapters.auth.keys import SharedSecrets
from goboard.adapters.auth.noop import NoopVerifier
from goboard.adapters.auth.published import PublishedKeys
from goboard.adapters.auth.remembering import RememberingVerifier
from goboard.adapters.auth.static import StaticVerifier

__all__ = [
    "ClaimRules",
    "JwtVerifier",
    "KeySet",
    "KeySetError",
    "NoopVerifier",
    "PublishedKeys",
    "RememberingVerifier",
    "SharedSecrets",
    "StaticVerifier",
    "is_url",
    "reader",
]
