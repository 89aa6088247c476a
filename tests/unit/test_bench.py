"""What the benchmark rests on: its rows, its ratios, and the check of every count against Redis's own."""

import ast
import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from google.protobuf import descriptor_pb2

from bench import go_peer, turn
from bench.boards import HUNDRED_THOUSAND_EARLIEST, Board
from bench.load.members import member_name
from bench.load.tally import Result
from bench.longest import measure_longest
from bench.meter import Meter
from bench.redis_side import RedisSide, Spent, started_redis
from bench.results import Results, Sample
from bench.rows import ROWS
from bench.slices import SLICES, Size, Slice, boards_of, slices_of
from bench.values import ApartRow, Figure, Row, Target
from goboard import Leaderboards, Rules, Ties
from goboard.adapters.redis import RedisBoardStore

NAMES = [one.name for one in SLICES]


def sample(rate: float, redis_us: float | None = None) -> Sample:
    return Sample(rate=rate, p50_us=1.0, p99_us=2.0, load_share=0.1, server_us=None, redis_us=redis_us)


def test_every_row_is_of_slices_that_are_run_and_the_order_of_paced_ones_is_right() -> None:
    assert len(set(NAMES)) == len(NAMES)
    for row in ROWS:
        if not isinstance(row, ApartRow):
            assert _slices_of(row) <= set(NAMES), row.what
    for at, one in enumerate(SLICES):
        if one.pace:
            assert one.pace.of in NAMES[:at]


def test_a_quick_run_has_every_target_but_those_of_large_boards_and_of_a_third_window() -> None:
    quick = {one.name for one in slices_of(Size.QUICK)}
    missing = [row.what for row in ROWS if not isinstance(row, ApartRow) and row.target and _slices_of(row) - quick]
    assert all("board of 1e" in what or "three windows" in what for what in missing), missing


def _slices_of(row: Row | Figure) -> set[str]:
    return {row.above, row.below} if isinstance(row, Row) else {row.slice}


def test_a_figure_is_taken_in_each_round_that_has_it() -> None:
    results = Results()
    results.rounds += [{"rest": sample(20)}, {"rest": sample(5)}, {"rest": sample(90)}, {"ws": sample(1)}]
    row = Figure("x", "rest", lambda one: one.rate)
    assert row.value(results)[:3] == (20.0, 5.0, 90.0)
    assert Figure("x", "rest 1e7", row.of).value(results).reason == "only with LARGE=1"


def test_a_ratio_is_taken_within_each_round_and_its_median_is_the_value() -> None:
    results = Results()
    results.rounds += [{"rest": sample(20), "rest noop": sample(10)}, {"rest": sample(5), "rest noop": sample(5)}]
    results.rounds += [{"rest": sample(90), "rest noop": sample(30)}, {"rest": sample(1)}]  # of half a round: nothing
    value = Row("x", "rest", "rest noop").value(results)
    assert (value.median, value.least, value.most) == (2.0, 1.0, 3.0)


def test_what_was_not_run_has_no_value_but_a_reason() -> None:
    results = Results()
    results.missing["rest go"] = "no Go toolchain on the PATH"
    assert Row("x", "rest", "rest go").value(results) == (None, None, None, "no Go toolchain on the PATH")
    assert Row("x", "rest 1e7", "rest").value(results).reason == "only with LARGE=1"


def test_a_target_is_met_from_its_own_side() -> None:
    assert [Target(1.5).met_by(value) for value in (1.49, 1.5, 2)] == [False, True, True]
    assert [Target(1.5, at_most=True).met_by(value) for value in (1.49, 1.5, 2)] == [True, True, False]


def test_of_what_was_measured_apart_from_the_rounds_the_median_is_told_and_of_the_rest_why_not() -> None:
    results = Results(member_bytes={HUNDRED_THOUSAND_EARLIEST: 200.0}, longest_ms=[3.0, 9.0, 4.0])
    values = [row.value(results) for row in ROWS if isinstance(row, ApartRow)]
    assert [value[:3] for value in values if value.median is not None] == [(200.0, 200.0, 200.0), (4.0, 3.0, 9.0)]
    assert all(value.reason for value in values if value.median is None)


def test_boards_are_filled_by_size_with_those_that_the_slices_use() -> None:
    boards = boards_of(Size.DEFAULT, slices_of(Size.DEFAULT))
    assert [board.members for board in boards] == sorted(board.members for board in boards)
    assert {one.board for one in slices_of(Size.DEFAULT)} <= set(boards)
    assert len({board.name for board in boards}) == len(boards)


