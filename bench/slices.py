"""What is run: one contender under one load each, in an order that puts side by side what is compared."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from bench.boards import (
    DENSE,
    EARLIEST,
    HUNDRED_THOUSAND,
    HUNDRED_THOUSAND_DENSE,
    HUNDRED_THOUSAND_EARLIEST,
    MILLION,
    MILLION_MOVED,
    MOVED,
    SHARED,
    SMALL,
    TEN_MILLION,
    THREE_WINDOWS,
    TWO_WINDOWS,
    WATCHED,
    WATCHED_AROUND,
    Board,
)
from bench.contenders import FASTAPI, GO, GOBOARD, GOBOARD_2, GOBOARD_10_MS, GRPC_AIO, NOOP

REDIS = "Redis"
"""The contender of the loads that go to Redis itself."""


class Size(IntEnum):
    """How long a run is; a slice belongs to this one and the longer ones."""

    QUICK = 0
    DEFAULT = 1
    LARGE = 2


class Pace(NamedTuple):
    """A rate taken from another slice, which comes before."""

    of: str
    share: float


@dataclass(frozen=True, slots=True)
class Slice:
    """One contender under one load."""

    name: str
    """Unique; what rows refer to."""
    what: str
    contender: str
    load: str
    """The kind of load and its options."""
    board: Board = SMALL
    updates: bool = True
    """Whether each answer is an update, to be found again in Redis's statistics."""
    command: str = "zincrby"
    """What such an update has Redis do."""
    calls: int = 1
    """How often, for each."""
    size: Size = Size.QUICK
    pace: Pace | None = None
    """Where it does not run as fast as it can."""
    tool: str = ""
    """A program without which it cannot run."""
    writer: str = ""
    """The contender that gets the updates, where it is another than the watchers'."""


_REST = "--connections 200"
_SOCKETS = "--connections 50 --in-flight 8"
_STREAMS = "--connections 8 --in-flight 32"
_CALLS = "--connections 8 --in-flight 4"
WATCHERS = 1000
_WATCHERS = f"live --connections {WATCHERS} --rate 2000"


def _rest() -> Iterator[Slice]:
    yield Slice("rest", "REST increment, 200 connections", GOBOARD, f"rest {_REST}")
    yield Slice("rest noop", "no-op POST, 200", NOOP, f"http-post {_REST} --path /guarded/noop", updates=False)
    yield Slice("rest go", "REST increment, 200", GO, f"rest {_REST}")
    yield Slice("rest fastapi", "REST increment, 200", FASTAPI, f"rest {_REST}")
    yield Slice("rest 2 workers", "REST increment, 200", GOBOARD_2, f"rest {_REST}")
    yield Slice("rest half", "REST at half of its rate, 200", GOBOARD, f"rest-paced {_REST}", pace=Pace("rest", 0.5))
    yield Slice("rest 50", "REST increment, 50 connections", GOBOARD, "rest --connections 50", size=Size.DEFAULT)
    yield Slice("rest go 50", "REST increment, 50", GO, "rest --connections 50", size=Size.DEFAULT)
    yield Slice("rest batch", "REST, 100 updates a request, 8", GOBOARD, "rest-batch --connections 8 --batch 100")
    yield Slice("top", "GET top?limit=10, 200", GOBOARD, f"rest-top {_REST}", updates=False)
    yield Slice("top noop", "no-op GET, 200", NOOP, f"http-get {_REST} --path /guarded/noop", updates=False)
    bare = f"http-post {_REST} --path /noop"
    yield Slice("rest noop bare", "no-op POST without a token", NOOP, bare, updates=False, size=Size.DEFAULT)
    bare = f"http-get {_REST} --path /noop"
    yield Slice("top noop bare", "no-op GET without a token", NOOP, bare, updates=False, size=Size.DEFAULT)
    wrk = f"wrk --kind rest {_REST} --warmup 0"  # its warm-up would be a run of a second of its own
    yield Slice("rest wrk", "REST increment, 200, by wrk", GOBOARD, wrk, size=Size.DEFAULT, tool="wrk")


def _websocket() -> Iterator[Slice]:
    arrays = "ws --connections 8 --in-flight 4 --batch 50"
    yield Slice("ws", "WebSocket, 50 sockets, 8 in flight each", GOBOARD, f"ws {_SOCKETS}")
    yield Slice("ws echo", "WebSocket echo, the same", NOOP, f"ws {_SOCKETS} --path /echo", updates=False)
    yield Slice("ws go", "WebSocket, the same", GO, f"ws {_SOCKETS}")
    yield Slice("ws fastapi", "WebSocket, the same", FASTAPI, f"ws {_SOCKETS}", size=Size.DEFAULT)
    yield Slice("ws arrays", "WebSocket, 50 updates a frame, 8 sockets, 4 in flight each", GOBOARD, arrays)


