"""What a JWT must say beside its member's name: who made it, for whom, and when it holds."""

from typing import Any

import pytest
from made_tokens import KEY, NOW, StoppedClock, claiming, token

from goboard.adapters.auth import ClaimRules, JwtVerifier, SharedSecrets
from goboard.adapters.auth.jwt import mint
from goboard.domain.errors import InvalidToken
from goboard.domain.identity import Identity, Role
from goboard.domain.names import MemberName

ISSUER = "https://login.example.org/"
OLD_KEY = "fedcba9876543210fedcba9876543210"


def verify(text: str, rules: ClaimRules, *secrets: str) -> Identity:
    return JwtVerifier(SharedSecrets(*(secrets or (KEY,))), "HS256", StoppedClock(), rules).verify(text)


def refusal(text: str, rules: ClaimRules) -> str:
    """The reason for which a token is refused."""
    with pytest.raises(InvalidToken) as caught:
        verify(text, rules)
    return caught.value.reason


def test_the_issuer_counts_where_it_is_set() -> None:
    assert verify(claiming(iss=ISSUER), ClaimRules(issuer=ISSUER)).member == "ada"
    assert verify(claiming(iss="https://elsewhere.example"), ClaimRules()).member == "ada"


@pytest.mark.parametrize(
    "iss",
    [
        "https://login.example.org",
        "https://login.example.org//",
        "https://LOGIN.example.org/",
        "http://login.example.org/",
        "https://login.example.org/ ",
        "https://login.example.org.evil.example/",
        "https://evil.example/?https://login.example.org/",
        "",
        None,
        [ISSUER],
        {ISSUER: 1},
        True,
    ],
    ids=str,
)
def test_another_issuer_is_refused(iss: Any) -> None:
    assert refusal(claiming(iss=iss), ClaimRules(issuer=ISSUER)) == "its claim iss is not JWT_ISSUER"


def test_a_token_without_an_issuer_is_refused_where_one_is_set() -> None:
    assert refusal(claiming(), ClaimRules(issuer=ISSUER)) == "its claim iss is not JWT_ISSUER"


@pytest.mark.parametrize("aud", ["boards", ["boards"], ["shop", "boards"], [1, None, "boards"], "games"], ids=str)
def test_one_of_the_audiences_is_enough(aud: Any) -> None:
    assert verify(claiming(aud=aud), ClaimRules(audiences=("boards", "games"))).member == "ada"
    assert verify(claiming(aud="shop"), ClaimRules()).member == "ada"


@pytest.mark.parametrize(
    "aud",
    ["shop", "board", "boardsx", "Boards", "boards games", "", [], [[]], [["boards"]], {"boards": 1}, None, 1],
    ids=str,
)
def test_a_token_for_others_is_refused(aud: Any) -> None:
    rules = ClaimRules(audiences=("boards", "games"))
    assert refusal(claiming(aud=aud), rules) == "its claim aud has nothing of JWT_AUDIENCE"
    assert refusal(claiming(), rules) == "its claim aud has nothing of JWT_AUDIENCE"


def test_the_leeway_moves_both_ends() -> None:
    rules = ClaimRules(leeway=30)
    assert verify(claiming(exp=NOW - 29.9), rules).expires_at == NOW + 0.1
    assert verify(claiming(nbf=NOW + 30), rules).member == "ada"
    assert refusal(claiming(exp=NOW - 30), rules) == "it is expired"
    assert refusal(claiming(nbf=NOW + 30.1), rules) == "it is not valid yet"


@pytest.mark.parametrize("iat", [NOW + 3600, -1, "yesterday", None, []], ids=str)
def test_when_a_token_was_made_is_not_looked_at(iat: Any) -> None:
    # A clock that is a second ahead would make every new token invalid; `nbf` is for issuers that want that.
    assert verify(claiming(iat=iat), ClaimRules()).member == "ada"


def test_a_token_without_an_end_is_refused_where_one_is_needed() -> None:
    rules = ClaimRules(needs_end=True)
    assert refusal(claiming(), rules) == "it has no claim exp"
    assert verify(claiming(exp=NOW + 1), rules).expires_at == NOW + 1
    assert verify(claiming(), ClaimRules()).expires_at is None


def test_an_end_in_milliseconds_is_far_away_as_it_says() -> None:
    assert verify(claiming(exp=NOW * 1000), ClaimRules()).expires_at == NOW * 1000


def test_another_claim_may_name_the_member_and_then_it_alone_does() -> None:
    rules = ClaimRules(member_claim="sub")
    assert verify(claiming(sub="bob"), rules).member == "bob"
    assert refusal(claiming(), rules) == "its claim sub is no text"
    assert refusal(claiming(sub=7), rules) == "its claim sub is no text"
    assert refusal(claiming(sub="a\x00"), rules) == "its claim sub is no valid member name"
    assert verify(claiming(sub="bob"), ClaimRules()).member == "ada"


@pytest.mark.parametrize(
    "claims",
    [
        b'{"user_id":"ada","user_id":"bob"}',
        b'{"user_id":"ada","user_id":"ada"}',
        b'{"user_id":"ada","\\u0075ser_id":"bob"}',
        b'{"user_id":"ada","exp":2000000,"exp":9000000}',
        b'{"user_id":"ada","scope":"x","scope":"goboard:server"}',
        b'{"user_id":"ada","x":{"y":1,"y":2}}',
    ],
)
def test_claims_that_are_there_twice_are_refused(claims: bytes) -> None:
    assert refusal(token(claims=claims), ClaimRules()) == "it is no JWT that we signed: ValueError"


def test_the_key_before_is_accepted_and_no_other() -> None:
    old, new = token(key=OLD_KEY), token(key=KEY)
    assert verify(old, ClaimRules(), KEY, OLD_KEY).member == verify(new, ClaimRules(), KEY, OLD_KEY).member == "ada"
    with pytest.raises(InvalidToken):
        verify(old, ClaimRules(), KEY)
    with pytest.raises(InvalidToken):
        verify(token(key=f"{KEY}{OLD_KEY}"), ClaimRules(), KEY, OLD_KEY)


def test_what_is_minted_says_what_is_asked_of_tokens() -> None:
    rules = ClaimRules(ISSUER, ("boards", "games"), member_claim="sub", needs_end=True)
    text = mint(KEY, "HS256", MemberName.parse("ada"), Role.SERVER, NOW + 60, rules=rules)
    assert verify(text, rules) == Identity(MemberName.parse("ada"), Role.SERVER, NOW + 60)
