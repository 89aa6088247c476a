"""The token of `static`, and `noop`."""

import inspect

import pytest

from goboard.adapters.auth import NoopVerifier, StaticVerifier, static
from goboard.domain.errors import InvalidToken
from goboard.domain.identity import Identity, Role
from goboard.domain.names import MemberName

ADMIN = MemberName.parse("admin_user")


@pytest.mark.parametrize("secret", ["T", "with spaces ", "schlüssel-😀", "x" * 8192])
def test_the_static_token_is_the_administrator_s(secret: str) -> None:
    assert StaticVerifier(secret).verify(secret) == Identity(ADMIN, Role.MEMBER, None)
    assert StaticVerifier(secret, Role.SERVER).verify(secret) == Identity(ADMIN, Role.SERVER, None)


@pytest.mark.parametrize("token", ["t", "T ", " T", "TT", "\u0422", "ü", "\udcff", "T\udcff", "T\x00", "x" * 8192])
def test_any_other_token_is_invalid(token: str) -> None:
    with pytest.raises(InvalidToken) as caught:
        StaticVerifier("T").verify(token)
    assert caught.value.reason == "it is not the static token"


@pytest.mark.parametrize("role", [Role.MEMBER, Role.SERVER])
def test_the_token_before_it_is_accepted_as_well(role: Role) -> None:
    verifier = StaticVerifier("new", role, previous="old")
    assert verifier.verify("new") == verifier.verify("old") == Identity(ADMIN, role, None)
    for token in ("ol", "older", "newold", "Old", "\udcff"):
        with pytest.raises(InvalidToken):
            verifier.verify(token)


def test_the_static_token_is_compared_in_constant_time() -> None:
    # Time itself cannot be measured reliably on a shared machine.
    assert inspect.getsource(static.StaticVerifier.verify).count("hmac.compare_digest(") == 2


def test_there_is_no_empty_static_token() -> None:
    with pytest.raises(ValueError, match="empty"):
        StaticVerifier("")


@pytest.mark.parametrize("name", ["ada", "Ada Lovelace", "ü" * 128, "a/b"])
def test_the_token_of_noop_is_the_member(name: str) -> None:
    assert NoopVerifier().verify(name) == Identity(MemberName.parse(name), Role.MEMBER, None)


@pytest.mark.parametrize("token", ["", "a\nb", "\udcff", "x" * 257])
def test_noop_takes_no_token_that_is_no_name(token: str) -> None:
    with pytest.raises(InvalidToken):
        NoopVerifier().verify(token)
