"""The rows of the result: mostly ratios, taken round by round, and the targets they are held against."""

from collections.abc import Sequence

from bench.boards import HUNDRED_THOUSAND_DENSE, HUNDRED_THOUSAND_EARLIEST, Board
from bench.live_rows import LIVE_ROWS
from bench.results import Results
from bench.values import ApartRow, Figure, Row, Target, p50, p99, redis_cpu, time

AnyRow = Row | Figure | ApartRow


def _member_bytes(results: Results, board: Board) -> Sequence[float]:
    return [results.member_bytes[board]] if board in results.member_bytes else []


ROWS: tuple[AnyRow, ...] = (
    Row("REST increment, real Redis ÷ Litestar no-op POST on the same server", "rest", "rest noop", Target(1.5)),
    Row("REST increment ÷ FastAPI + uvicorn + redis-py", "rest", "rest fastapi", Target(3)),
    Row("WebSocket, one update a frame ÷ the same socket echoing", "ws", "ws echo", Target(0.7)),
    Row(
        "WebSocket, 50 updates a frame ÷ redis-benchmark -P 32 of scripted incr + rank",
        "ws arrays",
        "scripted",
        Target(0.8),
    ),
    Row("gRPC stream ÷ grpc.aio + protobuf doing the same", "stream", "stream grpc.aio", Target(2.5)),
    Row("gRPC unary ÷ grpc.aio + protobuf doing the same", "unary", "unary grpc.aio", Target(0.9)),
    Row("÷ the Go service: REST, 200 connections", "rest", "rest go", Target(1.1)),
    Row("÷ the Go service: WebSocket, 50 sockets, one a frame, 8 in flight each", "ws", "ws go", Target(1.5)),
    Row("÷ the Go service: gRPC stream, 8 streams, 32 in flight each", "stream", "stream go", Target(1.3)),
    Row("÷ the Go service: gRPC unary", "unary", "unary go"),
    Row(
        "Redis CPU an update ÷ plain pipelined ZINCRBY + ZREVRANK, 200 callers waiting",
        "callers",
        "pairs",
        Target(1.4, at_most=True),
        redis_cpu,
    ),
    Row(
        "the same ÷ plain pipelined ZINCRBY + ZREVRANK without a pause",
        "callers",
        "pairs peak",
        of=redis_cpu,
    ),
    Row("GET top?limit=10 ÷ Litestar no-op GET", "top", "top noop", Target(1)),
    Row("REST time an update, board of 1e7 ÷ board of 1e4", "rest 1e7", "rest", Target(2, at_most=True), time),
    Row("REST time an update, board of 1e6 ÷ board of 1e4", "rest 1e6", "rest", Target(2, at_most=True), time),
    Row("Redis CPU an update, board of 1e7 ÷ board of 1e4", "rest 1e7", "rest", Target(6, at_most=True), redis_cpu),
    Row("Redis CPU an update, board of 1e6 ÷ board of 1e4", "rest 1e6", "rest", Target(6, at_most=True), redis_cpu),
    ApartRow(
        "memory a member in Redis, 13-byte ids, default rules (bytes)",
        Target(115, at_most=True),
        lambda results: _member_bytes(results, results.largest),
    ),
    ApartRow(
        "the same, ties earliest",
        Target(225, at_most=True),
        lambda results: _member_bytes(results, HUNDRED_THOUSAND_EARLIEST),
    ),
    ApartRow(
        "the same, ties dense, no two scores equal",
        None,
        lambda results: _member_bytes(results, HUNDRED_THOUSAND_DENSE),
    ),
    Row("time an update, ties earliest ÷ default rules", "earliest", "callers", Target(1.6, at_most=True), time),
    Row("time an update, two windows ÷ one", "two windows", "callers", Target(2, at_most=True), time),
    Row("time an update, three windows ÷ one", "three windows", "callers", Target(3, at_most=True), time),
    Row("time an update, ties dense ÷ default rules", "dense", "callers", of=time),
    Row("time an update, ties shared ÷ default rules", "shared", "callers", of=time),
    Row("Redis CPU an update, ties earliest ÷ default rules", "earliest", "callers", of=redis_cpu),
    Row("Redis CPU an update, two windows ÷ one", "two windows", "callers", of=redis_cpu),
    Row("Redis CPU an update, three windows ÷ one", "three windows", "callers", of=redis_cpu),
    Row("Redis CPU an update, ties dense ÷ default rules", "dense", "callers", of=redis_cpu),
    Row("Redis CPU an update, ties shared ÷ default rules", "shared", "callers", of=redis_cpu),
    ApartRow(
        "longest call of Redis: rules changed with data, import, export, delete (ms of its CPU)",
        Target(5, at_most=True),
        lambda results: results.longest_ms,
    ),
    ApartRow("the same by the clock, other processes included (ms)", None, lambda results: results.longest_ms_by_clock),
    Row("p99 at half the peak load ÷ p50", "rest half", "rest half", Target(10, at_most=True), p99, p50),
    Row("REST increment ÷ Litestar no-op POST that asks for no token", "rest", "rest noop bare"),
    Row("GET top?limit=10 ÷ Litestar no-op GET that asks for no token", "top", "top noop bare"),
    Row("REST, 2 workers ÷ 1", "rest 2 workers", "rest"),
    Row("gRPC stream, 2 workers ÷ 1", "stream 2 workers", "stream"),
    Row("REST, 100 updates a request ÷ one", "rest batch", "rest"),
    Row("WebSocket, 50 updates a frame ÷ one", "ws arrays", "ws"),
    Row("÷ the Go service: REST, 50 connections", "rest 50", "rest go 50"),
    Row("WebSocket ÷ FastAPI + uvicorn + redis-py", "ws", "ws fastapi"),
    Row("REST increment as wrk measures it ÷ as our own generator does", "rest wrk", "rest"),
    *LIVE_ROWS,
)