def _store() -> Iterator[Slice]:
    scripted = "scripted --connections 50"
    yield Slice("scripted", "redis-benchmark -P 32 of goboard's script", REDIS, scripted, tool="redis-benchmark")
    pairs = "pairs --connections 1"
    yield _by_rules("earliest", "ties earliest", EARLIEST, 1)
    yield _by_rules("two windows", "two windows", TWO_WINDOWS, 2)
    yield _by_rules("three windows", "three windows", THREE_WINDOWS, 3, Size.DEFAULT)
    yield _by_rules("dense", "ties dense", DENSE, 2, Size.DEFAULT)
    yield _by_rules("shared", "ties shared", SHARED, 1, Size.DEFAULT)
    yield Slice("callers", "goboard as a library, 200 callers", REDIS, "callers --connections 200")
    yield Slice(
        "pairs", "ZINCRBY + ZREVRANK, 200 pairs a write, at the library's rate", REDIS, pairs, pace=Pace("callers", 1)
    )
    yield Slice("pairs peak", "ZINCRBY + ZREVRANK, 200 a write", REDIS, pairs)


def _by_rules(name: str, what: str, board: Board, calls: int, size: Size = Size.QUICK) -> Slice:
    """The library on a board with rules, whose scores are put in place by ZADD."""
    what = f"the library, 200 callers, {what}"
    return Slice(name, what, REDIS, "callers --connections 200", board, command="zadd", calls=calls, size=size)


def _grpc() -> Iterator[Slice]:
    yield Slice("stream", "gRPC, 8 streams, 32 in flight each", GOBOARD, f"grpc-stream {_STREAMS}")
    yield Slice("stream grpc.aio", "gRPC streams, the same", GRPC_AIO, f"grpc-stream {_STREAMS}")
    yield Slice("stream go", "gRPC streams, the same", GO, f"grpc-stream {_STREAMS}")
    yield Slice("stream 2 workers", "gRPC streams, the same", GOBOARD_2, f"grpc-stream {_STREAMS}")
    yield Slice("unary", "gRPC unary, 8 connections, 4 in flight each", GOBOARD, f"grpc-unary {_CALLS}")
    yield Slice("unary grpc.aio", "gRPC unary, the same", GRPC_AIO, f"grpc-unary {_CALLS}")
    yield Slice("unary go", "gRPC unary, the same", GO, f"grpc-unary {_CALLS}")


def _live() -> Iterator[Slice]:
    what, around = "1,000 watchers of the first ten, 2,000 updates/s", f"{_WATCHERS} --around"
    apart = f"{what} at another replica"
    each = "1,000 watchers, each around another member"
    yield Slice("live", what, GOBOARD, _WATCHERS, WATCHED)
    yield Slice("live 10 ms", what, GOBOARD_10_MS, _WATCHERS, WATCHED, size=Size.DEFAULT)
    yield Slice("live replicas", apart, GOBOARD_2, _WATCHERS, WATCHED, writer=GOBOARD)
    yield Slice("live around", each, GOBOARD, around, WATCHED_AROUND, size=Size.DEFAULT)


def _large() -> Iterator[Slice]:
    load = f"rest {_REST}"
    yield Slice("rest 1e6", "REST increment, 200, board of 1e6", GOBOARD, load, MILLION, size=Size.DEFAULT)
    yield Slice("rest 1e7", "REST increment, 200, board of 1e7", GOBOARD, load, TEN_MILLION, size=Size.LARGE)


# The large boards first: right beside the small one that they are compared with.
SLICES = (*_large(), *_rest(), *_websocket(), *_store(), *_grpc(), *_live())


def slices_of(size: Size) -> list[Slice]:
    """The slices of a run of that size."""
    return [one for one in SLICES if one.size <= size]


def boards_of(size: Size, slices: Sequence[Slice]) -> list[Board]:
    """The boards to fill for a run of that size and these slices, the largest last."""
    used = {HUNDRED_THOUSAND, HUNDRED_THOUSAND_EARLIEST, *(one.board for one in slices)}
    if size > Size.QUICK:
        used.add(HUNDRED_THOUSAND_DENSE)
    return sorted(used, key=lambda board: (board.members, board.name))


def moved_board(size: Size) -> Board:
    """The board to change and move in a run of that size."""
    return MILLION_MOVED if size is Size.LARGE else MOVED
