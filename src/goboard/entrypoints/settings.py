"""Settings: the environment (and `.env`) turned into one frozen value; every error is told at once."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any, Self
from urllib.parse import quote, urlsplit

from goboard.domain.idempotency import Retention
from goboard.domain.identity import Mismatch, Role
from goboard.entrypoints import parsing
from goboard.entrypoints.auth_settings import AUTH_VARIABLES, check_auth
from goboard.entrypoints.parsing import Errors, Source, Variable
from goboard.entrypoints.sockets import Address
from goboard.entrypoints.tls import Tls

VARIABLES = (
    Variable("HTTP_PORT", ":8080", parsing.address, "where REST and WebSocket listen: `:8080`, `8080` or `host:8080`"),
    Variable("GRPC_PORT", ":50051", parsing.address, "where gRPC listens, in the same forms"),
    Variable("TLS_CERT", "", parsing.path, "the certificate of both ports, with its chain, a PEM file; empty: no TLS"),
    Variable("TLS_KEY", "", parsing.path, "its private key, a PEM file"),
    Variable("TLS_CLIENT_CA", "", parsing.path, "the CA of the certificates that clients must show; empty: none"),
    Variable("ENABLE_WEBSOCKET", "true", parsing.boolean, "whether `/ws` is served"),
    Variable("ENABLE_GRPC", "true", parsing.boolean, "whether gRPC is served"),
    Variable(
        "STORE",
        "redis",
        parsing.one_of("redis", "embedded", "memory"),
        "where boards are kept: a Redis or Valkey, one that goboard starts itself, or nowhere (memory)",
    ),
    Variable("REDIS_ADDR", "localhost:6379", parsing.host_and_port, "the Redis server, as `host:port`"),
    Variable("REDIS_PASS", "", str, "its password", secret=True),
    Variable(
        "REDIS_URL",
        "",
        parsing.redis_url,
        "`redis://`, `rediss://`, `unix://`, `redis+sentinel://` or `redis+cluster://`; wins over ADDR and PASS",
        secret=True,
    ),
    Variable("REDIS_PREFIX", "prod:", parsing.prefix, "what the boards' keys begin with; no braces"),
    Variable("GOBOARD_DATA_DIR", "./goboard-data", parsing.path, "the embedded store's folder"),
    Variable(
        "EMBEDDED_FSYNC",
        "everysec",
        parsing.one_of("everysec", "always"),
        "what a power cut may cost the embedded store: 2 s of updates, or with `always` none",
    ),
    Variable("BOARDS_FILE", "", parsing.path, "a .toml or .json file with rules of boards, set at start"),
    *AUTH_VARIABLES,
    Variable("WORKERS", "1", parsing.integer(1, 256), "worker processes"),
    Variable("REQUEST_TIMEOUT", "5", parsing.seconds, "seconds until a request is answered with 504"),
    Variable("RATE_LIMIT", "0", parsing.rate, "updates a second by one identity in a worker; 0: any number"),
    Variable("RATE_LIMIT_BURST", "0", parsing.integer(0, 1_000_000), "how many at once; 0: as many as in a second"),
    Variable("STOP_DELAY", "0", parsing.pause, "seconds from a stop's `/ready` 503 until new work is refused"),
    Variable("MAX_LIMIT", "1000", parsing.integer(1, 100_000), "the most entries that `limit` may ask for"),
    Variable(
        "TOP_SNAPSHOT_MS",
        "0",
        parsing.integer(0, 60_000),
        "how many milliseconds old `top` of a board without rules may be; 0: all that was answered before is in it",
    ),
    Variable(
        "IDEMPOTENCY_TTL",
        "3600",
        parsing.integer(1, 7 * 86_400),
        "seconds for which an update with an idempotency key is known again",
    ),
    Variable(
        "IDEMPOTENCY_MAX_KEYS",
        "1000000",
        parsing.integer(1, 100_000_000),
        "the most keys that a board remembers; about 110 bytes each",
    ),
    Variable("LIVE_TICK_MS", "50", parsing.integer(10, 10_000), "milliseconds between two messages to a watcher"),
    Variable("LIVE_MAX_WATCHES", "16", parsing.integer(1, 1000), "the most views that one connection may watch"),
    Variable(
        "LIVE_MAX_PER_IDENTITY",
        "10000",
        parsing.integer(1, 1_000_000),
        "the most views that one identity may watch in a worker",
    ),
    Variable(
        "LIVE_MAX_VIEWS", "1000", parsing.integer(1, 100_000), "the most different views that are watched in a worker"
    ),
    Variable(
        "GRPC_MAX_MESSAGE_BYTES", "4194304", parsing.integer(1024, 2**30), "the largest gRPC message that is read"
    ),
    Variable("METRICS", "true", parsing.boolean, "whether `/metrics` is served"),
    Variable("METRICS_TOKEN", "", str, "the token that `/metrics` asks for; empty: none", secret=True),
    Variable("TRACES", "false", parsing.boolean, "whether requests are traced; needs the extra otel, and OTEL_*"),
    Variable("LOG_LEVEL", "info", parsing.one_of("debug", "info", "warning", "error"), "how much is logged"),
    Variable(
        "LOG_FORMAT",
        "auto",
        parsing.one_of("auto", "json", "text"),
        "how: as JSON, as text, or as text where standard error is a terminal and else as JSON",
    ),
    Variable("ACCESS_LOG", "false", parsing.boolean, "whether every answer is logged"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a server is told, checked."""

    http: Address
    grpc: Address
    tls: Tls | None
    enable_websocket: bool
    enable_grpc: bool
    store: str
    redis_url: str = field(repr=False)
    redis_prefix: str
    data_dir: str
    embedded_fsync: str
    """`everysec` or `always`."""
    boards_file: str
    """A path; empty: there is none."""
    auth_mode: str
    auth_secret: str = field(repr=False)
    auth_secret_previous: str = field(repr=False)
    """Empty: there is none; so is the one below."""
    static_role: Role
    jwt_secret: str = field(repr=False)
    jwt_secret_previous: str = field(repr=False)
    jwt_algorithm: str
    jwt_jwks: str
    """A path or a URL; empty: a shared secret is used."""
    jwt_issuer: str
    """Empty: any; so are no audiences."""
    jwt_audiences: tuple[str, ...]
    jwt_leeway: int
    """Seconds."""
    jwt_member_claim: str
    mismatch: Mismatch
    allow_self_delete: bool
    public_read: bool
    cors_origins: tuple[str, ...]
    cors_credentials: bool
    workers: int
    request_timeout: float
    rate_limit: float
    """Updates a second by one identity in a worker; 0: any number."""
    rate_limit_burst: int
    stop_delay: float
    """Seconds."""
    max_limit: int
    top_snapshot: float
    """Seconds."""
    retention: Retention
    live_tick: float
    """Seconds."""
    live_max_watches: int
    live_max_per_identity: int
    live_max_views: int
    grpc_max_message_bytes: int
    metrics: bool
    metrics_token: str = field(repr=False)
    traces: bool
    log_level: str
    log_format: str
    access_log: bool

    @classmethod
    def load(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings from `environment`, where `X_FILE` names a file that holds a secret `X`.

        Raises:
            SettingsError: something is wrong; it lists everything that is.
        """
        errors = Errors()
        values = Source(environment, errors).read(VARIABLES)
        _check_together(values, errors)
        errors.raise_any()
        return cls(
            http=values["HTTP_PORT"],
            grpc=values["GRPC_PORT"],
            tls=_tls(values),
            enable_websocket=values["ENABLE_WEBSOCKET"],
            enable_grpc=values["ENABLE_GRPC"],
            store=values["STORE"],
            redis_url=values["REDIS_URL"] or _redis_url(values["REDIS_ADDR"], values["REDIS_PASS"]),
            redis_prefix=values["REDIS_PREFIX"],
            data_dir=values["GOBOARD_DATA_DIR"],
            embedded_fsync=values["EMBEDDED_FSYNC"],
            boards_file=values["BOARDS_FILE"],
            auth_mode=values["AUTH_MODE"],
            auth_secret=values["AUTH_SECRET"],
            auth_secret_previous=values["AUTH_SECRET_PREVIOUS"],
            static_role=Role(values["AUTH_STATIC_ROLE"]),
            jwt_secret=values["JWT_SECRET"],
            jwt_secret_previous=values["JWT_SECRET_PREVIOUS"],
            jwt_algorithm=values["JWT_ALGORITHM"],
            jwt_jwks=values["JWT_JWKS"],
            jwt_issuer=values["JWT_ISSUER"],
            jwt_audiences=values["JWT_AUDIENCE"],
            jwt_leeway=values["JWT_LEEWAY"],
            jwt_member_claim=values["JWT_MEMBER_CLAIM"],
            mismatch=Mismatch(values["MEMBER_ID_MISMATCH"]),
            allow_self_delete=values["ALLOW_SELF_DELETE"],
            public_read=values["PUBLIC_READ"],
            cors_origins=values["CORS_ALLOWED_ORIGINS"],
            cors_credentials=values["CORS_ALLOW_CREDENTIALS"],
            workers=values["WORKERS"],
            request_timeout=values["REQUEST_TIMEOUT"],
            rate_limit=values["RATE_LIMIT"],
            rate_limit_burst=values["RATE_LIMIT_BURST"] or max(1, ceil(values["RATE_LIMIT"])),
            stop_delay=values["STOP_DELAY"],
            max_limit=values["MAX_LIMIT"],
            top_snapshot=values["TOP_SNAPSHOT_MS"] / 1000,
            retention=Retention(values["IDEMPOTENCY_TTL"], values["IDEMPOTENCY_MAX_KEYS"]),
            live_tick=values["LIVE_TICK_MS"] / 1000,
            live_max_watches=values["LIVE_MAX_WATCHES"],
            live_max_per_identity=values["LIVE_MAX_PER_IDENTITY"],
            live_max_views=values["LIVE_MAX_VIEWS"],
            grpc_max_message_bytes=values["GRPC_MAX_MESSAGE_BYTES"],
            metrics=values["METRICS"],
            metrics_token=values["METRICS_TOKEN"],
            traces=values["TRACES"],
            log_level=values["LOG_LEVEL"],
            log_format=values["LOG_FORMAT"],
            access_log=values["ACCESS_LOG"],
        )

    @property
    def redis_place(self) -> str:
        """Where the store is, without the password."""
        parts = urlsplit(self.redis_url)
        if parts.scheme == "unix":
            return parts.path
        service = parts.path if parts.scheme.endswith("+sentinel") else ""
        return parts.netloc.rpartition("@")[2] + service

    def with_token(self) -> Self:
        """Give the same settings with a token made at random where `static` has none."""
        if self.auth_mode != "static" or self.auth_secret:
            return self
        return replace(self, auth_secret=secrets.token_urlsafe(24))


def _tls(values: Mapping[str, Any]) -> Tls | None:
    if not values["TLS_CERT"]:
        return None
    return Tls(values["TLS_CERT"], values["TLS_KEY"], values["TLS_CLIENT_CA"] or None)


def _redis_url(address: str, password: str) -> str:
    return f"redis://:{quote(password, safe='')}@{address}" if password else f"redis://{address}"


def _check_together(values: Mapping[str, Any], errors: Errors) -> None:
    """Check what no variable can tell alone, as far as the variables it takes have values."""
    check_auth(values, errors)
    _check_tls(values, errors)
    workers = values.get("WORKERS", 1)
    if values.get("STORE") == "memory" and workers != 1:
        errors.add("WORKERS", str(workers), "STORE=memory is kept in one worker: say 1, or another store")


def _check_tls(values: Mapping[str, Any], errors: Errors) -> None:
    if values.get("TLS_CERT") and not values.get("TLS_KEY"):
        errors.add("TLS_KEY", "", "TLS_CERT needs the file of its private key")
    for name in ("TLS_KEY", "TLS_CLIENT_CA"):
        if values.get(name) and values.get("TLS_CERT") == "":
            errors.add(name, values[name], "it is of no use without TLS_CERT: set that too")
