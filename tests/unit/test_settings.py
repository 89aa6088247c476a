"""Settings: defaults, what is refused, and that every error is told at once and no secret ever."""

from dataclasses import asdict
from pathlib import Path

import pytest

from goboard.domain.idempotency import Retention
from goboard.domain.identity import Mismatch, Role
from goboard.entrypoints.auth_settings import SAMPLE_SECRETS
from goboard.entrypoints.parsing import SettingsError
from goboard.entrypoints.settings import VARIABLES, Settings
from goboard.entrypoints.sockets import Address
from goboard.entrypoints.tls import Tls

KEY = "0123456789abcdef0123456789abcdef"


def load(**environment: str) -> Settings:
    return Settings.load(environment)


def refusal(**environment: str) -> list[str]:
    """The lines of the error that `environment` gives."""
    with pytest.raises(SettingsError) as caught:
        Settings.load(environment)
    return str(caught.value).splitlines()


def test_the_defaults_are_the_contract_s() -> None:
    assert asdict(load()) == {
        "http": ("", 8080),
        "grpc": ("", 50051),
        "tls": None,
        "enable_websocket": True,
        "enable_grpc": True,
        "store": "redis",
        "redis_url": "redis://localhost:6379",
        "redis_prefix": "prod:",
        "data_dir": "./goboard-data",
        "embedded_fsync": "everysec",
        "boards_file": "",
        "auth_mode": "static",
        "auth_secret": "",
        "auth_secret_previous": "",
        "static_role": Role.MEMBER,
        "jwt_secret": "",
        "jwt_secret_previous": "",
        "jwt_algorithm": "HS256",
        "jwt_jwks": "",
        "jwt_issuer": "",
        "jwt_audiences": (),
        "jwt_leeway": 0,
        "jwt_member_claim": "user_id",
        "mismatch": Mismatch.OVERRIDE,
        "allow_self_delete": False,
        "public_read": False,
        "cors_origins": ("http://localhost:3000",),
        "cors_credentials": False,
        "workers": 1,
        "request_timeout": 5.0,
        "rate_limit": 0.0,
        "rate_limit_burst": 1,
        "stop_delay": 0.0,
        "max_limit": 1000,
        "top_snapshot": 0.0,
        "live_tick": 0.05,
        "live_max_watches": 16,
        "live_max_per_identity": 10_000,
        "live_max_views": 1000,
        "retention": Retention(3600, 1_000_000),
        "grpc_max_message_bytes": 4 * 1024 * 1024,
        "metrics": True,
        "metrics_token": "",
        "traces": False,
        "log_level": "info",
        "log_format": "auto",
        "access_log": False,
    }


def test_an_empty_variable_is_like_an_absent_one_and_an_unknown_one_is_ignored() -> None:
    assert Settings.load({variable.name: "" for variable in VARIABLES}) == load()
    assert load(HTTP_PROT=":1", PATH="/bin", STORE_FILE="/absent") == load()


@pytest.mark.parametrize("mode", ["jwt", "JWT", "  Jwt\t"])
def test_the_mode_of_authentication_is_trimmed_and_case_blind(mode: str) -> None:
    assert load(AUTH_MODE=mode, JWT_SECRET=KEY).auth_mode == "jwt"


def test_choices_are_read_in_any_case() -> None:
    settings = load(AUTH_STATIC_ROLE="SERVER", MEMBER_ID_MISMATCH="Reject", JWT_ALGORITHM="hs512", STORE="Memory")
    assert (settings.static_role, settings.mismatch) == (Role.SERVER, Mismatch.REJECT)
    assert (settings.jwt_algorithm, settings.store) == ("HS512", "memory")


def test_a_redis_url_wins_over_address_and_password() -> None:
    assert load(REDIS_ADDR="h", REDIS_PASS="p@:/").redis_url == "redis://:p%40%3A%2F@h:6379"
    assert load(REDIS_ADDR="h:1", REDIS_PASS="p", REDIS_URL="rediss://r:2/3").redis_url == "rediss://r:2/3"


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("redis://ada:pass-word@h:1/2?protocol=2", "h:1"),
        ("rediss://:p%40@[::1]:1", "[::1]:1"),
        ("unix:///run/r.sock", "/run/r.sock"),
        ("unix://:pass-word@/run/r.sock?db=1", "/run/r.sock"),
        ("redis+sentinel://:pass-word@h:1,g:2/boards?sentinel_password=pass-word", "h:1,g:2/boards"),
        ("rediss+cluster://:pass-word@h:1,g:2", "h:1,g:2"),
    ],
)
def test_where_the_store_is_can_be_told_without_its_password(url: str, place: str) -> None:
    assert load(REDIS_URL=url).redis_place == place


