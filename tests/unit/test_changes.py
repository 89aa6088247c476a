"""What leads from one sight of a view to the next, and who has passed whom."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from live_client import applied, state_of
from model import Standings

from goboard.domain.changes import Difference, Moved, Passed, difference
from goboard.domain.names import MemberName
from goboard.domain.rules import Order, Rules, Ties
from goboard.domain.standings import Entry

NAMES = [MemberName.parse(name) for name in ("ann", "bob", "cleo", "dan", "eve", "fay")]
ANN, BOB, CLEO, DAN, EVE, FAY = NAMES
NOBODY = Passed([], 0)
SCORES = st.integers(0, 4).map(float)
BOARDS = st.dictionaries(st.sampled_from(NAMES), SCORES)
RULES = st.builds(
    lambda order, ties: Rules(order=order, ties=ties),
    st.sampled_from(Order),
    st.sampled_from([Ties.MEMBER, Ties.SHARED, Ties.DENSE]),
)
METADATA = st.none() | st.sampled_from([{"flag": "pt"}, {"flag": "no"}, {}])


def entries(text: str) -> list[Entry]:
    """Read `ann1 bob2`: each member with its rank; the score is what the rank leaves of a hundred."""
    return [Entry(word[:-1], 100.0 - int(word[-1]), int(word[-1])) for word in text.split()]


def ranked(scores: dict[MemberName, float], rules: Rules) -> list[Entry]:
    """Give the whole board."""
    return Standings(rules, {str(member): score for member, score in scores.items()}).entries()


@st.composite
def sights(draw: st.DrawFn) -> list[Entry]:
    """A run of a board, with metadata."""
    board = ranked(draw(BOARDS), draw(RULES))
    first = draw(st.integers(0, 2))
    run = board[first : first + draw(st.integers(0, 6))]
    return [entry._replace(metadata=draw(METADATA)) for entry in run]


@given(sights(), sights(), st.none() | st.sampled_from(NAMES))
def test_a_difference_leads_a_client_from_before_to_after(
    before: list[Entry], after: list[Entry], own: MemberName | None
) -> None:
    changed = difference(before, after, own)
    if changed is None:
        assert state_of(before) == state_of(after)
    else:
        assert applied(state_of(before), changed) == state_of(after)


@given(sights(), st.data(), st.none() | st.sampled_from(NAMES))
def test_what_only_stands_in_another_order_is_no_difference(
    before: list[Entry], data: st.DataObject, own: MemberName | None
) -> None:
    assert difference(before, data.draw(st.permutations(before)), own) is None


@given(sights(), sights())
def test_a_difference_says_nothing_of_what_stays(before: list[Entry], after: list[Entry]) -> None:
    changed = difference(before, after, None) or Difference([], [], [])
    told = {
        *(entry.member for entry in changed.entered),
        *changed.left,
        *(moved.entry.member for moved in changed.moved),
    }
    assert told == {entry.member for entry in {*map(_hashable, before)} ^ {*map(_hashable, after)}}


def _hashable(entry: Entry) -> Entry:
    return entry._replace(metadata=repr(entry.metadata))  # type: ignore[arg-type]  # to be compared only


def test_what_entered_left_and_moved_is_told_in_the_order_of_the_board() -> None:
    changed = difference(entries("ann1 bob2 cleo3 dan4"), entries("eve1 cleo2 fay3 ann4"), None)
    assert changed == Difference(
        entered=entries("eve1 fay3"),
        left=["bob", "dan"],
        moved=[Moved(*pair) for pair in zip(entries("cleo2 ann4"), (3, 1), strict=True)],
    )


def test_another_score_alone_is_told_too() -> None:
    changed = difference([Entry("ann", 1.0, 1)], [Entry("ann", 2.0, 1)], None)
    assert changed == Difference([], [], [Moved(Entry("ann", 2.0, 1), 1)])


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (None, {"a": 1}, {"a": 1}),
        ({"a": 1}, {"a": 2}, {"a": 2}),
        ({"a": 1}, {}, {}),
        ({"a": 1}, None, {}),
    ],
)
def test_metadata_is_told_where_it_changed(
    before: dict[str, int] | None, after: dict[str, int] | None, told: dict[str, int]
) -> None:
    changed = difference([Entry("ann", 1.0, 1, before)], [Entry("ann", 1.0, 1, after)], None)
    assert changed == Difference([], [], [Moved(Entry("ann", 1.0, 1, told), 1)])


def test_metadata_that_stays_is_not_told_again() -> None:
    changed = difference([Entry("ann", 1.0, 1, {"a": 1})], [Entry("ann", 2.0, 1, {"a": 1})], None)
    assert changed == Difference([], [], [Moved(Entry("ann", 2.0, 1), 1)])


class Case(NamedTuple):
    """What CLEO's own view showed, and whom she passed and who passed her by it."""

    before: str
    after: str
    overtaken: Passed = NOBODY
    overtook: Passed = NOBODY


