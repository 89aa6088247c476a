"""Updates with keys: each is applied once, whatever becomes of the board."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from boards import ADA, AT, BOARD, BOB, NOW, instant, rule, standings, top

from goboard.arguments import submission
from goboard.domain.errors import (
    AttemptsExhausted,
    IdempotencyFull,
    IdempotencyMismatch,
    InvalidArgument,
    OperatorMismatch,
    ScoreOutOfRange,
    UpdateRefused,
)
from goboard.domain.idempotency import IdempotencyKey, Retention
from goboard.domain.names import ArchiveName, BoardName
from goboard.domain.scores import MAX_SCORE
from goboard.domain.standings import Entry, Outcome
from goboard.leaderboards import Leaderboards
from goboard.ports.store import BoardStore

KEY = IdempotencyKey.parse("order-17", "ada")


async def sent(store: BoardStore, *submissions: Any, at: float = AT) -> list[Outcome | UpdateRefused]:
    return await store.submit_many(BOARD, submissions, at)


async def test_a_repeat_is_answered_as_the_first_was_and_applies_nothing(store: BoardStore) -> None:
    first = await store.increment(BOARD, ADA, 5.0, AT, KEY)
    await store.increment(BOARD, BOB, 9.0, AT)
    await store.increment(BOARD, ADA, 1.0, AT)
    assert first == Entry("ada", 5.0, 1)
    assert await store.increment(BOARD, ADA, 5.0, AT, KEY) == first
    assert await standings(store) == [("bob", 9.0, 1), ("ada", 6.0, 2)]


async def test_the_same_key_of_another_identity_or_of_another_board_is_another(store: BoardStore) -> None:
    other = BoardName.parse("other")
    for board, key in ((BOARD, KEY), (other, KEY), (BOARD, KEY._replace(by="bob")), (BOARD, KEY._replace(by=""))):
        await store.increment(board, ADA, 1.0, AT, key)
    assert await standings(store) == [("ada", 3.0, 1)]
    assert await top(store, other, 10) == [Entry("ada", 1.0, 1)]


@pytest.mark.parametrize(("member", "delta"), [(BOB, 5.0), (ADA, 5.000000000000001), (ADA, -5.0)])
async def test_the_key_of_another_update_is_refused(store: BoardStore, member: Any, delta: float) -> None:
    await store.increment(BOARD, ADA, 5.0, AT, KEY)
    with pytest.raises(IdempotencyMismatch, match=str(member)):
        await store.increment(BOARD, member, delta, AT, KEY)
    assert await standings(store) == [("ada", 5.0, 1)]


async def test_what_is_done_and_metadata_belong_to_the_update(store: BoardStore) -> None:
    plain = submission("ada", 5.0, key=KEY)
    first = await sent(store, plain)
    others = [
        submission("ada", 5.0, key=KEY, overwrite=True),
        submission("ada", 5.0, {"team": "red"}, key=KEY),
        plain,
        plain._replace(score=-0.0),
    ]
    outcomes = await sent(store, *others)
    assert [type(outcome) for outcome in outcomes] == [
        IdempotencyMismatch,
        IdempotencyMismatch,
        Outcome,
        IdempotencyMismatch,
    ]
    assert outcomes[2] == first[0]
    with pytest.raises(IdempotencyMismatch):
        await store.increment(BOARD, ADA, 5.0, AT, KEY)
    assert await standings(store) == [("ada", 5.0, 1)]


async def test_minus_zero_is_the_same_update_as_zero(store: BoardStore) -> None:
    assert await store.increment(BOARD, ADA, -0.0, AT, KEY) == await store.increment(BOARD, ADA, 0.0, AT, KEY)


async def test_a_key_that_comes_twice_in_one_list_counts_once(store: BoardStore) -> None:
    keys = [KEY, None, KEY, KEY]
    deltas = [(ADA, 2.0), (ADA, 1.0), (ADA, 2.0), (BOB, 2.0)]
    outcomes = await store.increment_many(BOARD, deltas, AT, keys)
    assert outcomes[:3] == [Entry("ada", 2.0, 1), Entry("ada", 3.0, 1), Entry("ada", 2.0, 1)]
    assert isinstance(outcomes[3], IdempotencyMismatch)
    assert await standings(store) == [("ada", 3.0, 1)]


async def test_repeats_at_the_same_time_count_once(store: BoardStore) -> None:
    entries = await asyncio.gather(*[store.increment(BOARD, ADA, 1.0, AT, KEY) for _ in range(300)])
    assert set(entries) == {Entry("ada", 1.0, 1)}
    plain = [store.increment(BOARD, ADA, 1.0, AT) for _ in range(50)]
    again = [store.increment(BOARD, ADA, 1.0, AT, KEY) for _ in range(50)]
    await asyncio.gather(*plain, *again)
    assert await standings(store) == [("ada", 51.0, 1)]


async def test_a_long_list_is_known_item_by_item_in_any_order(store: BoardStore) -> None:
    keys = [KEY.of_item(number) for number in range(1000)]
    deltas = [(ADA if number % 2 else BOB, float(number)) for number in range(1000)]
    first = await store.increment_many(BOARD, deltas, AT, keys)
    order = sorted(range(1000), key=lambda number: number * 7919 % 1000)
    again = await store.increment_many(BOARD, [deltas[i] for i in order], AT, [keys[i] for i in order])
    assert again == [first[i] for i in order]
    assert await store.rank(BOARD, ADA, NOW) == Entry("ada", 250_000.0, 1)


async def test_refusals_are_not_remembered(store: BoardStore) -> None:
    await store.increment(BOARD, ADA, MAX_SCORE, AT)
    with pytest.raises(ScoreOutOfRange):
        await store.increment(BOARD, ADA, 1.0, AT, KEY)
    await store.increment(BOARD, ADA, -1.0, AT)
    assert (await store.increment(BOARD, ADA, 1.0, AT, KEY)).score == MAX_SCORE


async def test_a_repeat_is_no_attempt_and_is_known_when_none_is_left(store: BoardStore) -> None:
    await rule(store, operator="best", attempts={"max": 1, "window": "all"})
    first = await sent(store, submission("ada", 5.0, key=KEY))
    assert await sent(store, submission("ada", 5.0, key=KEY)) == first
    [refused] = await sent(store, submission("ada", 6.0))
    assert isinstance(refused, AttemptsExhausted)


async def test_the_first_answer_comes_back_whatever_the_rules_are_now(store: BoardStore) -> None:
    first = await store.increment(BOARD, ADA, 5.0, AT, KEY)
    await rule(store, operator="best", order="asc", windows=["daily"], capacity=1, force=True)
    assert await store.increment(BOARD, ADA, 5.0, AT + 60, KEY) == first
    with pytest.raises(OperatorMismatch):
        await store.increment(BOARD, ADA, 5.0, AT, KEY._replace(text="new"))


async def test_a_repeat_in_the_next_period_counts_in_neither(store: BoardStore) -> None:
    await rule(store, windows=["daily"])
    await store.increment(BOARD, ADA, 5.0, instant("2026-11-24T23:59:59+00:00"), KEY)
    await store.increment(BOARD, ADA, 5.0, instant("2026-11-25T00:00:01+00:00"), KEY)
    assert await standings(store, instant("2026-11-25T00:00:02+00:00")) == []
    assert await standings(store, instant("2026-11-24T23:59:59+00:00")) == [("ada", 5.0, 1)]


@pytest.mark.parametrize("ties", ["member", "earliest", "shared", "dense"])
async def test_an_answer_keeps_every_part(store: BoardStore, ties: str) -> None:
    await rule(store, ties=ties, operator="best", capacity=2)
    keys = [KEY.of_item(number) for number in range(5)]
    scores = [0.1 + 0.2, -1e-300, 7.0, 7.0, -MAX_SCORE]
    sent_first = [
        submission(f"m{i % 4}", score, key=key) for i, (score, key) in enumerate(zip(scores, keys, strict=True))
    ]
    first = await sent(store, *sent_first)
    assert [getattr(each, "kept", None) for each in first] == [True, True, True, True, False]
    assert [getattr(each, "improved", None) for each in first] == [True, True, True, True, False]
    assert await sent(store, *sent_first) == first


async def test_a_repeat_is_known_after_the_board_was_deleted_archived_or_the_member_removed(store: BoardStore) -> None:
    first = await store.increment(BOARD, ADA, 5.0, AT, KEY)
    await store.remove(BOARD, ADA, AT)
    assert await store.increment(BOARD, ADA, 5.0, AT, KEY) == first
    await store.archive(BOARD, ArchiveName.parse("done"), NOW)
    await store.delete(BOARD, AT)
    assert await store.increment(BOARD, ADA, 5.0, AT, KEY) == first
    assert await standings(store) == []
    assert await store.boards("", 10, AT) == []


async def test_over_the_most_a_new_key_is_refused_and_a_known_one_answered(
    open_store: Callable[[Retention], BoardStore],
) -> None:
    async with Leaderboards(open_store(Retention(most=3))) as boards:
        outcomes = await boards.increment_many("b", [("ada", 1.0)] * 5, key="k")
        assert [isinstance(each, Entry) for each in outcomes] == [True, True, True, False, False]
        with pytest.raises(IdempotencyFull, match="'b' remembers 3 "):
            await boards.increment("b", "ada", 1.0, key="new")
        assert await boards.increment("b", "ada", 1.0, key="k/2") == Entry("ada", 3.0, 1)
        assert await boards.increment("b", "ada", 1.0) == Entry("ada", 4.0, 1)
        assert await boards.increment("other", "ada", 1.0, key="new") == Entry("ada", 1.0, 1)


async def test_a_key_is_known_for_its_time_and_then_let_go(open_store: Callable[[Retention], BoardStore]) -> None:
    seconds = 0.4
    async with Leaderboards(open_store(Retention(seconds, most=1))) as boards:
        begun = time.monotonic()
        await boards.increment("b", "ada", 1.0, key="first")
        while (entry := await boards.increment("b", "ada", 1.0, key="first")) == Entry("ada", 1.0, 1):
            assert time.monotonic() < begun + 5, "it is never let go"
        assert time.monotonic() > begun + seconds
        assert entry == Entry("ada", 2.0, 1)
        while True:
            assert time.monotonic() < begun + 10, "there is never room for another"
            try:
                assert await boards.increment("b", "ada", 1.0, key="second") == Entry("ada", 3.0, 1)
                break
            except IdempotencyFull:
                continue


@pytest.mark.parametrize("text", ["", "x" * 256, "é", "a\nb", "\x7f", "\0"])
def test_a_key_is_1_to_255_printable_ascii_characters(text: str) -> None:
    with pytest.raises(InvalidArgument, match="the idempotency key has"):
        IdempotencyKey.parse(text)
    assert IdempotencyKey.parse("~" * 255).text == "~" * 255
    assert IdempotencyKey.parse(" ").text == " "


async def test_the_library_takes_a_key_for_each_and_one_for_all(store: BoardStore) -> None:
    boards = Leaderboards(store)
    for _ in range(2):
        await boards.increment("b", "ada", 1.0, key="a")
        await boards.increment_many("b", [("ada", 2.0), ("ada", 2.0)], key="b")
        await boards.increment_many("b", [("ada", 4.0), ("ada", 8.0)], key=["c", None])
        await boards.submit("b", "ada", 16.0, key="d")
        await boards.set("o", "ada", 1.0, {"a": 1}, key="e")
        await boards.submit_many("b", [submission("ada", 32.0, key="f")])
    assert (await boards.rank("b", "ada")).score == 1 + 4 + 4 + 16 + 16 + 32
    with pytest.raises(InvalidArgument, match="2 keys for 1 updates"):
        await boards.increment_many("b", [("ada", 1.0)], key=["a", "b"])
    with pytest.raises(InvalidArgument, match="printable"):
        await boards.increment_many("b", [("ada", 1.0)], key=["é"])
