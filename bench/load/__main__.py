"""The command line: one run, one line of JSON."""

import argparse
import json
from collections.abc import Callable, Coroutine

import uvloop

from bench.load import grpc, websocket, wrk
from bench.load.driver import Course, drive
from bench.load.grpc import StreamConnection, UnaryConnection
from bench.load.live import run_live
from bench.load.members import drawn_members
from bench.load.pacing import drive_paced
from bench.load.rest import Requests, RestConnection
from bench.load.tally import Result, Tally
from bench.load.traffic import Traffic
from bench.load.websocket import WebSocketConnection

WRK_KINDS = ("rest", "rest-top", "http-post", "http-get")

Options = argparse.Namespace
Run = Callable[[Options, Course, Tally], Coroutine[None, None, None]]


def course_of(options: Options) -> Course:
    """Where to and for how long."""
    return Course(options.host, options.port, options.connections, options.warmup, options.seconds)


def http_traffic(options: Options) -> Traffic:
    """The requests of a kind that speaks HTTP/1.1."""
    requests = Requests(options.host, options.token, options.board)
    if options.kind in ("rest", "rest-paced"):
        return requests.increments(drawn_members(options.members, options.seed))
    if options.kind == "rest-batch":
        return requests.increment_batches(drawn_members(options.members, options.seed), options.batch)
    if options.kind == "rest-top":
        return requests.top()
    return requests.post(options.path) if options.kind == "http-post" else requests.get(options.path)


async def run_http(options: Options, course: Course, tally: Tally) -> None:
    """HTTP/1.1, a closed loop."""
    traffic = http_traffic(options)
    await drive(course, tally, lambda: RestConnection(tally, traffic))


async def run_paced(options: Options, course: Course, tally: Tally) -> None:
    """HTTP/1.1 at a fixed rate."""
    await drive_paced(course, tally, http_traffic(options), options.rate)


async def run_websocket(options: Options, course: Course, tally: Tally) -> None:
    """WebSocket, a closed loop."""
    names = drawn_members(options.members, options.seed)
    traffic = websocket.update_frames(options.board, names, options.batch, options.path)
    upgrade = websocket.upgrade_request(options.host, options.path, options.token)
    await drive(course, tally, lambda: WebSocketConnection(tally, traffic, options.in_flight, upgrade))


async def run_unary(options: Options, course: Course, tally: Tally) -> None:
    """Unary gRPC calls, a closed loop."""
    traffic = grpc.updates(options.board, drawn_members(options.members, options.seed))
    block = grpc.call_headers(grpc.UNARY, options.host, options.token)
    await drive(course, tally, lambda: UnaryConnection(tally, traffic, options.in_flight, block))


async def run_stream(options: Options, course: Course, tally: Tally) -> None:
    """Bidirectional gRPC streams, a closed loop."""
    traffic = grpc.updates(options.board, drawn_members(options.members, options.seed))
    block = grpc.call_headers(grpc.STREAM, options.host, options.token)
    streams = options.streams_per_connection
    await drive(course, tally, lambda: StreamConnection(tally, traffic, streams, options.in_flight, block))


RUNS: dict[str, Run] = {
    "rest": run_http,
    "rest-batch": run_http,
    "rest-top": run_http,
    "http-post": run_http,
    "http-get": run_http,
    "rest-paced": run_paced,
    "ws": run_websocket,
    "grpc-unary": run_unary,
    "grpc-stream": run_stream,
}


def run_wrk(options: Options) -> Result:
    """HTTP/1.1 by wrk."""
    names = drawn_members(options.members, options.seed)
    target = wrk.target(options.wrk_kind, options.board, names, options.path, options.token)
    return wrk.run(options.wrk_kind, course_of(options), target)


OTHERS: dict[str, Callable[[Options], Result]] = {"wrk": run_wrk, "live": run_live}
"""Kinds that are no course of connections with one tally."""


def run_ours(options: Options) -> Result:
    """Any other kind."""
    tally = Tally()
    uvloop.run(RUNS[options.kind](options, course_of(options), tally))
    return tally.result(options.kind)


def parser() -> argparse.ArgumentParser:
    """The options of all kinds."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    common = _common_options()
    of = {kind: kinds.add_parser(kind, parents=[common]) for kind in (*RUNS, *OTHERS)}
    for kind in ("http-post", "http-get"):
        of[kind].add_argument("--path", required=True)
    of["rest-batch"].add_argument("--batch", type=int, default=100, help="updates a request")
    of["rest-paced"].add_argument("--rate", type=float, required=True, help="requests a second")
    of["ws"].add_argument("--batch", type=int, default=1, help="updates a frame; 1: no array")
    of["ws"].add_argument("--path", default="/ws", help=f"{websocket.ECHO_PATH}: what is sent comes back")
    for kind in ("ws", "grpc-unary", "grpc-stream"):
        of[kind].add_argument("--in-flight", type=int, default=8, help="frames a socket, calls or updates of a stream")
    of["grpc-stream"].add_argument("--streams-per-connection", type=int, default=1)
    of["live"].add_argument("--rate", type=float, required=True, help="updates a second")
    of["live"].add_argument("--around", action="store_true", help="each watches another member's surroundings")
    of["live"].add_argument("--writer-port", type=int, help="where updates go; absent: to --port too")
    of["live"].add_argument("--server-pid", type=int, required=True, help="whose watchers they are")
    of["live"].add_argument("--redis-port", type=int, required=True)
    of["wrk"].add_argument("--kind", dest="wrk_kind", choices=WRK_KINDS, required=True)
    of["wrk"].add_argument("--path", default="/")
    return parser


def _common_options() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--host", default="127.0.0.1")
    common.add_argument("--port", type=int, required=True)
    common.add_argument("--token", default="")
    common.add_argument("--board", default="bench")
    common.add_argument("--members", type=int, default=10_000, help="how many the board has")
    common.add_argument("--seed", type=int, default=1, help="of the draw of members")
    common.add_argument("--connections", type=int, default=50)
    common.add_argument("--seconds", type=float, default=3.0, help="the measured window")
    common.add_argument("--warmup", type=float, default=1.0)
    return common


def main() -> None:
    """Run, and print."""
    options = parser().parse_args()
    result = OTHERS.get(options.kind, run_ours)(options)
    print(json.dumps(result._asdict()))


if __name__ == "__main__":
    main()
