"""The settings of who may call, and what must hold among them."""

from collections.abc import Mapping
from typing import Any

from goboard.entrypoints import parsing
from goboard.entrypoints.parsing import Errors, Variable
from goboard.entrypoints.sockets import Address

# Standing in go-board's README for all to read, so a server that uses them is open to everybody.
SAMPLE_SECRETS = frozenset({"super-secret-key", "your-jwt-secret", "your-secret"})
MIN_HMAC_BYTES = 32  # RFC 7518, section 3.2: a key at least as long as the hash, here of HS256
MAX_LEEWAY = 300  # RFC 7519, section 4.1.4: "usually no more than a few minutes"
_KEY_FILE_MARKS = ("-----BEGIN ", "ssh-rsa ", "ssh-ed25519 ", "ecdsa-sha2-")  # public keys: joserfc refuses them too
_HMAC = ("HS256", "HS384", "HS512")
_SIGNATURES = ("RS256", "PS256", "ES256")

AUTH_VARIABLES = (
    Variable("AUTH_MODE", "static", parsing.one_of("static", "jwt", "noop"), "how tokens are checked"),
    Variable(
        "AUTH_SECRET", "", str, "the token of `static`; where empty, `serve` makes one and prints it", secret=True
    ),
    Variable("AUTH_SECRET_PREVIOUS", "", str, "the token before it, which is accepted as well", secret=True),
    Variable("AUTH_STATIC_ROLE", "member", parsing.one_of("member", "server"), "what the token of `static` may do"),
    Variable("JWT_SECRET", "", str, "the key of `jwt`, at least 32 bytes", secret=True),
    Variable("JWT_SECRET_PREVIOUS", "", str, "the key before it, which is accepted as well", secret=True),
    Variable("JWT_ALGORITHM", "HS256", parsing.one_of(*_HMAC, *_SIGNATURES), "the one algorithm accepted"),
    Variable("JWT_JWKS", "", parsing.key_set, "for RS256, PS256 and ES256: the keys, as a path or an https URL"),
    Variable("JWT_ISSUER", "", str.strip, "what a token's `iss` must be; empty: anything"),
    Variable("JWT_AUDIENCE", "", parsing.listed, "of which one must be in a token's `aud`, with commas between"),
    Variable("JWT_LEEWAY", "0", parsing.integer(0, MAX_LEEWAY), "seconds that the issuer's clock may be off"),
    Variable("JWT_MEMBER_CLAIM", "user_id", str.strip, "the claim that names the member"),
    Variable("MEMBER_ID_MISMATCH", "override", parsing.one_of("override", "reject"), "a member_id not one's own"),
    Variable("ALLOW_SELF_DELETE", "false", parsing.boolean, "whether members may delete themselves"),
    Variable("ALLOW_WEAK_SECRETS", "false", parsing.boolean, "accept short keys and go-board's sample secrets"),
    Variable("ALLOW_INSECURE_NOOP", "false", parsing.boolean, "let `noop` listen beyond this machine"),
    Variable("PUBLIC_READ", "false", parsing.boolean, "whether boards may be read and watched without a token"),
    Variable("CORS_ALLOWED_ORIGINS", "http://localhost:3000", parsing.origins, "comma-separated origins, or `*`"),
    Variable("CORS_ALLOW_CREDENTIALS", "false", parsing.boolean, "whether browsers may send credentials"),
)


def check_auth(values: Mapping[str, Any], errors: Errors) -> None:
    """Check what no variable can tell alone, as far as the variables it takes have values."""
    {"static": _check_static, "jwt": _check_jwt, "noop": _check_noop}.get(values.get("AUTH_MODE", ""), _nothing)(
        values, errors
    )
    if values.get("CORS_ALLOW_CREDENTIALS") and values.get("CORS_ALLOWED_ORIGINS") == ("*",):
        errors.add("CORS_ALLOWED_ORIGINS", "*", "with CORS_ALLOW_CREDENTIALS=true the origins must be listed by name")


