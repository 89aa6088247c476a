"""A JWKS: which of its keys are used, and what is none at all."""

from typing import Any

import pytest
from joserfc.jwk import OctKey, RSAKey
from key_server import ec_key, key_set, public, rsa_key

from goboard.adapters.auth import KeySet, KeySetError

EC = public(ec_key())
RSA = public(rsa_key())


def test_a_key_is_found_by_its_name_and_by_no_other() -> None:
    keys = KeySet.parse(key_set(EC, public(ec_key("ec-2"))), "ES256")
    found = keys.find("ec-2")
    assert found is not None
    assert found.kid == "ec-2"
    for kid in (
        "ec-3",
        "EC-1",
        "ec-1 ",
        "",
        "../../etc/passwd",
        "x' OR '1'='1",
        1,
        None,
        ["ec-1"],
        {"kid": "ec-1"},
        True,
    ):
        assert keys.find(kid) is None


def test_the_only_key_need_not_be_named_and_if_it_is_then_rightly() -> None:
    keys = KeySet.parse(key_set(EC), "ES256")
    assert keys.find(None) is keys.find("ec-1") is not None
    assert keys.find("ec-2") is None
    unnamed = KeySet.parse(key_set(public(ec_key(), kid=None)), "ES256")
    assert unnamed.find(None) is not None
    assert unnamed.find("ec-1") is None


def test_of_two_keys_of_one_name_the_first_counts() -> None:
    keys = KeySet.parse(key_set(EC, {**public(ec_key("other")), "kid": "ec-1"}), "ES256")
    assert keys.by_kid["ec-1"].as_dict()["x"] == EC["x"]


# What is no key for ES256, beside one that is.
UNUSABLE: dict[str, Any] = {
    "of another type": RSA,
    "of another curve": public(ec_key("p384", "P-384")),
    "of a curve that is not NIST's": public(ec_key("k", "secp256k1")),
    "a shared secret": OctKey.import_key("0" * 32).as_dict(private=True),
    "for encryption": {**EC, "use": "enc"},
    "for signing alone": {**EC, "key_ops": ["sign"]},
    "for no operation": {**EC, "key_ops": []},
    "for another algorithm": {**EC, "alg": "ES384"},
    "for a shared secret": {**EC, "alg": "HS256"},
    "private": ec_key().as_dict(private=True),
    "not on the curve": {**EC, "x": EC["y"], "y": EC["x"]},
    "of an unknown type": {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"},
    "without a type": {key: value for key, value in EC.items() if key != "kty"},
    "without a coordinate": {key: value for key, value in EC.items() if key != "y"},
    "with a number for a name": {**EC, "kid": 7},
    "with a list for a type": {**EC, "kty": ["EC"]},
    "an operation that is none": {**EC, "key_ops": 5},
    "a list": [],
    "a text": "EC",
    "null": None,
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_key_that_cannot_be_used_is_left_out_and_the_others_stay(case: str) -> None:
    good = public(ec_key("good"))
    keys = KeySet.parse(key_set(UNUSABLE[case], good), "ES256")
    assert (list(keys.by_kid), keys.find(None)) == (["good"], keys.find("good"))
    with pytest.raises(KeySetError, match="no public key for ES256"):
        KeySet.parse(key_set(UNUSABLE[case]), "ES256")


@pytest.mark.filterwarnings("ignore:Key size should be")  # joserfc lets it pass with a warning
def test_an_rsa_key_under_2048_bits_is_left_out() -> None:
    small = public(RSAKey.generate_key(1024, {"kid": "small"}))
    assert list(KeySet.parse(key_set(small, RSA), "RS256").by_kid) == ["rsa-1"]


@pytest.mark.parametrize(
    "said", [{"use": "sig"}, {"alg": "ES256"}, {"key_ops": ["verify"]}, {"x-of-theirs": [1]}], ids=str
)
def test_what_fits_is_used(said: dict[str, Any]) -> None:
    assert list(KeySet.parse(key_set({**EC, **said}), "ES256").by_kid) == ["ec-1"]


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"", "no JSON"),
        (b"<html>", "no JSON"),
        (b"\xff", "no JSON"),
        (b"-----BEGIN PUBLIC KEY-----", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "array `keys`"),
        (b"{}", "array `keys`"),
        (b'{"keys": {}}', "array `keys`"),
        (b'{"keys": null}', "array `keys`"),
        (b'{"keys": []}', "no public key for RS256"),
        (key_set(EC), "no public key for RS256"),
    ],
)
def test_what_is_no_set_is_told(document: bytes, why: str) -> None:
    with pytest.raises(KeySetError, match=why):
        KeySet.parse(document, "RS256")


def test_sets_are_compared_by_their_keys() -> None:
    one, same = (KeySet.parse(key_set(EC), "ES256") for _ in range(2))
    assert one.is_like(same)
    assert not one.is_like(KeySet.parse(key_set({**public(ec_key("x")), "kid": "ec-1"}), "ES256"))
    assert not one.is_like(KeySet.parse(key_set(EC, public(ec_key("ec-2"))), "ES256"))
