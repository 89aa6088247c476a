"""Whatever comes over a wire, a decoder gives a message or a refusal of the domain's, and never another error."""

import json
from collections.abc import Callable
from typing import Any

import dashboard_pb
import pytest
from fuzzing import fuzzed
from hypothesis import given
from hypothesis import strategies as st

from goboard.domain.errors import GoboardError, InvalidArgument
from goboard.domain.rules import Rules
from goboard.entrypoints.grpc.codec import WireCodec
from goboard.entrypoints.grpc.generated import dashboard
from goboard.entrypoints.grpc.inbox import Inbox
from goboard.entrypoints.grpc.refusals import CallRefused
from goboard.entrypoints.http import bodies, wire
from goboard.entrypoints.http.queries import Query, go_board_limit
from goboard.entrypoints.http.socket_operations import refused

WORDS = [
    *("dashboard", "member_id", "increment", "increments", "score", "scores", "metadata", "op", "id", "op_id", "name"),
    *("window", "member_ids", "rules", "order", "ties", "windows", "attempts", "capacity", "watch", "top", "around"),
]
NUMBERS = st.sampled_from([0, -1, 2**53, 2**63, 2**64, 10**400, 1e308, 5e-324, -0.0]) | st.integers() | st.floats()
SCALARS = st.none() | st.booleans() | NUMBERS | st.text(max_size=20) | st.sampled_from(WORDS)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS) | st.text(), inner, max_size=6),
    max_leaves=20,
)
CUTS = st.tuples(st.integers(0, 200), st.integers(0, 4), st.binary(max_size=4))


@st.composite
def json_like(draw: st.DrawFn) -> bytes:
    """JSON, and JSON of which a few bytes are others."""
    value = draw(VALUES | st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=6))
    written = json.dumps(value, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    for at, gone, put in draw(st.lists(CUTS, max_size=2)):
        written = written[:at] + put + written[at + gone :]
    return written


BYTES = json_like() | st.binary(max_size=100) | st.sampled_from([b"[" * 30_000, b'{"a":' * 30_000, b'"\\ud800"'])
BODIES: list[Callable[[bytes], Any]] = [
    *(wire.read_increment, wire.read_increments, bodies.read_score, bodies.read_scores, bodies.read_lookup),
    *(bodies.read_archive, lambda body: Rules.parse(bodies.read_rules(body))),
]


@pytest.mark.parametrize("read", BODIES, ids=lambda read: read.__name__)
@fuzzed
@given(BYTES)
def test_a_body(read: Callable[[bytes], Any], body: bytes) -> None:
    with_refusals_only(lambda: read(body))


@fuzzed
@given(BYTES)
def test_a_message_over_the_websocket(data: bytes) -> None:
    text = data.decode("utf-8", "ignore")
    with_refusals_only(lambda: wire.read_update(text))
    refused(text, InvalidArgument("no"))
    if wire.is_array(text):
        messages = with_refusals_only(lambda: wire.read_updates(text))
        if messages is not None:
            ids = wire.ids_of(messages, text)
            assert ids is None or len(ids) == len(messages)


QUERIES: list[Callable[[Query], Any]] = [
    lambda query: query.integer("x", None, low=-(2**53), high=2**53),
    lambda query: query.boolean("x"),
    lambda query: query.number("x"),
    lambda query: query.numbers("x", ()),
    lambda query: go_board_limit(Query({"limit": query.text("x") or ""}), 1000),
]


@pytest.mark.parametrize("read", QUERIES, ids=["integer", "boolean", "number", "numbers", "limit"])
@fuzzed
@given(st.text(max_size=50) | st.from_regex(r"[+-]?[0-9_.eE]{1,400}", fullmatch=True))
def test_a_query(read: Callable[[Query], Any], text: str) -> None:
    with_refusals_only(lambda: read(Query({"x": text})))


REQUESTS = sorted(name for name in vars(dashboard) if name.endswith("Request"))


@st.composite
def protobuf_like(draw: st.DrawFn) -> bytes:
    """Fields of any number and wire type, and what is none."""
    parts = []
    for _ in range(draw(st.integers(0, 6))):
        number, kind = draw(st.integers(0, 20)), draw(st.integers(0, 7))
        data = draw(st.binary(max_size=12) | st.text(max_size=4).map(lambda text: text.encode("utf-8", "ignore")))
        length = draw(st.sampled_from([len(data), len(data), 200]))
        parts.append(bytes([(number << 3 | kind) & 0x7F]) + (bytes([length & 0x7F]) if kind == 2 else b"") + data)
    return b"".join(parts)


@pytest.mark.parametrize("name", REQUESTS)
@fuzzed
@given(protobuf_like() | st.binary(max_size=60))
def test_a_request_over_grpc(name: str, data: bytes) -> None:
    found = with_refusals_only(lambda: WireCodec().decode(data, getattr(dashboard, name)))
    if found is not None:
        assert dashboard_pb.message(name).FromString(found.SerializeToString()) is not None


FRAMED = st.lists(st.tuples(st.sampled_from([0] * 8 + [1, 2, 255]), st.binary(max_size=20)), max_size=5)


@fuzzed
@given(sent=FRAMED | st.binary(max_size=60), sizes=st.lists(st.integers(1, 30), min_size=1), ends=st.booleans())
def test_the_messages_of_a_stream_are_the_same_however_it_is_cut(sent: Any, sizes: list[int], *, ends: bool) -> None:
    data = sent if isinstance(sent, bytes) else b"".join(bytes([f]) + len(m).to_bytes(4) + m for f, m in sent)
    assert messages_of(data, [len(data) or 1], ends=ends) == messages_of(data, sizes, ends=ends)


def messages_of(data: bytes, sizes: list[int], *, ends: bool) -> list[Any]:
    """Put the data into an inbox in pieces of these sizes, and give what is taken out, and at last the refusal."""
    acknowledged: list[int] = []
    inbox = Inbox(acknowledged.append, 1000)
    taken: list[Any] = []
    turn = 0
    while data:
        size = sizes[turn % len(sizes)]
        inbox.add(data[:size], size)
        data, turn = data[size:], turn + 1
        if not take_all(inbox, taken):
            return taken
    if ends:
        inbox.eof()
        take_all(inbox, taken)
    return taken


def take_all(inbox: Inbox, taken: list[Any]) -> bool:
    try:
        while (message := inbox.take()) is not None:
            taken.append(message)
    except CallRefused as refusal:
        taken.append(refusal.problem)
        return False
    return True


def with_refusals_only(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except GoboardError:
        return None
