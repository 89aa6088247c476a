"""What the benchmark rests on: its rows, its ratios, and the check of every count against Redis's own."""

import ast
import re
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2

from bench import go_peer, turn
from bench.load.members import member_name
from bench.load.tally import Result
from bench.redis_side import Spent
from bench.results import Results, Sample
from bench.rows import ROWS, MemoryRow, Row, Target
from bench.slices import SLICES, Size, Slice, slices_of

NAMES = [one.name for one in SLICES]


def sample(rate: float, redis_us: float | None = None) -> Sample:
    return Sample(rate=rate, p50_us=1.0, p99_us=2.0, load_share=0.1, server_us=None, redis_us=redis_us)


def test_every_row_is_of_slices_that_are_run_and_the_order_of_paced_ones_is_right() -> None:
    assert len(set(NAMES)) == len(NAMES)
    for row in ROWS:
        if isinstance(row, Row):
            assert {row.above, row.below} <= set(NAMES), row.what
    for at, one in enumerate(SLICES):
        if one.pace:
            assert one.pace.of in NAMES[:at]


def test_a_quick_run_has_every_target_but_those_of_large_boards() -> None:
    quick = {one.name for one in slices_of(Size.QUICK)}
    missing = [row.what for row in ROWS if isinstance(row, Row) and row.target and {row.above, row.below} - quick]
    assert all("board of 1e" in what for what in missing), missing


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
    assert all(row.target for row in ROWS if isinstance(row, MemoryRow))


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
READS = Slice("reads", "", "", "", updates=False)


@pytest.mark.parametrize(
    ("one", "came", "increments"),
    [
        (UPDATES, result(100), 99),
        (UPDATES, result(100), 101),
        (UPDATES, result(100, slack=5), 106),
        (UPDATES, result(100, errors=1), 100),
        (UPDATES, result(0), 0),
        (READS, result(100), 1),
    ],
    ids=["one lost", "one too many", "beyond the slack", "an error", "nothing answered", "a read that writes"],
)
def test_a_count_that_redis_does_not_share_fails_the_turn(one: Slice, came: Result, increments: int) -> None:
    with pytest.raises(turn.FaultError):
        turn._check(one, came, Spent(0.1, increments))


def test_counts_that_agree_pass() -> None:
    turn._check(UPDATES, result(100), Spent(0.1, 100))
    turn._check(UPDATES, result(100, slack=5), Spent(0.1, 105))
    turn._check(READS, result(100), Spent(0.1, 0))


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
