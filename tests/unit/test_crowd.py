"""The simulated crowd: what it may do, and that it is worth looking at."""

import itertools
import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goboard.domain.names import MemberName
from goboard.entrypoints.simulation.crowd import STEP, Crowd, Play
from goboard.entrypoints.simulation.handles import MOST, handle

MEMBERS, RATE = 60, 20
LOOK = RATE // 4
"""Plays between two looks at the board, a quarter of a second."""
SEEDS = range(20)


def played(crowd: Crowd, plays: int) -> list[Play]:
    return [crowd.play() for _ in range(plays)]


def looks(crowd: Crowd, seconds: int) -> list[list[tuple[int, str]]]:
    """The first ten (points, member) as the board shows them, every quarter of a second."""
    totals: dict[str, int] = {}
    seen = []
    for _ in range(seconds * RATE // LOOK):
        totals |= {play.member: play.total for play in played(crowd, LOOK)}
        seen.append(sorted(((total, member) for member, total in totals.items()), reverse=True)[:10])
    return seen


def overtakings(tops: Sequence[Sequence[tuple[int, str]]]) -> int:
    """How often a member of the first ten came to stand before another whom it stood behind."""
    count = 0
    for before, after in itertools.pairwise([member for _, member in top] for top in tops):
        count += sum(
            member in before and before.index(member) > place and any(other in before for other in after[place + 1 :])
            for place, member in enumerate(after)
        )
    return count


def test_every_handle_is_a_members_name_that_only_one_has() -> None:
    handles = [handle(place) for place in range(MOST)]
    assert len({name.rpartition("-")[0] for name in handles}) == MOST
    assert all(re.fullmatch(r"[a-z]+-[a-z]+-[1-9][0-9]?", MemberName.parse(name)) for name in handles)


@settings(deadline=None)
@given(
    members=st.integers(1, 200),
    rate=st.integers(1, 500),
    seed=st.integers(0, 2**64),
    standing=st.dictionaries(st.integers(0, 250).map(handle), st.integers(0, 10**6), max_size=20),
)
def test_only_its_members_play_for_whole_steps_that_add_up(
    members: int, rate: int, seed: int, standing: dict[str, int]
) -> None:
    crowd = Crowd(members, rate, seed, standing)
    names = {handle(place) for place in range(members)}
    totals = {name: total for name, total in standing.items() if name in names}
    assert crowd.joined == len(totals)
    for play in played(crowd, 300):
        assert play.member in names
        assert play.points > 0
        assert play.points % STEP == 0
        assert play.total == totals.get(play.member, 0) + play.points
        totals[play.member] = play.total
    assert crowd.joined == len(totals)


@settings(deadline=None)
@given(members=st.integers(1, 100), rate=st.integers(1, 100), seed=st.integers(0, 2**64))
def test_a_seed_gives_the_same_play_again(members: int, rate: int, seed: int) -> None:
    assert played(Crowd(members, rate, seed), 200) == played(Crowd(members, rate, seed), 200)


def test_another_seed_gives_another_play() -> None:
    assert len({tuple(played(Crowd(MEMBERS, RATE, seed), 20)) for seed in SEEDS}) == len(SEEDS)


@settings(deadline=None, max_examples=30)
@given(members=st.integers(1, 300), rate=st.integers(1, 100), seed=st.integers(0, 2**64))
def test_all_join_in_the_first_part_and_nobody_at_once(members: int, rate: int, seed: int) -> None:
    crowd = Crowd(members, rate, seed)
    long = max(30 * rate, 4 * members)
    for played_before in range(long + 1):
        assert crowd.joined <= max(played_before, 1)
        crowd.play()
    assert crowd.joined == members


@pytest.mark.parametrize("seed", SEEDS)
def test_a_minute_has_what_a_newcomer_is_to_see(seed: int) -> None:
    crowd = Crowd(MEMBERS, RATE, seed)
    tops = looks(crowd, 60)
    leaders = [top[0][1] for top in tops]
    still = max(len(list(same)) for _, same in itertools.groupby([member for _, member in top] for top in tops))
    assert crowd.joined == MEMBERS
    assert overtakings(tops) >= 30
    assert sum(one != next_one for one, next_one in itertools.pairwise(leaders)) >= 3
    assert any(len({total for total, _ in top}) < len(top) for top in tops), "nobody ever has as much as another"
    assert still / 4 < 10, "the first ten stood still for this many seconds"


def test_it_is_as_lively_after_half_an_hour() -> None:
    crowd = Crowd(MEMBERS, RATE, 1)
    played(crowd, 1800 * RATE)
    tops = looks(crowd, 120)
    assert overtakings(tops) >= 60
    assert len({top[0][1] for top in tops}) >= 3


def test_members_leave_off_and_come_back() -> None:
    crowd = Crowd(9, RATE, 1)  # so few that whoever is there plays every few seconds
    plays: dict[str, list[int]] = {}
    for number, play in enumerate(played(crowd, 300 * RATE)):
        plays.setdefault(play.member, []).append(number)
    between = [later - earlier for numbers in plays.values() for earlier, later in itertools.pairwise(numbers)]
    assert sum(away > 20 * RATE for away in between) >= 5


def test_who_was_there_before_plays_on_and_is_caught_up_with() -> None:
    crowd = Crowd(MEMBERS, RATE, 3, {handle(0): 500})
    plays = played(crowd, 180 * RATE)
    assert next(play for play in plays if play.member == handle(0)).total > 500
    totals = {play.member: play.total for play in plays}
    assert max(totals.values()) > totals[handle(0)]
