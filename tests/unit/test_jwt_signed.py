"""JSON Web Tokens signed with private keys: RFC 8725's advice, attack by attack."""

from typing import Any

import pytest
from joserfc import jwe
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry, serialize_compact
from joserfc.util import urlsafe_b64decode
from key_server import ec_key, public, rsa_key, signed
from made_tokens import CLAIMS, HS256, encoded, part, token

from goboard.adapters.auth import ClaimRules, JwtVerifier, KeySet
from goboard.adapters.clock import SystemClock
from goboard.domain.errors import InvalidToken
from goboard.domain.identity import Identity

KEYS: dict[str, Any] = {"RS256": rsa_key(), "PS256": rsa_key(), "ES256": ec_key()}


class Trusted:
    """Some keys, as they are."""

    def __init__(self, *keys: Any) -> None:
        self._set = KeySet({key.kid: key for key in keys}, keys[0] if len(keys) == 1 else None)

    def fitting(self, kid: Any) -> list[Any]:
        found = self._set.find(kid)
        return [found] if found else []


def verify(text: str, algorithm: str) -> Identity:
    key = KEYS[algorithm]
    trusted = Trusted(type(key).import_key(public(key)))
    return JwtVerifier(trusted, algorithm, SystemClock(), ClaimRules(needs_end=True)).verify(text)


def refused(text: str, algorithm: str) -> None:
    with pytest.raises(InvalidToken) as caught:
        verify(text, algorithm)
    assert str(caught.value) == "authentication token is invalid"


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_signed_token_names_the_member(algorithm: str) -> None:
    assert verify(signed(KEYS[algorithm], algorithm), algorithm).member == "ada"
    assert verify(signed(KEYS[algorithm], algorithm, header={"typ": "at+jwt"}), algorithm).member == "ada"


@pytest.mark.parametrize("algorithm", KEYS)
def test_it_needs_an_end(algorithm: str) -> None:
    refused(signed(KEYS[algorithm], algorithm, exp=1), algorithm)
    without = serialize_compact({"alg": algorithm}, b'{"user_id":"ada"}', KEYS[algorithm], [algorithm])
    refused(without, algorithm)


@pytest.mark.parametrize("algorithm", KEYS)
@pytest.mark.parametrize("used", KEYS)
def test_another_algorithm_is_refused_even_with_the_same_key(algorithm: str, used: str) -> None:
    if used != algorithm:
        refused(signed(KEYS[used], used, header={"kid": KEYS[algorithm].kid}), algorithm)


def public_forms(key: RSAKey | ECKey) -> list[bytes]:
    """The public key in the forms in which a careless verifier may take it for a shared secret."""
    pem = key.as_pem(private=False)
    return [pem, pem.strip(), pem.replace(b"\n", b""), key.as_der(private=False), str(public(key)).encode()]


@pytest.mark.parametrize("algorithm", KEYS)
def test_the_public_key_is_no_shared_secret(algorithm: str) -> None:
    for secret in public_forms(KEYS[algorithm]):
        for header in (HS256, {**HS256, "kid": KEYS[algorithm].kid}, {**HS256, "alg": algorithm}):
            refused(token(header, key=secret), algorithm)


@pytest.mark.parametrize("none", ["none", "None", "NONE", "nOnE", "", None, False])
@pytest.mark.parametrize("algorithm", KEYS)
def test_a_token_without_a_signature_is_refused(algorithm: str, none: Any) -> None:
    for signature in ("", "AA", "e30"):
        refused(f"{part({'alg': none})}.{part(CLAIMS)}.{signature}", algorithm)
    refused(f"{part({'alg': algorithm, 'kid': KEYS[algorithm].kid})}.{part(CLAIMS)}.", algorithm)


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_key_that_the_token_brings_along_is_not_looked_at(algorithm: str) -> None:
    mine = RSAKey.generate_key(2048) if algorithm != "ES256" else ECKey.generate_key("P-256")
    brought: list[dict[str, Any]] = [
        {"jwk": public(mine)},
        {"jku": "http://127.0.0.1:1/keys"},
        {"x5u": "http://127.0.0.1:1/chain"},
        {"x5c": ["MIIB"]},
    ]
    for header in brought:
        refused(signed(mine, algorithm, header={**header, "kid": KEYS[algorithm].kid}), algorithm)
        ours = signed(KEYS[algorithm], algorithm, header=header if "jwk" not in header else {"jku": "https://a/"})
        assert verify(ours, algorithm).member == "ada"