def test_all_errors_are_told_at_once_each_with_variable_value_and_what_is_allowed() -> None:
    lines = refusal(
        HTTP_PORT="eighty",
        ENABLE_GRPC="maybe",
        STORE="mysql",
        REDIS_PREFIX="{a}",
        AUTH_MODE="jwt",
        JWT_SECRET="short",
        CORS_ALLOWED_ORIGINS="*",
        CORS_ALLOW_CREDENTIALS="yes",
        WORKERS="0",
        REQUEST_TIMEOUT="-1",
    )
    assert [line.partition(": ")[0] for line in lines] == [
        "HTTP_PORT=eighty",
        "ENABLE_GRPC=maybe",
        "STORE=mysql",
        "REDIS_PREFIX={a}",
        "WORKERS=0",
        "REQUEST_TIMEOUT=-1",
        "JWT_SECRET=***",
        "CORS_ALLOWED_ORIGINS=*",
    ]
    assert lines[1].endswith("allowed are 1, true, yes, on and 0, false, no, off")
    assert lines[2].endswith("allowed are redis, embedded, memory")
    assert lines[4].endswith("from 1 to 256 is needed")


def test_a_value_with_a_line_break_stays_on_its_line() -> None:
    (line,) = refusal(HTTP_PORT="1\n\x1b[2J")
    assert line.startswith(r"HTTP_PORT=1\n\x1b[2J: ")


def test_bytes_that_are_no_utf_8_are_refused() -> None:
    # Python hands them over as lone surrogates.
    assert refusal(AUTH_SECRET="\udcff") == ["AUTH_SECRET=***: it is not valid UTF-8"]
    assert refusal(REDIS_PASS="\udcff") == ["REDIS_PASS=***: it is not valid UTF-8"]


@pytest.mark.parametrize(
    "environment",
    [
        {"REDIS_URL": "http://:pass-word@h"},
        {"REDIS_URL": "redis://:pass-word/x@h"},
        {"REDIS_URL": "redis://h:pass-word"},
        {"REDIS_URL": "redis://ada:1?pass-word@h"},
        {"REDIS_URL": "pass-word"},
        {"REDIS_ADDR": "redis://:pass-word@h:6379"},
        {"REDIS_ADDR": "x:pass-word@h/@h:6379"},
        {"AUTH_MODE": "jwt", "JWT_SECRET": "pass-word"},
        {"REDIS_PASS": "pass-word", "REDIS_PREFIX": "{"},
    ],
    ids=str,
)
def test_no_error_shows_a_secret(environment: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.load(environment)
    assert "pass-word" not in str(caught.value)
    assert "pass-word" not in repr(caught.value.__context__)


def test_the_settings_written_out_show_no_secret() -> None:
    settings = load(AUTH_SECRET="pass-word-1", JWT_SECRET="pass-word-2", REDIS_URL="redis://:pass-word-3@h")
    assert "pass-word" not in f"{settings} {settings!r}"


@pytest.mark.parametrize("name", [variable.name for variable in VARIABLES if variable.secret])
def test_each_secret_can_stand_in_a_file(name: str, tmp_path: Path) -> None:
    value = "redis://h:1" if name == "REDIS_URL" else KEY
    file = tmp_path / "secret"
    file.write_text(f"{value}\n")
    beside = {"AUTH_SECRET_PREVIOUS": {"AUTH_SECRET": "the current one"}, "JWT_SECRET": {"AUTH_MODE": "jwt"}}
    mode = beside.get(name, {})
    assert Settings.load({f"{name}_FILE": str(file), **mode}) == Settings.load({name: value, **mode})
    (line,) = refusal(**{name: value, f"{name}_FILE": str(file)}, **mode)
    assert line == f"{name}_FILE={file}: {name} is set too; say only one of them"


def test_a_file_that_cannot_be_read_is_told_once(tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff")
    for file, reason in [
        (tmp_path / "absent", "No such file"),
        (tmp_path, "Is a directory"),
        (binary, "it is not UTF-8"),
    ]:
        (line,) = refusal(AUTH_MODE="jwt", JWT_SECRET_FILE=str(file))
        assert line.startswith(f"JWT_SECRET_FILE={file}: the file cannot be read: {reason}")


@pytest.mark.parametrize("secret", sorted(SAMPLE_SECRETS))
@pytest.mark.parametrize(("mode", "name"), [("static", "AUTH_SECRET"), ("jwt", "JWT_SECRET")])
def test_the_secrets_of_public_readmes_are_for_trials_alone(mode: str, name: str, secret: str) -> None:
    (line,) = refusal(AUTH_MODE=mode, **{name: secret})
    assert line.startswith(f"{name}=***: ")
    assert "ALLOW_WEAK_SECRETS=true" in line
    settings = load(AUTH_MODE=mode, ALLOW_WEAK_SECRETS="true", **{name: secret})
    assert secret in (settings.auth_secret, settings.jwt_secret)


def test_an_hmac_key_has_at_least_32_bytes() -> None:
    assert load(AUTH_MODE="jwt", JWT_SECRET="k" * 32).jwt_secret == "k" * 32
    assert load(AUTH_MODE="jwt", JWT_SECRET="ü" * 16).jwt_secret == "ü" * 16
    (line,) = refusal(AUTH_MODE="jwt", JWT_SECRET="k" * 31)
    assert "has 31 bytes; at least 32" in line
    assert load(AUTH_MODE="jwt", JWT_SECRET="k", ALLOW_WEAK_SECRETS="1").jwt_secret == "k"
    assert load(JWT_SECRET="k").jwt_secret == "k", "what the mode does not use is not judged"


def test_jwt_needs_a_key_even_for_a_trial() -> None:
    (line,) = refusal(AUTH_MODE="jwt", ALLOW_WEAK_SECRETS="true")
    assert line.startswith("JWT_SECRET=: AUTH_MODE=jwt needs a key")


def test_a_public_key_is_no_shared_secret() -> None:
    (line,) = refusal(AUTH_MODE="jwt", JWT_SECRET="-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----")
    assert line.startswith("JWT_SECRET=***: this is a key file")


NOOP_HERE = {"AUTH_MODE": "noop", "HTTP_PORT": "127.0.0.1:1", "GRPC_PORT": "localhost:2"}


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "[::1]"])
def test_noop_listens_on_this_machine(host: str) -> None:
    assert load(**{**NOOP_HERE, "HTTP_PORT": f"{host}:1"}).auth_mode == "noop"


