"""Verified tokens that are remembered, by a clock of the test's own."""

import pytest

from goboard.adapters.auth import RememberingVerifier
from goboard.adapters.auth.remembering import MAX_TOKENS
from goboard.domain.errors import InvalidToken
from goboard.domain.identity import Identity
from goboard.domain.names import MemberName


class HandClock:
    def __init__(self) -> None:
        self.time = 1000.0

    def now(self) -> float:
        return self.time


class Counting:
    """Verifies every token but "bad", and counts how often it is asked."""

    def __init__(self, expires_at: float | None = None) -> None:
        self.expires_at = expires_at
        self.asked = 0

    def verify(self, token: str) -> Identity:
        self.asked += 1
        if token == "bad":
            raise InvalidToken("it is bad")
        return Identity(MemberName.parse(token), expires_at=self.expires_at)


def test_a_token_is_verified_once_in_sixty_seconds() -> None:
    clock, verifier = HandClock(), Counting()
    remembering = RememberingVerifier(verifier, clock)
    assert [remembering.verify("ada"), remembering.verify("ada"), remembering.verify("bob")] == [
        Identity(MemberName.parse("ada")),
        Identity(MemberName.parse("ada")),
        Identity(MemberName.parse("bob")),
    ]
    assert verifier.asked == 2
    clock.time += 59.9
    remembering.verify("ada")
    assert verifier.asked == 2
    clock.time += 0.2
    remembering.verify("ada")
    assert verifier.asked == 3


def test_a_token_is_never_believed_beyond_its_end() -> None:
    clock, verifier = HandClock(), Counting(expires_at=1010.0)
    remembering = RememberingVerifier(verifier, clock)
    remembering.verify("ada")
    clock.time = 1009.9
    remembering.verify("ada")
    assert verifier.asked == 1
    clock.time = 1010.0
    remembering.verify("ada")
    assert verifier.asked == 2


def test_a_refusal_is_not_remembered() -> None:
    verifier = Counting()
    remembering = RememberingVerifier(verifier, HandClock())
    for _ in range(3):
        with pytest.raises(InvalidToken):
            remembering.verify("bad")
    assert verifier.asked == 3


def test_the_number_remembered_is_bounded_and_no_token_is_kept() -> None:
    verifier = Counting()
    remembering = RememberingVerifier(verifier, HandClock())
    for number in range(MAX_TOKENS + 10):
        remembering.verify(f"token-{number}")
    assert len(remembering._known) == MAX_TOKENS
    remembering.verify("token-0")  # the first to go
    assert verifier.asked == MAX_TOKENS + 11
    assert all(isinstance(key, bytes) and len(key) == 32 for key in remembering._known)


def test_a_token_of_lone_surrogates_is_looked_at_like_any_other() -> None:
    with pytest.raises(Exception, match="UTF-8"):
        RememberingVerifier(Counting(), HandClock()).verify("\ud800")


def test_where_the_keys_have_changed_every_token_is_looked_at_again() -> None:
    verifier = Counting()
    remembering = RememberingVerifier(verifier, HandClock())
    remembering.verify("ada")
    remembering.forget()
    remembering.verify("ada")
    assert verifier.asked == 2


def test_what_is_being_verified_while_they_change_is_looked_at_again_too() -> None:
    class Changing(Counting):
        def verify(self, token: str) -> Identity:
            if not self.asked:
                remembering.forget()  # as the thread that reads the keys does, at any moment
            return super().verify(token)

    verifier = Changing()
    remembering = RememberingVerifier(verifier, HandClock())
    for _ in range(3):
        remembering.verify("ada")
    assert verifier.asked == 2
