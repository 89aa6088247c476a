"""The settings of tokens: two secrets at a time, and what a token must say."""

import pytest

from goboard.entrypoints.auth_settings import SAMPLE_SECRETS
from goboard.entrypoints.parsing import SettingsError
from goboard.entrypoints.settings import Settings

KEY = "0123456789abcdef0123456789abcdef"
OTHER = KEY[::-1]


def refusal(**environment: str) -> list[str]:
    """The lines of the error that `environment` gives."""
    with pytest.raises(SettingsError) as caught:
        Settings.load(environment)
    return str(caught.value).splitlines()


def test_two_secrets_hold_at_a_time() -> None:
    static = Settings.load({"AUTH_SECRET": "new", "AUTH_SECRET_PREVIOUS": "old"})
    assert (static.auth_secret, static.auth_secret_previous) == ("new", "old")
    jwt = Settings.load({"AUTH_MODE": "jwt", "JWT_SECRET": KEY, "JWT_SECRET_PREVIOUS": OTHER})
    assert (jwt.jwt_secret, jwt.jwt_secret_previous) == (KEY, OTHER)
    assert "old" not in repr(static)
    assert OTHER not in repr(jwt)


def test_a_previous_token_alone_is_a_mistake() -> None:
    # `serve` would make a new token at every start beside it.
    (line,) = refusal(AUTH_SECRET_PREVIOUS="old-token")
    assert line == "AUTH_SECRET_PREVIOUS=***: it is the token before AUTH_SECRET: set that too"


@pytest.mark.parametrize("secret", sorted(SAMPLE_SECRETS))
@pytest.mark.parametrize(("mode", "name"), [("static", "AUTH_SECRET"), ("jwt", "JWT_SECRET")])
def test_a_previous_secret_is_held_to_the_same_rules(mode: str, name: str, secret: str) -> None:
    environment = {"AUTH_MODE": mode, name: KEY, f"{name}_PREVIOUS": secret}
    (line,) = refusal(**environment)
    assert line.startswith(f"{name}_PREVIOUS=***: this secret stands in a public README")
    assert Settings.load({**environment, "ALLOW_WEAK_SECRETS": "true"})


def test_a_previous_key_has_at_least_32_bytes_too() -> None:
    (line,) = refusal(AUTH_MODE="jwt", JWT_SECRET=KEY, JWT_SECRET_PREVIOUS="k" * 31)
    assert line.startswith("JWT_SECRET_PREVIOUS=***: has 31 bytes; at least 32 are needed")
    (line,) = refusal(AUTH_MODE="jwt", JWT_SECRET=KEY, JWT_SECRET_PREVIOUS="ssh-rsa AAAA")
    assert line.startswith("JWT_SECRET_PREVIOUS=***: this is a key file of another kind")


def test_what_a_token_must_say() -> None:
    settings = Settings.load(
        {"JWT_ISSUER": " https://a/ ", "JWT_AUDIENCE": "boards, games,,", "JWT_LEEWAY": "30", "JWT_MEMBER_CLAIM": "sub"}
    )
    assert (settings.jwt_issuer, settings.jwt_audiences) == ("https://a/", ("boards", "games"))
    assert (settings.jwt_leeway, settings.jwt_member_claim) == (30, "sub")


@pytest.mark.parametrize("leeway", ["-1", "301", "1.5", "a minute"])
def test_a_leeway_is_from_0_to_300_seconds(leeway: str) -> None:
    (line,) = refusal(JWT_LEEWAY=leeway)
    assert line == f"JWT_LEEWAY={leeway}: an integer from 0 to 300 is needed"
