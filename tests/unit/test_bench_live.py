"""What the benchmark of watched boards rests on: what messages tell, how stale they are, what a watcher takes."""

import contextlib
import dataclasses
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dashboard_pb
import pytest
import redis
import uvloop

from bench import idle, turn
from bench.boards import WATCHED, Board
from bench.contenders import GOBOARD, Contender, Fleet, Launcher
from bench.load import live
from bench.load.account import Account
from bench.load.connection import BrokenError
from bench.load.idle import IdleEvents
from bench.load.live import Audience, Watcher, Writer
from bench.load.protobuf import split_messages, watch_request
from bench.load.standings import CLOCK, Reader, Told, read_message
from bench.load.tally import Tally
from bench.processes import Family
from bench.redis_side import RedisSide, started_redis
from bench.results import Results
from bench.rows import ROWS
from bench.schedule import PLANS
from bench.slices import SLICES, Size, Slice
from bench.turn import FaultError, Stage, take_turn
from bench.values import ApartRow
from bench.versions import measure_versions, without_versions
from goboard.adapters.redis import RedisBoardStore, batch
from goboard.adapters.redis.scripts import WRITE
from goboard.domain.names import BoardName
from goboard.domain.views import Top, View

pytestmark = pytest.mark.slow  # many processes are started


def entry(name: str, score: float) -> dict[str, Any]:
    return {"id": name, "rank": 1, "score": score}


def snapshot(version: int, *members: dict[str, Any]) -> bytes:
    return json.dumps({"type": "snapshot", "epoch": "e", "version": version, "members": members}).encode()


def change(since: int, to: int, *moved: dict[str, Any], entered: tuple[dict[str, Any], ...] = ()) -> bytes:
    said = {"type": "change", "epoch": "e", "from": since, "to": to, "entered": entered, "left": [], "moved": moved}
    return json.dumps(said).encode()


def test_a_message_tells_its_states_and_the_newest_of_its_clocks() -> None:
    clocks = [entry(f"{CLOCK}-0", 3e6), entry(f"{CLOCK}-1", 5e6), entry("member-1", 9e6)]
    assert read_message(snapshot(7, *clocks)) == Told(None, ("e", 7), 5.0)
    assert read_message(change(7, 9, clocks[0], entered=(clocks[1],))) == Told(("e", 7), ("e", 9), 5.0)
    assert read_message(change(7, 9, clocks[2])).newest is None


@pytest.mark.parametrize("said", [b'{"problem":{}}', b'{"type":"ended"}'])
def test_what_is_neither_a_snapshot_nor_a_change_is_no_message(said: bytes) -> None:
    with pytest.raises(BrokenError):
        read_message(said)


def test_a_message_that_all_are_sent_is_taken_apart_once() -> None:
    reader = Reader()
    first = reader.read(snapshot(1))
    assert reader.read(snapshot(1)) is first
    for version in range(2, 200):  # it does not remember for ever
        reader.read(snapshot(version))
    assert reader.read(snapshot(1)) is not first


async def test_staleness_counts_from_the_newest_update_shown_and_from_the_oldest_that_is_new() -> None:
    audience, now = Audience(), time.perf_counter()
    watcher = Watcher(audience, b"", b"")
    watcher.text_came(snapshot(1, entry(CLOCK, (now - 3) * 1e6)))
    audience.newest.open_window()
    audience.oldest.open_window()
    watcher.text_came(change(1, 2, entry(CLOCK, (now - 1) * 1e6)))
    watcher.text_came(change(2, 3, entry("member-1", 5)))  # the clock stands where it stood: there is nothing to tell
    audience.newest.close_window()
    audience.oldest.close_window()
    newest, oldest = audience.newest.result("live"), audience.oldest.result("live")
    assert newest.counted == 2
    assert (newest.p99_us / 1e6, oldest.p99_us / 1e6) == (pytest.approx(1, abs=0.5), pytest.approx(3, abs=0.5))
    assert not newest.errors


async def test_a_change_that_does_not_go_on_from_the_state_is_an_error_and_a_snapshot_in_between_is_counted() -> None:
    audience = Audience()
    watcher = Watcher(audience, b"", b"")
    for message in (snapshot(1), change(1, 3), snapshot(8), b'{"op":"ping"}', change(8, 9)):
        watcher.text_came(message)
    assert (audience.newest.answered, audience.newest.errors, audience.conflated) == (3, 0, 1)
    watcher.text_came(change(8, 10))
    assert audience.newest.errors == 1


async def test_a_watcher_that_is_not_shown_the_last_update_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LAST_SECONDS", 0.05)
    audience = Audience()
    watchers = [Watcher(audience, b"", b"") for _ in range(3)]
    for watcher, newest in zip(watchers, (4, 5, 6), strict=True):
        watcher.text_came(snapshot(1, entry(CLOCK, newest * 1e6)))
    await live._see_the_last(watchers, 5.0)
    assert audience.newest.errors == 1


async def test_a_reply_with_a_problem_is_an_update_that_failed() -> None:
    tally = Tally()
    writer = Writer(tally, b"", "b", CLOCK)
    writer._sizes.extend([1, 2])
    writer.text_came(b'[{"member_id":"clock","rank":1,"score":5}]')
    assert (writer.clock_us, writer.in_flight) == (5, 2)
    writer.text_came(b'[{"member_id":"clock","rank":1,"score":5},{"problem":{}}]')
    assert (tally.answered, tally.errors, writer.in_flight) == (2, 1, 0)


