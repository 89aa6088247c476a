"""Views: what can be watched, what is refused and why, and whose view it is."""

from collections.abc import Callable

import pytest

from goboard.domain.errors import InvalidArgument
from goboard.domain.names import MemberName
from goboard.domain.views import Around, Members, Top, View

ANN, BOB = MemberName.parse("ann"), MemberName.parse("bob")
HUNDRED = [f"m{number}" for number in range(100)]

GOOD: list[tuple[View, object]] = [
    (View.top(1), Top(1)),
    (View.top(100), Top(100)),
    (View.around("ann"), Around(ANN, 5, 5)),
    (View.around("ann", 0, 0), Around(ANN, 0, 0)),
    (View.around("ann", 50, 50), Around(ANN, 50, 50)),
    (View.around("ann", below=2), Around(ANN, 5, 2)),
    (View.around("ö" * 128), Around(MemberName.parse("ö" * 128), 5, 5)),
    (View.members(["ann"]), Members((ANN,))),
    (View.members(["bob", "ann", "bob"]), Members((BOB, ANN))),
    (View.members(iter(["ann", "bob"])), Members((ANN, BOB))),
    (View.members(HUNDRED), Members(tuple(map(MemberName.parse, HUNDRED)))),
    (View.members([*HUNDRED, *HUNDRED]), Members(tuple(map(MemberName.parse, HUNDRED)))),
]

BAD: list[tuple[str, Callable[[], View]]] = [
    ("top is 0; it must be from 1 to 100", lambda: View.top(0)),
    ("top is -1; it must be from 1 to 100", lambda: View.top(-1)),
    ("top is 101; it must be from 1 to 100", lambda: View.top(101)),
    ("above is -1; it must be from 0 to 50", lambda: View.around("ann", -1)),
    ("above is 51; it must be from 0 to 50", lambda: View.around("ann", 51)),
    ("below is -1; it must be from 0 to 50", lambda: View.around("ann", 0, -1)),
    ("below is 51; it must be from 0 to 50", lambda: View.around("ann", 0, 51)),
    ("member_id is empty", lambda: View.around("")),
    ("member_id has a control character", lambda: View.around("a\nb")),
    ("member_id has 258 bytes; at most 256", lambda: View.around("ö" * 129)),
    ("member_id is not valid UTF-8", lambda: View.around("\ud800")),
    ("the number of members is 0; it must be from 1 to 100", lambda: View.members([])),
    ("the number of members is 101; it must be from 1 to 100", lambda: View.members([*HUNDRED, "ann"])),
    ("member_id is empty", lambda: View.members(["ann", ""])),
]


@pytest.mark.parametrize(("view", "shows"), GOOD)
def test_what_can_be_watched(view: View, shows: object) -> None:
    assert view == View(shows, window=None, period=None, metadata=False)  # type: ignore[arg-type]  # one of the three


@pytest.mark.parametrize(("message", "ask"), BAD)
def test_what_is_outside_the_limits_is_refused_and_says_why(message: str, ask: Callable[[], View]) -> None:
    with pytest.raises(InvalidArgument, match=message):
        ask()


def test_the_same_view_of_another_window_and_with_metadata() -> None:
    view = View.around("ann", 1, 2)
    asked = view.within("daily", "2026-11-24").with_metadata()
    assert asked == View(Around(ANN, 1, 2), "daily", "2026-11-24", metadata=True)
    assert asked.within(None, None) == view.with_metadata()
    assert view == View.around("ann", 1, 2)


def test_what_is_asked_for_alike_is_one_view_and_what_differs_is_another() -> None:
    assert len({View.members(["ann", "ann"]), View.members(["ann"])}) == 1
    asked = [View.top(3), View.around("ann"), View.around("ann", 4), View.members(["ann"]), View.members(["bob"])]
    every = [*asked, *(view.within("daily", None) for view in asked), *(view.with_metadata() for view in asked)]
    assert len(set(every)) == len(every)


@pytest.mark.parametrize(
    ("view", "own"),
    [
        (View.top(1), None),
        (View.around("ann", 0, 0), ANN),
        (View.members(["ann"]), ANN),
        (View.members(["ann", "ann"]), ANN),
        (View.members(["ann", "bob"]), None),
        (View.around("bob").within("daily", None).with_metadata(), BOB),
    ],
)
def test_a_view_that_is_about_one_member_is_its_own(view: View, own: MemberName | None) -> None:
    assert view.own == own
