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


PUBLISHED = {"AUTH_MODE": "jwt", "JWT_ALGORITHM": "RS256"}


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
def test_keys_that_are_published_need_no_secret(algorithm: str) -> None:
    settings = Settings.load({"AUTH_MODE": "jwt", "JWT_ALGORITHM": algorithm, "JWT_JWKS": "keys.json"})
    assert (settings.jwt_algorithm, settings.jwt_jwks, settings.jwt_secret) == (algorithm, "keys.json", "")


def test_a_kind_of_key_that_does_not_fit_the_algorithm_is_refused() -> None:
    (line,) = refusal(AUTH_MODE="jwt", JWT_SECRET=KEY, JWT_JWKS="keys.json")
    assert line == (
        "JWT_JWKS=keys.json: JWT_ALGORITHM=HS256 uses a shared secret; for a set of keys say RS256, PS256, ES256"
    )
    lines = refusal(**PUBLISHED, JWT_SECRET=KEY, JWT_SECRET_PREVIOUS=KEY)
    assert [line.partition(":")[0] for line in lines] == ["JWT_JWKS=", "JWT_SECRET=***", "JWT_SECRET_PREVIOUS=***"]
    assert "JWT_ALGORITHM=RS256 takes its keys from JWT_JWKS: unset JWT_SECRET" in lines[1]


@pytest.mark.parametrize("algorithm", ["none", "EdDSA", "RS1", "HS1", "ES256K"])
def test_other_algorithms_are_refused(algorithm: str) -> None:
    (line,) = refusal(AUTH_MODE="jwt", JWT_SECRET=KEY, JWT_ALGORITHM=algorithm)
    assert line.endswith("allowed are HS256, HS384, HS512, RS256, PS256, ES256")


@pytest.mark.parametrize(
    "place",
    [
        "keys.json",
        "/etc/goboard/keys.json",
        "https://login.example.org/jwks.json",
        "https://login.example.org:8443/jwks?x=1",
        "http://localhost:9000/keys",
        "http://127.0.0.1/keys",
        "http://[::1]:9000/keys",
    ],
)
def test_where_the_keys_may_be(place: str) -> None:
    assert Settings.load({**PUBLISHED, "JWT_JWKS": f" {place} "}).jwt_jwks == place


@pytest.mark.parametrize(
    "place",
    [
        "http://login.example.org/jwks.json",
        "http://127.0.0.1.evil.example/keys",
        "http://localhost.evil.example/keys",
        "https://ada:word@login.example.org/keys",
        "https://localhost@login.example.org/keys",
        "https://",
        "https:///keys",
        "https://login.example.org:none/keys",
        "https://login.example.org/a b\x7f",
        "HTTP://login.example.org/keys",
        "file:///etc/keys.json",
        "ftp://login.example.org/keys",
        "data://x",
    ],
)
def test_where_they_may_not_be(place: str) -> None:
    (line,) = refusal(**PUBLISHED, JWT_JWKS=place)
    assert line.startswith("JWT_JWKS=")
    assert "a path is needed, or a URL like https://login.example.org/jwks.json" in line