@pytest.mark.parametrize("members", [10_000, 1_000_000, 10_000_000])
def test_members_are_named_in_thirteen_bytes(members: int) -> None:
    assert {len(member_name(number, members)) for number in (0, members // 2, members - 1)} == {13}


def result(answered: int, errors: int = 0, slack: int = 0) -> Result:
    return Result(
        kind="rest",
        answered=answered,
        counted=answered,
        errors=errors,
        seconds=1.0,
        cpu_seconds=0.1,
        p50_us=1.0,
        p99_us=2.0,
        sample="a reply",
        slack=slack,
    )


UPDATES = Slice("updates", "", "", "")
BY_RULES = Slice("by rules", "", "", "", command="zadd", calls=2)
READS = Slice("reads", "", "", "", updates=False)


@pytest.mark.parametrize(
    ("one", "came", "calls"),
    [
        (UPDATES, result(100), 99),
        (UPDATES, result(100), 101),
        (UPDATES, result(100, slack=5), 106),
        (UPDATES, result(100, errors=1), 100),
        (UPDATES, result(0), 0),
        (READS, result(100), 1),
        (BY_RULES, result(100), 200),
        (BY_RULES, result(100), 202),
    ],
    ids=[
        "one lost",
        "one too many",
        "beyond the slack",
        "an error",
        "nothing answered",
        "a read that writes",
        "one lost by rules",
        "one too many by rules",
    ],
)
def test_a_count_that_redis_does_not_share_fails_the_turn(one: Slice, came: Result, calls: int) -> None:
    with pytest.raises(turn.FaultError):
        turn._check(one, came, Spent(0.1, {one.command: calls}))


def test_counts_that_agree_pass() -> None:
    turn._check(UPDATES, result(100), Spent(0.1, {"zincrby": 100, "zadd": 1}))
    turn._check(UPDATES, result(100, slack=5), Spent(0.1, {"zincrby": 105}))
    turn._check(READS, result(100), Spent(0.1, {"zrevrange": 100}))
    turn._check(BY_RULES, result(100), Spent(0.1, {"zadd": 201}))  # with the one that enters the board in the index


@pytest.fixture
def side(tmp_path: Path) -> Iterator[RedisSide]:
    with started_redis(tmp_path) as side:
        yield side


def test_a_board_with_rules_is_filled_in_each_of_its_windows(side: RedisSide) -> None:
    rules = Rules(ties=Ties.EARLIEST, windows=("all", "daily"))
    assert side.fill(Board("ruled", 300, rules=rules), lambda _: None) > 0

    async def looked_up() -> tuple[Rules, int, int]:
        async with Leaderboards(RedisBoardStore.from_url(side.url)) as boards:
            stored = await boards.rules("ruled")
            return stored.rules, await boards.count("ruled"), await boards.count("ruled", window="daily")

    assert asyncio.run(looked_up()) == (rules, 300, 300)


def test_redis_tells_what_was_called_since_it_was_to_forget(side: RedisSide) -> None:
    board = Board("plain", 300)
    side.fill(board, lambda _: None)
    assert side.spent().of("zadd") == 1
    side.forget()
    assert side.spent().of("zadd") == 0


def test_the_longest_call_of_a_pass_is_told_and_the_board_is_gone(side: RedisSide) -> None:
    results = Results()
    measure_longest(side, Board("moved", 300), results, imported=300)
    assert results.longest_ms
    assert results.longest_ms_by_clock
    with redis.Redis(port=side.port) as client:
        assert client.keys("*moved*") == []


def test_a_call_is_measured_by_what_the_server_ran_not_by_what_it_waited(side: RedisSide) -> None:
    meter = Meter(side.pid)
    with redis.Redis(port=side.port) as client:
        client.ping()
        before = meter.used_ms()
        client.eval("for i = 1, 1000000 do local x = i end", 0)
        busy = meter.used_ms() - before
        client.blpop("nothing", 0.2)
        idle = meter.used_ms() - before - busy
    assert busy > 1
    assert idle < busy


def test_the_go_service_has_the_messages_of_the_proto_as_it_is() -> None:
    generated = (go_peer.SOURCE / "dashboardpb/dashboard.pb.go").read_text(encoding="utf-8")
    literal = re.search(r"^const file_dashboard_proto_rawDesc = (.*?)^$", generated, re.MULTILINE | re.DOTALL)
    assert literal
    words = re.findall(r'"(?:[^"\\]|\\.)*"', literal[1])  # Go's escapes, of which Python knows all that are used here
    theirs = descriptor_pb2.FileDescriptorProto.FromString(b"".join(ast.literal_eval(f"b{word}") for word in words))
    binary = Path(__file__).parents[2] / "src/goboard/entrypoints/grpc/generated/dashboard.binpb"
    ours = descriptor_pb2.FileDescriptorSet.FromString(binary.read_bytes()).file[-1]
    theirs.ClearField("options")  # the Go package
    assert (theirs.message_type, theirs.service) == (ours.message_type, ours.service)