def _nothing(_: Mapping[str, Any], __: Errors) -> None:
    """The mode itself is wrong: there is nothing to hold the rest against."""


def _check_static(values: Mapping[str, Any], errors: Errors) -> None:
    current, previous = values.get("AUTH_SECRET"), values.get("AUTH_SECRET_PREVIOUS")
    if previous and current == "":
        errors.add("AUTH_SECRET_PREVIOUS", parsing.MASK, "it is the token before AUTH_SECRET: set that too")
    for name in ("AUTH_SECRET", "AUTH_SECRET_PREVIOUS"):
        _check_public(name, values, errors)


def _check_jwt(values: Mapping[str, Any], errors: Errors) -> None:
    algorithm = values.get("JWT_ALGORITHM")
    if algorithm in _HMAC:
        _check_shared(algorithm, values, errors)
    elif algorithm in _SIGNATURES:
        _check_published(algorithm, values, errors)


def _check_published(algorithm: str, values: Mapping[str, Any], errors: Errors) -> None:
    if values.get("JWT_JWKS") == "":
        errors.add("JWT_JWKS", "", f"JWT_ALGORITHM={algorithm} needs the issuer's public keys, as a path or a URL")
    for name in ("JWT_SECRET", "JWT_SECRET_PREVIOUS"):
        if values.get(name):
            errors.add(name, parsing.MASK, f"JWT_ALGORITHM={algorithm} takes its keys from JWT_JWKS: unset {name}")


def _check_shared(algorithm: str, values: Mapping[str, Any], errors: Errors) -> None:
    if values.get("JWT_JWKS"):
        errors.add(
            "JWT_JWKS",
            values["JWT_JWKS"],
            f"JWT_ALGORITHM={algorithm} uses a shared secret; for a set of keys say {', '.join(_SIGNATURES)}",
        )
    elif values.get("JWT_SECRET") == "":
        errors.add("JWT_SECRET", "", "AUTH_MODE=jwt needs a key of at least 32 bytes")
    for name in ("JWT_SECRET", "JWT_SECRET_PREVIOUS"):
        _check_hmac_key(name, values, errors)


def _check_hmac_key(name: str, values: Mapping[str, Any], errors: Errors) -> None:
    secret: str = values.get(name) or ""
    size = len(secret.encode())
    if any(mark in secret for mark in _KEY_FILE_MARKS):
        errors.add(name, parsing.MASK, f"this is a key file of another kind of algorithm; {name} is a shared secret")
    elif _check_public(name, values, errors) and 0 < size < MIN_HMAC_BYTES and not _allows_weak(values):
        errors.add(
            name,
            parsing.MASK,
            f"has {size} bytes; at least {MIN_HMAC_BYTES} are needed, or for a trial say ALLOW_WEAK_SECRETS=true",
        )


def _check_public(name: str, values: Mapping[str, Any], errors: Errors) -> bool:
    """Refuse a secret that everybody knows, and tell whether it is none such."""
    if values.get(name) not in SAMPLE_SECRETS or _allows_weak(values):
        return True
    errors.add(
        name,
        parsing.MASK,
        "this secret stands in a public README; make one of your own, or for a trial say ALLOW_WEAK_SECRETS=true",
    )
    return False


def _allows_weak(values: Mapping[str, Any]) -> bool:
    return bool(values.get("ALLOW_WEAK_SECRETS", True))


def _check_noop(values: Mapping[str, Any], errors: Errors) -> None:
    if values.get("ALLOW_INSECURE_NOOP", True):
        return
    for name in ("HTTP_PORT", "GRPC_PORT") if values.get("ENABLE_GRPC") else ("HTTP_PORT",):
        at: Address | None = values.get(name)
        if at is not None and not at.is_loopback:
            errors.add(
                name,
                str(at),
                "AUTH_MODE=noop believes every token, so it listens on this machine alone:"
                f" say 127.0.0.1:{at.port}, or ALLOW_INSECURE_NOOP=true",
            )
