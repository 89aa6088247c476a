"""The gate: who is admitted, for whom a request acts, and what is logged of it."""

import logging

import pytest

from goboard.adapters.auth import NoopVerifier, StaticVerifier
from goboard.domain.errors import InvalidToken, MemberForbidden, MissingToken, RateLimited
from goboard.domain.identity import Identity, Mismatch, Role, acting_member
from goboard.domain.names import MemberName
from goboard.domain.rates import RateLimit
from goboard.entrypoints.gate import MAX_TOKEN_BYTES, Gate, bearer_token

ADA, BOB, CYD = (MemberName.parse(name) for name in ("ada", "bob", "cyd"))


class Anybody:
    """A verifier that takes every token."""

    def verify(self, token: str) -> Identity:
        assert token
        return Identity(ADA)


@pytest.mark.parametrize(
    ("value", "token"),
    [
        ("Bearer T", "T"),
        ("bearer T", "T"),
        ("BEARER T", "T"),
        ("  Bearer   T  ", "T"),
        ("T", "T"),
        (" T ", "T"),
        ("Bearer", ""),
        ("Bearer ", ""),
        ("", ""),
        ("   ", ""),
        ("BearerT", "BearerT"),
        ("Basic x", "Basic x"),
        ("Bearer a b", "a b"),
        ("Bearer Bearer", "Bearer"),
    ],
)
def test_a_token_travels_with_its_scheme_or_bare(value: str, token: str) -> None:
    assert bearer_token(value) == token


@pytest.mark.parametrize("token", [None, ""])
def test_no_token_is_another_error_than_a_wrong_one(token: str | None) -> None:
    gate = Gate(StaticVerifier("T"), Mismatch.OVERRIDE)
    with pytest.raises(MissingToken, match=r"^authentication token is required$"):
        gate.admit(token)
    with pytest.raises(InvalidToken, match=r"^authentication token is invalid$"):
        gate.admit("wrong")
    assert gate.admit("T") == Identity(MemberName.parse("admin_user"))


@pytest.mark.parametrize("char", ["x", "ü", "\udcff", "😀"])
def test_a_token_over_8_kib_is_invalid_whatever_the_verifier_would_say(char: str) -> None:
    gate = Gate(Anybody(), Mismatch.OVERRIDE)
    size = len(char.encode(errors="surrogatepass"))
    assert MAX_TOKEN_BYTES == 8192
    assert gate.admit(char * (MAX_TOKEN_BYTES // size)) == Identity(ADA)
    with pytest.raises(InvalidToken):
        gate.admit(char * (MAX_TOKEN_BYTES // size + 1))


def test_the_log_tells_why_a_token_was_refused_and_never_the_token(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(InvalidToken):
        Gate(NoopVerifier(), Mismatch.OVERRIDE).admit("pass-word\n")
    assert caplog.messages == ["a token was refused: it is no valid member name"]


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("mismatch", Mismatch)
def test_one_s_own_name_is_always_one_s_own(role: Role, mismatch: Mismatch) -> None:
    assert acting_member(Identity(ADA, role), ADA, mismatch) == ADA


def test_another_s_name_is_overridden_refused_or_for_a_server_taken(caplog: pytest.LogCaptureFixture) -> None:
    member, server = Identity(ADA), Identity(ADA, Role.SERVER)
    override, reject = Gate(Anybody(), Mismatch.OVERRIDE), Gate(Anybody(), Mismatch.REJECT)
    assert override.member_for(server, BOB) == reject.member_for(server, BOB) == BOB
    assert override.member_for(member, ADA) == reject.member_for(member, ADA) == ADA
    assert caplog.records == []
    assert override.member_for(member, BOB) == ADA
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "member_id 'bob' overridden by the identity 'ada'")
    ]
    override.member_for(member, BOB)
    assert len(caplog.records) == 1  # a client that always does so does not fill the log
    override.member_for(member, CYD)
    assert len(caplog.records) == 2
    with pytest.raises(MemberForbidden, match="'ada' may not act for member 'bob'"):
        reject.member_for(member, BOB)


def test_updates_are_counted_unless_the_role_is_server() -> None:
    gate = Gate(Anybody(), Mismatch.OVERRIDE, rates=RateLimit(1.0, 2, lambda: 0.0))
    for _ in range(2):
        gate.count_update(Identity(ADA))
    with pytest.raises(RateLimited):
        gate.count_update(Identity(ADA))
    for _ in range(10):
        gate.count_update(Identity(ADA, Role.SERVER))
