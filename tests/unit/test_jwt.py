"""JSON Web Tokens signed by HMAC: their headers, signatures and claims."""

import contextlib
from typing import Any

import pytest
from made_tokens import CLAIMS, HS256, KEY, NOW, StoppedClock, claiming, encoded, part, token

from goboard.adapters.auth import JwtVerifier, SharedSecrets
from goboard.adapters.auth.jwt import mint
from goboard.domain.errors import InvalidToken
from goboard.domain.identity import Identity, Role
from goboard.domain.names import MemberName

ADA = MemberName.parse("ada")


def verify(text: str, algorithm: str = "HS256") -> Identity:
    return JwtVerifier(SharedSecrets(KEY), algorithm, StoppedClock()).verify(text)


def test_a_signed_token_names_the_member_in_user_id() -> None:
    assert verify(token()) == Identity(ADA, Role.MEMBER, None)
    assert verify(claiming(exp=NOW + 1)) == Identity(ADA, Role.MEMBER, NOW + 1)


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
@pytest.mark.parametrize("used", ["HS256", "HS384", "HS512"])
def test_the_algorithm_is_the_one_that_is_set(algorithm: str, used: str) -> None:
    text = token({"alg": used}, digest=f"sha{used[2:]}")
    if used == algorithm:
        assert verify(text, algorithm).member == "ada"
    else:
        with pytest.raises(InvalidToken):
            verify(text, algorithm)


HEADERS: dict[str, Any] = {
    "none": {"alg": "none"},
    "None": {"alg": "None"},
    "other case": {"alg": "hs256"},
    "RS256": {"alg": "RS256"},
    "absent": {"typ": "JWT"},
    "list": {"alg": ["HS256"]},
    "number": {"alg": 256},
    "null": {"alg": None},
    "object": {"alg": {"HS256": 1}},
    "header is a list": ["alg"],
    "header is a text": "alg",
    "header is a number": 1,
    "header is null": None,
    "header is no JSON": b"alg",
    "header is no UTF-8": b'{"alg":"HS256","typ":"\xff"}',
    "empty": b"",
    "crit unknown": {**HS256, "crit": ["x"], "x": 1},
    "crit missing": {**HS256, "crit": ["exp"]},
    "crit number": {**HS256, "crit": 1},
    "crit of objects": {**HS256, "crit": [{}]},
    "b64 false": {**HS256, "b64": False, "crit": ["b64"]},
    "b64 false, not critical": {**HS256, "b64": False},
    "nested": b'{"alg":"HS256","x":' + b"[" * 3000 + b"]" * 3000 + b"}",
    "huge": {**HS256, "kid": "x" * 4000},
    "kid number": {**HS256, "kid": 1},
}


@pytest.mark.parametrize("case", HEADERS)
def test_a_header_out_of_order_is_refused(case: str) -> None:
    with pytest.raises(InvalidToken):
        verify(token(HEADERS[case]))


@pytest.mark.parametrize(
    "extra",
    [
        {"kid": "../../etc/passwd"},
        {"jku": "http://127.0.0.1:1/keys"},
        {"x5u": "http://127.0.0.1:1/keys"},
        {"jwk": {"kty": "oct", "k": encoded(b"another-key-another-key-another-key")}},
        {"typ": "at+jwt"},
        {"of-another-issuer": {"a": [1]}},
    ],
    ids=str,
)
def test_a_header_names_no_key_and_what_is_not_known_is_ignored(extra: dict[str, Any]) -> None:
    assert verify(token({**HS256, **extra})).member == "ada"
    with pytest.raises(InvalidToken):
        verify(token({**HS256, **extra}, key="another-key-another-key-another-key"))


def test_a_token_without_a_valid_signature_is_refused() -> None:
    good = token()
    signed, _, signature = good.rpartition(".")
    unsigned = f"{part({'alg': 'none'})}.{part(CLAIMS)}."
    other_claims = f"{part(HS256)}.{part({'user_id': 'bob'})}.{signature}"
    for bad in (
        unsigned,
        other_claims,
        f"{signed}.",
        signed,
        f"{good}.x",
        f"{good}=",
        f" {good}",
        f"{good}\n",
        "..",
        "x",
    ):
        with pytest.raises(InvalidToken):
            verify(bad)
    with pytest.raises(InvalidToken):
        verify(token(key="another-key-another-key-another-key"))


@pytest.mark.parametrize("text", ["ü.ü.ü", "\udcff.a.b", "\x00", "a.b.c", "é"])
def test_text_that_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(InvalidToken):
        verify(text)