async def test_a_stream_that_is_refused_is_no_watcher() -> None:
    with pytest.raises(BrokenError):
        IdleEvents(Tally(), b"").data_received(b"HTTP/1.1 403 Forbidden\r\n\r\n")


def test_the_grpc_request_asks_for_the_first_places_of_the_board() -> None:
    [body], rest = split_messages(watch_request("b", 10))
    assert not rest
    asked = dashboard_pb.message("WatchStandingsRequest").FromString(body)
    assert (asked.dashboard, asked.top) == ("b", 10)


def test_rows_of_watchers_that_were_not_let_in_say_so() -> None:
    results = Results(missing={idle.SSE: "900 watch, and no more are let in"})
    reasons = {row.value(results).reason for row in ROWS if isinstance(row, ApartRow) and row.name == idle.SSE}
    assert reasons == {"900 watch, and no more are let in"}


def test_only_what_is_asked_for_is_run() -> None:
    plan = PLANS[Size.DEFAULT]._replace(only="live")
    assert plan.slices == [one for one in SLICES if one.name.startswith("live")]
    assert not plan.wants("idle")
    assert PLANS[Size.QUICK].wants("idle")


@pytest.fixture
def side(tmp_path: Path) -> Iterator[RedisSide]:
    with started_redis(tmp_path) as side:
        yield side


@pytest.fixture
def goboard(side: RedisSide, tmp_path: Path) -> Iterator[Contender]:
    with contextlib.ExitStack() as stack:
        fleet = Fleet({}, {})
        Launcher(stack, side.url, tmp_path, fleet).goboard(GOBOARD)
        fleet.running[GOBOARD].server.await_ready()
        yield fleet.running[GOBOARD]


def test_each_view_that_is_read_is_counted(side: RedisSide) -> None:
    async def watched() -> None:
        store = RedisBoardStore.from_url(side.url)
        for _ in range(3):
            await store.see(BoardName.parse("b"), View(Top(10)), time.time())
        await store.close()

    account = Account(side.pid, side.port)
    before = time.perf_counter()
    account.open()
    begun = time.perf_counter()
    uvloop.run(watched())
    ended = time.perf_counter()
    taken = account.close()
    assert taken.reads * (ended - begun) <= 3 <= taken.reads * (time.perf_counter() - before)


def test_a_turn_of_watchers_gives_messages_shares_and_reads(side: RedisSide, goboard: Contender) -> None:
    board = Board("watched", 50)
    side.fill(board, lambda _: None)
    one = Slice("live", "", GOBOARD, "live --connections 20 --rate 1000", board)
    stage = Stage(side, Fleet({GOBOARD: goboard}, {}), seconds=1.0, warmup=0.3)
    for _ in range(2):  # the second finds the clocks as the first has left them
        sample = take_turn(one, stage, None)
        assert sample.live
        assert 20 < sample.rate <= 20 * 30
        assert 0 < sample.p99_us <= sample.live.oldest_p99_us < 5e6
        assert 1 < sample.live.reads < 30
        assert sample.live.server_share > 0
        assert sample.server_us == pytest.approx(sample.live.server_share / sample.rate * 1e6)


def test_a_turn_fails_whose_watchers_are_refused(side: RedisSide, goboard: Contender) -> None:
    one = Slice("live", "", GOBOARD, "live --connections 2 --rate 100 --token another", WATCHED)
    stage = Stage(side, Fleet({GOBOARD: goboard}, {}), seconds=0.1, warmup=0.1)
    with pytest.raises(FaultError):
        take_turn(one, stage, None)


def test_updates_go_to_the_replica_that_the_slice_names(side: RedisSide, goboard: Contender) -> None:
    one = Slice("live", "", GOBOARD, "live --rate 100", writer="another")
    fleet = Fleet({GOBOARD: goboard, "another": dataclasses.replace(goboard, http=7)}, {})
    command = turn._command(one, Stage(side, fleet, 0.1, 0.1), goboard)
    ports = {word: command[at + 1] for at, word in enumerate(command) if word.endswith("-port") or word == "--port"}
    assert ports == {"--port": str(goboard.http), "--writer-port": "7", "--redis-port": str(side.port)}


def test_watchers_of_each_kind_are_let_in_and_take_memory(goboard: Contender) -> None:
    kinds = {name: kind for name, kind in idle._KINDS.items() if name not in idle.BARE}
    taken = {name: uvloop.run(idle._measured(kind, goboard, 300)) for name, kind in kinds.items()}
    assert taken[idle.WEBSOCKET] > 1024  # of the others one cannot say: the server has given memory back meanwhile


def test_a_process_tells_what_those_take_that_it_has_started(goboard: Contender) -> None:
    process = goboard.server.process
    alone = process.memory_info().rss
    assert Family(process.pid).resident_bytes() > 1.5 * alone
    assert Family(process.pid).cpu_seconds() > sum(process.cpu_times()[:2])


def test_updates_without_a_version_raise_none_and_those_with_one_are_put_back(side: RedisSide) -> None:
    results = Results()
    measure_versions(side, 2, results)
    assert len(results.version_time) == len(results.version_redis) == 1
    assert vars(batch)["WRITE"] is WRITE
    with redis.Redis(port=side.port) as client:
        calls = {name: client.info("commandstats")[f"cmdstat_{name}"]["calls"] for name in ("evalsha", "hincrby")}
        assert 0.2 < calls["hincrby"] / calls["evalsha"] < 0.9
        reply = client.eval(without_versions().source, 1, "prod:alone", "ann", "5")
        assert reply == [1, b"5", 0]
        assert client.keys("*alone*") == [b"prod:alone"]
