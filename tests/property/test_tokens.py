"""Laws of tokens: whatever comes, the verifiers give an identity or refuse."""

import base64
import hmac
import json
import math
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from goboard.adapters.auth import JwtVerifier, NoopVerifier, SharedSecrets, StaticVerifier
from goboard.adapters.auth.jwt import mint
from goboard.domain.errors import InvalidToken, MissingToken
from goboard.domain.identity import Identity, Mismatch, Role
from goboard.domain.names import MemberName
from goboard.entrypoints.gate import Gate
from goboard.ports.tokens import TokenVerifier

KEY = "0123456789abcdef0123456789abcdef"
NOW = 1_000_000.0


class StoppedClock:
    """A clock that stands still."""

    def now(self) -> float:
        return NOW


JWT = JwtVerifier(SharedSecrets(KEY), "HS256", StoppedClock())
VERIFIERS: tuple[TokenVerifier, ...] = (JWT, StaticVerifier(KEY), NoopVerifier())

ANY_TEXT = st.text(st.characters() | st.characters(categories=["Cs"]))
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=64)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
SCOPES = st.just("goboard:server") | st.just(["goboard:server"]) | JSON
CLAIMS = st.fixed_dictionaries(
    {}, optional={"user_id": NAMES | JSON, "exp": st.floats() | JSON, "nbf": st.floats() | JSON, "scope": SCOPES}
)
ALGORITHMS = st.sampled_from(["HS256", "HS512", "none", "RS256"]) | JSON
HEADERS = st.fixed_dictionaries(
    {}, optional={"alg": ALGORITHMS, "crit": JSON, "b64": JSON, "kid": JSON, "typ": JSON, "jwk": JSON, "x": JSON}
)


def signed(header: Any, claims: Any) -> str:
    text = ".".join(_encode(json.dumps(part).encode()) for part in (header, claims))
    return f"{text}.{_encode(hmac.digest(KEY.encode(), text.encode(), 'sha256'))}"


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.mark.parametrize("verifier", VERIFIERS, ids=lambda each: type(each).__name__)
@given(
    text=ANY_TEXT | st.lists(st.binary(max_size=30), min_size=3, max_size=3).map(lambda p: ".".join(map(_encode, p)))
)
def test_any_text_gives_an_identity_or_a_refusal(verifier: TokenVerifier, text: str) -> None:
    try:
        assert isinstance(Gate(verifier, Mismatch.OVERRIDE).admit(text), Identity)
    except MissingToken:
        assert not text
    except InvalidToken as refusal:
        assert text
        assert str(refusal) == "authentication token is invalid"  # noqa: PT017 -- either outcome is right


@given(HEADERS | JSON, CLAIMS | JSON)
def test_anything_that_we_signed_gives_an_identity_or_a_refusal(header: Any, claims: Any) -> None:
    try:
        identity = JWT.verify(signed(header, claims))
    except InvalidToken:
        return
    assert header["alg"] == "HS256"
    assert identity.member == claims["user_id"]
    assert identity.expires_at is None or NOW < identity.expires_at < math.inf


@given(CLAIMS)
def test_claims_in_order_are_accepted(claims: dict[str, Any]) -> None:
    claims = {name: value for name, value in claims.items() if name == "scope"} | {"user_id": "ada", "exp": NOW + 1}
    assert JWT.verify(signed({"alg": "HS256"}, claims)).member == "ada"


@given(NAMES, st.sampled_from([Role.MEMBER, Role.SERVER]), st.integers(-3, 3))
def test_what_is_minted_names_its_member_until_it_ends(name: str, role: Role, seconds: int) -> None:
    text = mint(KEY, "HS256", MemberName.parse(name), role, NOW + seconds)
    if seconds > 0:
        assert JWT.verify(text) == Identity(MemberName.parse(name), role, NOW + seconds)
    else:
        with pytest.raises(InvalidToken):
            JWT.verify(text)


@given(NAMES, st.integers(0), st.integers(0, 255))
def test_a_changed_byte_is_seen(name: str, at: int, byte: int) -> None:
    text = mint(KEY, "HS256", MemberName.parse(name), Role.MEMBER, NOW + 60)
    # The last character of a part has bits that stand for nothing.
    at %= len(text)
    assume(text[at] != chr(byte) and text[at] != "." and text[at + 1 : at + 2] not in {"", "."})
    with pytest.raises(InvalidToken):
        JWT.verify(f"{text[:at]}{chr(byte)}{text[at + 1 :]}")
