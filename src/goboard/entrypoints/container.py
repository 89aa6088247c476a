"""The wiring: the one place that knows which adapter stands behind which port."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic

import svcs

from goboard.adapters.auth import (
    ClaimRules,
    JwtVerifier,
    KeySet,
    KeySetError,
    NoopVerifier,
    PublishedKeys,
    RememberingVerifier,
    SharedSecrets,
    StaticVerifier,
    is_url,
    reader,
)
from goboard.adapters.auth.jwt import mint
from goboard.adapters.clock import SystemClock
from goboard.adapters.embedded import EmbeddedError, EmbeddedServer, attach
from goboard.adapters.memory import MemoryBoardStore, MemoryEventBus
from goboard.adapters.redis import RedisBoardStore, RedisEventBus, Remark, advice
from goboard.domain.identity import Role
from goboard.domain.names import MemberName
from goboard.domain.rates import RateLimit
from goboard.entrypoints.gate import Gate
from goboard.entrypoints.metrics.observed import Measures
from goboard.entrypoints.settings import Settings
from goboard.leaderboards import Leaderboards
from goboard.live import LiveStandings, WatchLimits
from goboard.ports.clock import Clock
from goboard.ports.events import EventBus
from goboard.ports.spans import StoreSpans
from goboard.ports.store import BoardStore
from goboard.ports.tokens import TokenVerifier

__all__ = [
    "EmbeddedError",
    "KeySetError",
    "check_keys",
    "mint_token",
    "open_leaderboards",
    "passes_by_embedded",
    "reachable_store",
    "registry_for",
    "started_store",
    "store_advice",
]


_measures = Measures()


def registry_for(settings: Settings, spans: StoreSpans | None = None) -> svcs.Registry:
    """Register what a worker with these settings is made of; closing the registry closes the store."""
    registry = svcs.Registry()
    store, events = _store_and_events(settings, spans)
    registry.register_value(BoardStore, store, on_registry_close=store.close)
    registry.register_value(EventBus, events, on_registry_close=events.close)
    clock = SystemClock()
    registry.register_value(Clock, clock)
    _register_verifier(registry, settings, clock)

    def gate(container: svcs.Container) -> Gate:
        verifier = container.get_abstract(TokenVerifier)
        rates = RateLimit(settings.rate_limit, settings.rate_limit_burst, monotonic) if settings.rate_limit else None
        return Gate(verifier, settings.mismatch, public_read=settings.public_read, now=clock.now, rates=rates)

    def live(container: svcs.Container) -> LiveStandings:
        store, events = container.get_abstract(BoardStore), container.get_abstract(EventBus)
        limits = WatchLimits(settings.live_max_views, settings.live_max_per_identity)
        return LiveStandings(store, events, clock.now, tick=settings.live_tick, limits=limits, measures=_measures)

    registry.register_factory(Gate, gate)
    registry.register_factory(LiveStandings, live)
    return registry


def _store_and_events(settings: Settings, spans: StoreSpans | None = None) -> tuple[BoardStore, EventBus]:
    """Make the store, and the bus on which its changes are heard."""
    if settings.store == "memory":
        events = MemoryEventBus()
        return MemoryBoardStore(events, retention=settings.retention), events
    return _redis_store(settings, spans), RedisEventBus.from_url(settings.redis_url, prefix=settings.redis_prefix)


def _redis_store(settings: Settings, spans: StoreSpans | None) -> BoardStore:
    return RedisBoardStore.from_url(
        settings.redis_url,
        prefix=settings.redis_prefix,
        top_snapshot=settings.top_snapshot,
        retention=settings.retention,
        measures=_measures,
        spans=spans,
    )


def _register_verifier(registry: svcs.Registry, settings: Settings, clock: Clock) -> None:
    if settings.auth_mode == "jwt":
        _register_jwt(registry, settings, clock)
    elif settings.auth_mode == "noop":
        registry.register_value(TokenVerifier, NoopVerifier())
    else:
        previous = settings.auth_secret_previous
        static = StaticVerifier(settings.auth_secret, settings.static_role, previous=previous)
        registry.register_value(TokenVerifier, static)


def _register_jwt(registry: svcs.Registry, settings: Settings, clock: Clock) -> None:
    keys = _keys(settings)
    verifier = JwtVerifier(keys, settings.jwt_algorithm, clock, _claim_rules(settings))
    remembering = RememberingVerifier(verifier, clock)
    registry.register_value(TokenVerifier, remembering)
    if isinstance(keys, PublishedKeys):
        registry.register_value(PublishedKeys, keys, on_registry_close=keys.close)
        keys.start(remembering.forget)


def _keys(settings: Settings) -> SharedSecrets | PublishedKeys:
    if settings.jwt_jwks:
        return PublishedKeys(reader(settings.jwt_jwks), settings.jwt_algorithm)
    return SharedSecrets(*filter(None, (settings.jwt_secret, settings.jwt_secret_previous)))


def check_keys(settings: Settings) -> None:
    """See that the file JWT_JWKS, where it is one, can be used; a URL may be away, and is asked again later.

    Raises:
        KeySetError: it cannot; the message names it and says why.
    """
    place = settings.jwt_jwks
    if settings.auth_mode != "jwt" or not place or is_url(place):
        return
    try:
        KeySet.parse(reader(place)(), settings.jwt_algorithm)
    except (OSError, ValueError, KeySetError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise KeySetError(f"JWT_JWKS={place}: the keys cannot be used: {reason}") from exc


def _claim_rules(settings: Settings) -> ClaimRules:
    return ClaimRules(
        settings.jwt_issuer,
        settings.jwt_audiences,
        settings.jwt_leeway,
        settings.jwt_member_claim,
        needs_end=bool(settings.jwt_jwks),
    )


@contextmanager
def started_store(settings: Settings) -> Iterator[Settings]:
    """Have the store running that `settings` name, and give the settings with which to reach it.

    Raises:
        EmbeddedError: the embedded server cannot be started; the message says why.
    """
    if settings.store != "embedded":
        yield settings
        return
    with EmbeddedServer.start(Path(settings.data_dir), fsync=settings.embedded_fsync) as server:
        yield replace(settings, redis_url=server.url)


@contextmanager
def reachable_store(settings: Settings) -> Iterator[Settings]:
    """Like `started_store`, but beside a server that is running already use that server's store."""
    running = attach(Path(settings.data_dir)) if settings.store == "embedded" else None
    if running:
        yield replace(settings, redis_url=running)
        return
    with started_store(settings) as reachable:
        yield reachable


async def store_advice(settings: Settings) -> list[Remark]:
    """Say what the settings of a store that others run mean for what is promised.

    Raises:
        StoreUnavailable: it cannot be reached.
    """
    return await advice(settings.redis_url) if settings.store == "redis" else []


def passes_by_embedded(settings: Settings) -> bool:
    """Tell whether an embedded store runs in the data folder while the settings name another store."""
    with suppress(EmbeddedError):  # a folder that cannot be read: there is nothing to tell
        return settings.store != "embedded" and attach(Path(settings.data_dir)) is not None
    return False


def mint_token(settings: Settings, member: MemberName, role: Role, lifetime: float) -> str:
    """Make a JWT for `member` that ends `lifetime` seconds from now, signed with the shared secret."""
    expires_at = SystemClock().now() + lifetime
    return mint(settings.jwt_secret, settings.jwt_algorithm, member, role, expires_at, rules=_claim_rules(settings))


def open_leaderboards(settings: Settings) -> Leaderboards:
    """Open the boards of `settings`, for as long as a command needs them: in an `async with`.

    Raises:
        InvalidArgument: REDIS_URL has an option that there is not.
    """
    return Leaderboards(_store_and_events(settings)[0], SystemClock().now)