def test_a_token_ends_at_the_second_of_exp_and_holds_from_the_second_of_nbf() -> None:
    for exp in (NOW + 0.001, NOW + 1, 1e300):
        assert verify(claiming(exp=exp)).expires_at == exp
    for nbf in (NOW, NOW - 1, -1, 0, -0.0, -1e300):
        assert verify(claiming(nbf=nbf)).member == "ada"
    for claims in ({"exp": NOW}, {"exp": NOW - 0.001}, {"exp": 0}, {"exp": -1}, {"nbf": NOW + 0.001}, {"nbf": 1e300}):
        with pytest.raises(InvalidToken):
            verify(claiming(**claims))


@pytest.mark.parametrize("name", ["exp", "nbf"])
@pytest.mark.parametrize(
    "value",
    ['"2000000"', "true", "false", "null", "[]", "{}", "NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 400],
)
def test_a_time_that_is_no_finite_number_is_refused(name: str, value: str) -> None:
    with pytest.raises(InvalidToken):
        verify(token(claims=f'{{"user_id":"ada","{name}":{value}}}'.encode()))


CLAIMS_OUT_OF_ORDER: dict[str, Any] = {
    "no user_id": {},
    "empty": {"user_id": ""},
    "number": {"user_id": 7},
    "null": {"user_id": None},
    "true": {"user_id": True},
    "list": {"user_id": ["ada"]},
    "too long": {"user_id": "x" * 257},
    "control": {"user_id": "a\nb"},
    "NUL": {"user_id": "a\x00"},
    "surrogate": {"user_id": "\ud800"},
    "sub alone": {"sub": "ada"},
    "a list": [CLAIMS],
    "a text": "user_id",
    "a number": 1,
    "null itself": None,
    "no JSON": b"user_id",
    "nothing": b"",
    "no UTF-8": b'{"user_id":"\xff"}',
    "number of 5000 digits": b'{"user_id":"ada","x":' + b"1" * 5000 + b"}",
}


def test_claims_nested_too_deeply_to_be_read_are_refused_and_nothing_else() -> None:
    # Python 3.11 gives up within what fits into a token; 3.13 reads these, and the claims that count are in order.
    nested = token(claims=b'{"user_id":"ada","x":' + b"[" * 3000 + b"]" * 3000 + b"}")
    with contextlib.suppress(InvalidToken):
        assert verify(nested).member == ADA


@pytest.mark.parametrize("case", CLAIMS_OUT_OF_ORDER)
def test_claims_out_of_order_are_refused(case: str) -> None:
    with pytest.raises(InvalidToken) as caught:
        verify(token(claims=CLAIMS_OUT_OF_ORDER[case]))
    assert str(caught.value) == "authentication token is invalid"


@pytest.mark.parametrize("name", ["x" * 256, "ü" * 128, "Ada Lovelace", "a/b", "{a}"])
def test_a_user_id_is_any_valid_member_name(name: str) -> None:
    assert verify(claiming(user_id=name)).member == name


@pytest.mark.parametrize(
    ("scope", "role"),
    [
        ("goboard:server", Role.SERVER),
        ("openid goboard:server profile", Role.SERVER),
        (["openid", "goboard:server"], Role.SERVER),
        ([{}, None, "goboard:server"], Role.SERVER),
        ("", Role.MEMBER),
        ("goboard:server2", Role.MEMBER),
        ("xgoboard:server", Role.MEMBER),
        ("GOBOARD:SERVER", Role.MEMBER),
        ("goboard:server,openid", Role.MEMBER),
        (["goboard:server openid"], Role.MEMBER),
        ([["goboard:server"]], Role.MEMBER),
        ({"goboard:server": True}, Role.MEMBER),
        (True, Role.MEMBER),
        (1, Role.MEMBER),
        (None, Role.MEMBER),
    ],
)
def test_the_scope_gives_the_role(scope: Any, role: Role) -> None:
    assert verify(claiming(scope=scope)).role is role


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
@pytest.mark.parametrize("role", [Role.MEMBER, Role.SERVER])
def test_what_is_minted_is_verified(algorithm: str, role: Role) -> None:
    text = mint(KEY, algorithm, ADA, role, NOW + 60.9)
    assert verify(text, algorithm) == Identity(ADA, role, NOW + 60)
    with pytest.raises(InvalidToken):
        verify(mint(KEY, algorithm, ADA, role, NOW), algorithm)


def test_the_reason_of_a_refusal_holds_nothing_of_the_token() -> None:
    for text in (claiming(exp="pass-word"), claiming(user_id="pass-word\n"), token({"alg": "pass-word"}), "pass-word"):
        with pytest.raises(InvalidToken) as caught:
            verify(text)
        assert "pass-word" not in caught.value.reason