CASES = {
    "up past two": Case("ann1 bob2 cleo3", "cleo1 ann2 bob3", overtaken=Passed([ANN, BOB], 0)),
    "down past two": Case("cleo1 ann2 bob3", "ann1 bob2 cleo3", overtook=Passed([ANN, BOB], 0)),
    "past one and passed by another": Case("ann1 cleo2 bob3", "bob1 cleo2 ann3", Passed([ANN], 0), Passed([BOB], 0)),
    "others change places above": Case("ann1 bob2 cleo3", "bob1 ann2 cleo3"),
    "others change places below": Case("cleo1 ann2 bob3", "cleo1 bob2 ann3"),
    "another score, and the same place": Case("cleo1 ann2", "cleo1 ann3"),
    "up past all who were in view, and out of their sight": Case("ann5 cleo6 bob7", "dan1 cleo2 eve3", Passed([], 4)),
    "up past one in view and two who are not": Case("ann4 bob5 cleo6", "eve2 cleo3 ann5", Passed([ANN], 2)),
    "down out of sight": Case("dan1 cleo2 eve3", "ann5 cleo6 bob7", overtook=Passed([], 4)),
    "down past one in view and one who is not": Case("ann4 cleo5 bob6", "bob5 dan6 cleo7", overtook=Passed([BOB], 1)),
    "alone in view": Case("cleo7", "cleo4", overtaken=Passed([], 3)),
    "alone in view, down": Case("cleo4", "cleo7", overtook=Passed([], 3)),
    "one joins above": Case("ann1 cleo2", "dan1 ann2 cleo3", overtook=Passed([], 1)),
    "one joins below": Case("ann1 cleo2", "ann1 cleo2 dan3"),
    "one above leaves": Case("ann1 bob2 cleo3", "ann1 cleo2", overtaken=Passed([], 1)),
    "one below leaves": Case("ann1 cleo2 bob3", "ann1 cleo2"),
    "past one, while one above leaves": Case("ann1 bob2 cleo3", "cleo1 ann2", overtaken=Passed([ANN], 1)),
    "past one, while one joins above": Case("ann1 bob2 cleo3", "dan1 ann2 cleo3 bob4", Passed([BOB], 0), Passed([], 0)),
    "she joins": Case("ann1 bob2", "cleo1 ann2 bob3"),
    "she leaves": Case("cleo1 ann2 bob3", "ann1 bob2"),
    "she was not there, nor is she": Case("ann1 bob2", "bob1 ann2"),
    "shared: up past two of one rank": Case("ann1 bob1 cleo3", "cleo1 ann2 bob2", Passed([ANN, BOB], 0)),
    "shared: level with two of one rank": Case("ann1 bob1 cleo3", "ann1 bob1 cleo1", Passed([], 2)),
    "shared: one of her rank goes up": Case("ann1 bob1 cleo1", "ann1 bob2 cleo2", overtook=Passed([], 1)),
    "shared: one of her rank goes down": Case("ann1 bob1 cleo1", "bob1 cleo1 ann3"),
    "shared: one above comes to her rank": Case("ann1 cleo2", "ann1 cleo1", overtaken=Passed([], 1)),
    "dense: up past two of one rank": Case("ann1 bob1 cleo2", "cleo1 ann2 bob2", Passed([ANN, BOB], 0)),
    "dense: one above goes below": Case("ann1 bob1 cleo2", "ann1 cleo2 bob3", Passed([BOB], 0)),
    "dense: one of her rank goes up": Case("ann1 cleo1 bob2", "ann1 cleo2 bob3", overtook=Passed([], 1)),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_members_own_view_tells_whom_it_passed_and_who_passed_it(case: Case) -> None:
    changed = difference(entries(case.before), entries(case.after), CLEO)
    assert changed is not None
    assert (changed.overtaken, changed.overtook) == (case.overtaken, case.overtook)


@st.composite
def boards_of_the_same(draw: st.DrawFn, *ties: Ties) -> tuple[list[Entry], list[Entry]]:
    """A whole board before and after, on which CLEO and the others stay."""
    rules = Rules(order=draw(st.sampled_from(Order)), ties=draw(st.sampled_from(ties)))
    members = sorted({CLEO, *draw(st.sets(st.sampled_from(NAMES)))})
    before, after = ({member: draw(SCORES) for member in members} for _ in range(2))
    return ranked(before, rules), ranked(after, rules)


def ranks(entries: list[Entry]) -> dict[str, int]:
    return {entry.member: entry.rank for entry in entries}


def who(before: list[Entry], after: list[Entry], was: int, now: int) -> list[str]:
    """Name, in the order of `after`, who stood above her (-1), level (0) or below (1) before, and so after."""
    old, new = ranks(before), ranks(after)

    def side(place: dict[str, int], member: str) -> int:
        return (place[member] > place[CLEO]) - (place[member] < place[CLEO])

    return [member for member in new if (side(old, member), side(new, member)) == (was, now)]


@given(boards_of_the_same(Ties.MEMBER))
def test_where_all_are_in_view_all_are_named_and_nobody_is_counted(boards: tuple[list[Entry], list[Entry]]) -> None:
    changed = difference(*boards, CLEO)
    if changed is not None:
        assert changed.overtaken == Passed(who(*boards, -1, 1), 0)
        assert changed.overtook == Passed(who(*boards, 1, -1), 0)


@given(boards_of_the_same(Ties.SHARED))
def test_those_who_came_to_her_rank_or_left_it_upwards_are_counted(boards: tuple[list[Entry], list[Entry]]) -> None:
    changed = difference(*boards, CLEO)
    if changed is not None:
        risen = len(who(*boards, 0, -1)) - len(who(*boards, -1, 0))
        was, now = (ranks(board)[CLEO] for board in boards)
        assert changed.overtaken == Passed(who(*boards, -1, 1), max(0, -risen) if now < was else 0)
        assert changed.overtook == Passed(who(*boards, 1, -1), max(0, risen) if now > was else 0)


@given(
    boards_of_the_same(Ties.MEMBER, Ties.SHARED, Ties.DENSE), st.integers(0, 5), st.integers(0, 5), st.integers(0, 3)
)
def test_only_those_are_named_who_were_in_view_and_still_are(
    boards: tuple[list[Entry], list[Entry]], first: int, second: int, length: int
) -> None:
    before, after = boards[0][first : first + length], boards[1][second : second + length]
    changed = difference(before, after, CLEO)
    if changed is not None:
        both = ranks(before).keys() & ranks(after).keys() if CLEO in ranks(before).keys() & ranks(after).keys() else ()
        assert changed.overtaken is not None and changed.overtook is not None  # noqa: PT018 -- told in her own view
        assert changed.overtaken.members == [member for member in who(*boards, -1, 1) if member in both]
        assert changed.overtook.members == [member for member in who(*boards, 1, -1) if member in both]


def test_a_view_of_nobody_tells_of_no_passing() -> None:
    changed = difference(entries("ann1 bob2"), entries("bob1 ann2"), None)
    assert changed is not None
    assert (changed.overtaken, changed.overtook) == (None, None)