@pytest.mark.parametrize(
    "kid",
    ["", "ec-2", "../../../../dev/null", "/dev/null", "x' UNION SELECT 'key", "ec-1\x00", "x" * 400, 7, ["ec-1"], {}],
    ids=str,
)
def test_a_name_that_is_none_of_ours_finds_nothing(kid: Any) -> None:
    text = serialize_compact({"alg": "ES256"}, b"{}", KEYS["ES256"], ["ES256"])
    signature = text.rpartition(".")[2]
    refused(f"{part({'alg': 'ES256', 'kid': kid})}.{part(CLAIMS)}.{signature}", "ES256")


@pytest.mark.parametrize(
    "header",
    [{"crit": ["exp"], "exp": 1}, {"crit": []}, {"crit": ["b64"], "b64": True}, {"b64": True}, {"b64": False}],
    ids=str,
)
def test_a_header_that_asks_for_an_extension_is_refused(header: dict[str, Any]) -> None:
    key = KEYS["ES256"]
    signed_part = f"{part({'alg': 'ES256', 'kid': key.kid, **header})}.{part(CLAIMS)}"
    refused(f"{signed_part}.{_signature(key, signed_part)}", "ES256")


def _signature(key: Any, text: str) -> str:
    return encoded(JWSRegistry.algorithms["ES256"].sign(text.encode(), key))


ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the group of P-256 (FIPS 186-4, D.1.2.3)."""


@pytest.mark.parametrize(
    ("r", "s"), [(0, 0), (0, 1), (1, 0), (1, 1), (ORDER, ORDER), (ORDER, 0), (0, ORDER), (ORDER + 1, 1)]
)
def test_signatures_of_zeros_and_the_like_are_refused(r: int, s: int) -> None:
    # CVE-2022-21449: "psychic signatures".
    head = f"{part({'alg': 'ES256', 'kid': 'ec-1'})}.{part(CLAIMS)}"
    refused(f"{head}.{encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}", "ES256")


def test_a_signature_of_another_form_is_refused() -> None:
    text = signed(KEYS["ES256"], "ES256")
    head, _, signature = text.rpartition(".")
    raw = urlsafe_b64decode(signature.encode())
    for bad in (
        raw[:63],
        raw + b"\x00",
        b"\x00" + raw,
        raw[32:] + raw[:32],
        raw[:32],
        b"",
        raw * 2,
        bytes(64),
        b"\xff" * 64,
    ):
        refused(f"{head}.{encoded(bad)}", "ES256")


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_rsa_signatures_of_another_form_are_refused(algorithm: str) -> None:
    head, _, _ = signed(KEYS[algorithm], algorithm).rpartition(".")
    for bad in (b"", bytes(256), b"\x01", b"\xff" * 256, b"\x00" * 255 + b"\x01", bytes(512)):
        refused(f"{head}.{encoded(bad)}", algorithm)


def encrypted() -> str:
    """A JWE for our public key: five parts."""
    return jwe.encrypt_compact({"alg": "RSA-OAEP", "enc": "A128GCM"}, b'{"user_id":"ada"}', KEYS["RS256"])


def test_tokens_of_other_kinds_are_refused() -> None:
    good = signed(KEYS["RS256"], "RS256")
    head, claims, signature = good.split(".")
    nested = serialize_compact({"alg": "RS256", "cty": "JWT"}, good, KEYS["RS256"], ["RS256"])
    for bad in (
        encrypted(),
        nested,
        f"{good}.{signature}",
        f"{head}.{claims}",
        f"{head}..{signature}",
        f".{claims}.{signature}",
        f"{head}.{claims}.{signature}=",
        f"{head}.{claims}=.{signature}",
        f"{head}.{claims}\n.{signature}",
        f"{head} .{claims}.{signature}",
        f"{good} ",
        f"\ufeff{good}",
        good.replace("-", "+").replace("_", "/") + "+",
        f'{{"payload":"{claims}","protected":"{head}","signature":"{signature}"}}',
    ):
        refused(bad, "RS256")
    refused(token(HS256), "RS256")
