"""The rows about live standings."""

from collections.abc import Callable

from bench.idle import BARE_SOCKET, BARE_STREAM, GRPC, GRPC_SHARED, SSE, WEBSOCKET
from bench.load.tally import Live
from bench.results import Sample
from bench.slices import WATCHERS
from bench.values import ApartRow, Figure, Statistic, Target, rate

_STALENESS = Target(150, at_most=True)
_MEMORY = Target(20, at_most=True)
_VERSION = Target(1.05, at_most=True)


def _p99_ms(sample: Sample) -> float:
    return sample.p99_us / 1e3


def _live(of: Callable[[Live], float]) -> Statistic:
    return lambda sample: of(sample.live) if sample.live else None


def _memory(what: str, kind: str, target: Target | None) -> ApartRow:
    return ApartRow(
        what, target, lambda results: [results.idle_kib[kind]] if kind in results.idle_kib else [], name=kind
    )


LIVE_ROWS = (
    Figure("live, 1,000 watchers of a board, 2,000 updates/s: p99 staleness (ms)", "live", _p99_ms, _STALENESS),
    Figure("the same in two workers, the updates at another replica (ms)", "live replicas", _p99_ms, _STALENESS),
    Figure(
        "the same in one worker, by the oldest update in each message (ms)",
        "live",
        _live(lambda live: live.oldest_p99_us / 1e3),
    ),
    Figure("messages delivered a second: all ticks' changes to all watchers", "live", rate),
    Figure("messages that were a snapshot in place of changes (share)", "live", _live(lambda live: live.conflated)),
    Figure("share of a core that the worker took", "live", _live(lambda live: live.server_share)),
    Figure("share of a core that Redis took, the updates included", "live", _live(lambda live: live.redis_share)),
    Figure("reads of the board a second: one a tick", "live", _live(lambda live: live.reads)),
    Figure("messages delivered a second with LIVE_TICK_MS=10", "live 10 ms", rate),
    Figure(
        "1,000 watchers, each around another member: reads of each view a second",
        "live around",
        _live(lambda live: live.reads / WATCHERS),
    ),
    Figure(
        "the same: share of a core that Redis took, the updates included",
        "live around",
        _live(lambda live: live.redis_share),
    ),
    Figure("the same: share of a core that the worker took", "live around", _live(lambda live: live.server_share)),
    ApartRow(
        "time an update, with a version ÷ without, nobody watching, 200 callers waiting",
        _VERSION,
        lambda results: results.version_time,
    ),
    ApartRow(
        "Redis CPU an update, with a version ÷ without, the same", _VERSION, lambda results: results.version_redis
    ),
    _memory("memory an idle watcher takes in the worker: WebSocket (KiB)", WEBSOCKET, _MEMORY),
    _memory("of which Granian's own: a bare socket on it (KiB)", BARE_SOCKET, None),
    _memory("the same: server-sent events (KiB)", SSE, _MEMORY),
    _memory("of which Granian's own: a bare answer that does not end (KiB)", BARE_STREAM, None),
    _memory("the same: gRPC, a connection each (KiB)", GRPC, _MEMORY),
    _memory("the same: gRPC, 100 streams a connection (KiB)", GRPC_SHARED, None),
)
