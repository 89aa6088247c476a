"""JSON Web Tokens signed by HMAC (RFC 7515, 7519), checked as RFC 8725 advises: the algorithm is ours to choose."""

from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from joserfc.jws import JWSRegistry

from goboard.domain.errors import InvalidArgument, InvalidToken
from goboard.domain.identity import Identity, Role
from goboard.domain.names import MemberName
from goboard.domain.scores import parse_number
from goboard.ports.clock import Clock

SERVER_SCOPE = "goboard:server"


class JwtVerifier:
    """A `TokenVerifier` for tokens that name the member in the claim `user_id`.

    A token whose claim `scope` contains `goboard:server` has the role server. `exp` and `nbf` (seconds since the
    epoch) hold where present.
    """

    def __init__(self, secret: str, algorithm: str, clock: Clock) -> None:
        self._key = OctKey.import_key(secret)
        # Other issuers put parameters of their own into the header, which are to be ignored: RFC 7515, section 4.
        self._registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
        self._clock = clock

    def verify(self, token: str) -> Identity:
        claims = self._signed_claims(token)
        expires_at = self._time(claims, "exp")
        not_before = self._time(claims, "nbf")
        now = self._clock.now()
        if expires_at is not None and now >= expires_at:
            raise InvalidToken("it is expired")
        if not_before is not None and now < not_before:
            raise InvalidToken("it is not valid yet")
        return Identity(_member(claims), _role(claims), expires_at)

    def _signed_claims(self, token: str) -> dict[str, Any]:
        try:
            return jwt.decode(token, self._key, registry=self._registry).claims
        except (JoseError, ValueError, TypeError, AttributeError, RecursionError) as exc:
            # The header is read before the signature is checked, so it may hold anything.
            raise InvalidToken(f"it is no JWT that we signed: {type(exc).__name__}") from exc

    @staticmethod
    def _time(claims: dict[str, Any], name: str) -> float | None:
        if name not in claims:
            return None
        try:
            return parse_number(claims[name], name)
        except InvalidArgument as exc:
            raise InvalidToken(f"its claim {name} is no finite number") from exc


def _member(claims: dict[str, Any]) -> MemberName:
    user_id = claims.get("user_id")
    if not isinstance(user_id, str):
        raise InvalidToken("its claim user_id is no text")
    try:
        return MemberName.parse(user_id)
    except InvalidArgument as exc:
        raise InvalidToken("its claim user_id is no valid member name") from exc


def _role(claims: dict[str, Any]) -> Role:
    scope = claims.get("scope")  # space-separated, RFC 8693 section 4.2; some issuers send a list
    scopes = scope.split(" ") if isinstance(scope, str) else scope if isinstance(scope, list) else []
    return Role.SERVER if SERVER_SCOPE in scopes else Role.MEMBER


def mint(secret: str, algorithm: str, member: MemberName, role: Role, expires_at: float) -> str:
    """Make a token for `member` that ends at `expires_at`, in seconds since the epoch."""
    claims: dict[str, Any] = {"user_id": str(member), "exp": int(expires_at)}
    if role is Role.SERVER:
        claims["scope"] = SERVER_SCOPE
    return jwt.encode({"alg": algorithm}, claims, OctKey.import_key(secret), algorithms=[algorithm])
