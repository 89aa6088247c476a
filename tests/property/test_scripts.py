"""Whatever the domain allows in names, metadata, scores and prefixes: each store answers as the memory store does.

So no script of Redis takes a name for something else, fails, or leaves a half of a change.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from boards import AT
from fuzzing import fuzzed
from hypothesis import given
from hypothesis import strategies as st
from servers import SERVERS, Server

from goboard.adapters.memory import MemoryBoardStore
from goboard.adapters.redis import RedisBoardStore
from goboard.domain.errors import GoboardError, InvalidArgument
from goboard.domain.idempotency import IdempotencyKey
from goboard.domain.metadata import MAX_METADATA_BYTES, parse_metadata
from goboard.domain.names import MAX_NAME_BYTES, ArchiveName, BoardName, MemberName
from goboard.domain.pages import PageRequest
from goboard.domain.periods import ARCHIVE, PeriodChoice
from goboard.domain.rules import Rules
from goboard.domain.scores import MAX_SCORE
from goboard.domain.standings import Submission
from goboard.ports.store import BoardStore

HOSTILE = [
    *("%s%d%n", "KEYS[1]", "]]--", "'\"\\", "\\0\\r\\n", "*3 $3 SET", "; redis.call('FLUSHALL')", "\u2028", "\ufeff"),
    *(":", "a:b", "goboard:", "0", "-1", "nan", "inf", "1e999", "0x10", "true", "nil", "null", "(", "[", "+", "-"),
    *("a" * MAX_NAME_BYTES, "\U0010ffff" * 64, "é", "e\u0301", " ", "  ", "rules", "all", ARCHIVE, "__proto__"),
]
PREFIXES = ["", "p:", "%s", "'", "\\", "ü ", "a b:", "]]"]
TEXTS = st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
MEMBERS = TEXTS.map(MemberName.parse)
BOARDS = TEXTS.map(lambda text: BoardName.parse(text.replace("{", "(").replace("}", ")")))
SCORES = st.floats(-MAX_SCORE, MAX_SCORE) | st.sampled_from([0.0, -0.0, 5e-324, 0.1, MAX_SCORE, -MAX_SCORE, 1e-7])
DELTAS = SCORES | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def written(value: dict[str, Any]) -> str | None:
    try:
        return parse_metadata(value)
    except InvalidArgument:  # a lone surrogate, or too much of it
        return None


METADATA = (
    st.none()
    | st.dictionaries(TEXTS, JSON, max_size=3).map(written)
    | st.just(parse_metadata({"x": "y" * (MAX_METADATA_BYTES - 8)}))
)
KEYS = st.none() | st.sampled_from(["k", "'", "a/1", "~" * 255]).map(IdempotencyKey.parse)
RULES = st.sampled_from(
    [
        {},
        {"ties": "earliest"},
        {"ties": "shared", "order": "asc", "operator": "best"},
        {"operator": "set", "capacity": 2, "track": True},
        {"windows": ["daily", "all"], "keep": 1, "timezone": "Asia/Kathmandu"},
        {"max_increment": 5.0, "max_score": 10.0},
    ]
).map(Rules.parse)
NOW = PeriodChoice(AT)
Do = Callable[[BoardStore, BoardName], Awaitable[Any]]


def increments(deltas: list[tuple[MemberName, float]], keys: list[Any]) -> Do:
    return lambda store, board: store.increment_many(board, deltas, AT, keys[: len(deltas)])


def submissions(many: list[Submission]) -> Do:
    return lambda store, board: store.submit_many(board, many, AT)


DOINGS: st.SearchStrategy[Do] = st.one_of(
    st.builds(
        increments, st.lists(st.tuples(MEMBERS, DELTAS), min_size=1, max_size=5), st.lists(KEYS, min_size=5, max_size=5)
    ),
    st.builds(
        submissions,
        st.lists(st.builds(Submission, MEMBERS, SCORES, METADATA, st.booleans(), KEYS), min_size=1, max_size=5),
    ),
    MEMBERS.map(lambda member: lambda store, board: store.remove(board, member, AT)),
    TEXTS.map(ArchiveName.parse).map(lambda name: lambda store, board: store.archive(board, name, NOW)),
    RULES.map(lambda rules: lambda store, board: store.set_rules(board, rules, AT, force=True)),
    st.just(lambda store, board: store.delete(board, AT)),
)


def looks(member: MemberName) -> list[Do]:
    """All that can be read."""
    return [
        lambda store, board: store.top(board, 100, NOW, metadata=True),
        lambda store, board: store.count(board, NOW),
        lambda store, board: store.rank(board, member, NOW),
        lambda store, board: store.member(board, member, NOW),
        lambda store, board: store.around(board, member, 2, 2, NOW, metadata=True),
        lambda store, board: store.lookup(board, [member, MemberName.parse("nobody")], NOW, metadata=True),
        lambda store, board: store.stats(board, [0.0, 50.0], 3, NOW),
        lambda store, board: store.rules(board),
        lambda store, board: store.periods(board, ARCHIVE, AT),
        lambda store, _: store.boards("", 100, AT),
        entries,
    ]


async def entries(store: BoardStore, board: BoardName) -> Any:
    page = await store.page(board, PageRequest(3), NOW)
    return page.entries, page.next is None, page.previous is None


async def outcome(done: Awaitable[Any]) -> Any:
    """Give what comes of it; of an error of the domain's its type and text, for no other is right."""
    try:
        found = await done
    except GoboardError as error:
        return type(error), str(error)
    if isinstance(found, list):
        return [(type(each), str(each)) if isinstance(each, Exception) else each for each in found]
    return found


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as opened:
        yield opened


@pytest.mark.parametrize("kind", SERVERS)
def test_the_scripts_answer_as_the_memory_store_does(
    kind: str, runner: asyncio.Runner, server_of: Callable[[str], Server], prefix: str
) -> None:
    numbers = itertools.count()

    @fuzzed
    @given(BOARDS, st.lists(DOINGS, min_size=1, max_size=8), MEMBERS, st.sampled_from(PREFIXES))
    def law(board: BoardName, doings: list[Do], member: MemberName, before: str) -> None:
        url = server_of(kind).url
        runner.run(compared(f"{before}{prefix}{next(numbers)}:", url, board, [*doings, *looks(member)]))

    law()


async def compared(prefix: str, url: str, board: BoardName, doings: list[Do]) -> None:
    memory, redis = MemoryBoardStore(), RedisBoardStore.from_url(url, prefix=prefix)
    try:
        for each in doings:
            assert await outcome(each(redis, board)) == await outcome(each(memory, board))
    finally:
        await redis.close()