@pytest.mark.parametrize("name", ["HTTP_PORT", "GRPC_PORT"])
@pytest.mark.parametrize("at", [":1", "1", "0.0.0.0:1", "[::]:1", "192.0.2.1:1", "example.org:1", "127.example.org:1"])
def test_noop_beyond_this_machine_is_refused(name: str, at: str) -> None:
    (line,) = refusal(**{**NOOP_HERE, name: at})
    assert line.startswith(f"{name}=")
    assert "127.0.0.1:1, or ALLOW_INSECURE_NOOP=true" in line
    assert load(**{**NOOP_HERE, name: at}, ALLOW_INSECURE_NOOP="true").auth_mode == "noop"


def test_where_a_grpc_that_is_switched_off_would_listen_does_not_matter() -> None:
    assert load(AUTH_MODE="noop", HTTP_PORT="127.0.0.1:1", ENABLE_GRPC="off").grpc == Address("", 50051)


def test_every_origin_together_with_credentials_is_refused() -> None:
    (line,) = refusal(CORS_ALLOWED_ORIGINS="*", CORS_ALLOW_CREDENTIALS="true")
    assert line.startswith("CORS_ALLOWED_ORIGINS=*: with CORS_ALLOW_CREDENTIALS=true")
    assert load(CORS_ALLOWED_ORIGINS="*").cors_origins == ("*",)
    assert load(CORS_ALLOW_CREDENTIALS="true").cors_credentials


def test_the_memory_store_has_one_worker() -> None:
    (line,) = refusal(STORE="memory", WORKERS="2")
    assert line.startswith("WORKERS=2: STORE=memory is kept in one worker")
    assert load(STORE="memory", WORKERS="1").workers == 1
    assert load(STORE="embedded", WORKERS="2").workers == 2


def test_static_without_a_secret_gets_a_random_token() -> None:
    first, second = load().with_token(), load().with_token()
    assert len(first.auth_secret) >= 32
    assert first.auth_secret != second.auth_secret
    own = load(AUTH_SECRET="my-own")
    assert own.with_token() is own
    jwt = load(AUTH_MODE="jwt", JWT_SECRET=KEY)
    assert jwt.with_token() is jwt


def test_a_certificate_needs_a_key_and_the_other_two_need_a_certificate() -> None:
    assert load(TLS_CERT="c.pem", TLS_KEY="k.pem", TLS_CLIENT_CA="a.pem").tls == Tls("c.pem", "k.pem", "a.pem")
    assert refusal(TLS_CERT="c.pem") == ["TLS_KEY=: TLS_CERT needs the file of its private key"]
    assert refusal(TLS_KEY="k.pem", TLS_CLIENT_CA="a.pem") == [
        f"{name}: it is of no use without TLS_CERT: set that too" for name in ("TLS_KEY=k.pem", "TLS_CLIENT_CA=a.pem")
    ]
