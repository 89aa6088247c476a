"""JSON Web Tokens (RFC 7515, 7519), checked as RFC 8725 advises: the algorithm and the keys are ours to choose."""

import json
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from joserfc.jws import CompactSignature, JWSRegistry, extract_compact, validate_compact

from goboard.adapters.auth.claims import GO_BOARD_RULES, SERVER_SCOPE, ClaimRules
from goboard.adapters.auth.keys import Keys
from goboard.domain.errors import InvalidToken
from goboard.domain.identity import Identity, Role
from goboard.domain.names import MemberName
from goboard.ports.clock import Clock

_MALFORMED = (JoseError, ValueError, TypeError, AttributeError, RecursionError)
"""The header is read before the signature is checked, so it may hold anything."""


class JwtVerifier:
    """A `TokenVerifier` for tokens that are signed with one of `keys` by the one `algorithm`."""

    def __init__(self, keys: Keys, algorithm: str, clock: Clock, rules: ClaimRules = GO_BOARD_RULES) -> None:
        self._keys = keys
        self._algorithm = algorithm
        # Other issuers put parameters of their own into the header, which are to be ignored: RFC 7515, section 4.
        self._registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
        self._clock = clock
        self._rules = rules

    def verify(self, token: str) -> Identity:
        try:
            claims = self._signed_claims(token)
        except _MALFORMED as exc:
            raise InvalidToken(f"it is no JWT that we signed: {type(exc).__name__}") from exc
        return self._rules.identity(claims, self._clock.now())

    def check(self) -> None:
        self._keys.check()

    def _signed_claims(self, token: str) -> dict[str, Any]:
        signed = extract_compact(token.encode(), registry=self._registry)
        header = signed.protected
        if header.get("alg") != self._algorithm:
            raise InvalidToken("its algorithm is another than JWT_ALGORITHM")
        if "crit" in header or "b64" in header:
            raise InvalidToken("its header asks for an extension")
        if not self._is_signed(signed, header.get("kid")):
            raise InvalidToken("its signature is wrong")
        claims = json.loads(signed.payload or b"", object_pairs_hook=_without_repeats)
        if not isinstance(claims, dict):
            raise InvalidToken("its claims are no JSON object")
        return claims

    def _is_signed(self, signed: CompactSignature, kid: Any) -> bool:
        return any(validate_compact(signed, key, registry=self._registry) for key in self._keys.fitting(kid))


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that is there twice: which one counts would depend on who reads (RFC 8725, section 2.4)."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a claim is there twice")
    return found


def mint(  # noqa: PLR0913 -- what a token says, and how it is signed
    secret: str,
    algorithm: str,
    member: MemberName,
    role: Role,
    expires_at: float,
    *,
    rules: ClaimRules = GO_BOARD_RULES,
) -> str:
    """Make a token for `member` that ends at `expires_at`, in seconds since the epoch, and that `rules` take."""
    claims: dict[str, Any] = {**rules.required(), rules.member_claim: str(member), "exp": int(expires_at)}
    if role is Role.SERVER:
        claims["scope"] = SERVER_SCOPE
    return jwt.encode({"alg": algorithm}, claims, OctKey.import_key(secret), algorithms=[algorithm])
