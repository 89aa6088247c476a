"""The promise: every watcher ends up with what the store holds, whatever is lost on the way."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from boards import DAY
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from live_bases import Base, MemoryBase, ServerBase
from live_world import World
from ranking_strategies import BEGINNINGS, LEAPS, MEMBERS, NAMES, SCORES, SUBMISSIONS, some_rules
from servers import SERVERS, STORES, start_server

from goboard.domain.rules import Rules
from goboard.domain.views import View

A, B, C = NAMES[:3]
HUBS = st.integers(0, 1)
WHICH = st.integers(0, 9)
SHOWS = [View.top(3), View.top(3), View.top(1), View.around("a", 1, 1), View.members(["a"]), View.members(["a", "é"])]
PERIODS = [*[(None, None)] * 5, ("all", None), ("hourly", None), ("daily", None), ("archive", "season 0")]
VIEWS = st.builds(
    lambda shows, period, metadata: (shows.with_metadata() if metadata else shows).within(*period),
    st.sampled_from(SHOWS),
    st.sampled_from(PERIODS),
    st.booleans(),
)
RULES = some_rules() | st.sampled_from([Rules(), Rules(windows=("daily", "hourly", "all"))])


def step(name: str, *given: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    """Something that `World` lets happen."""
    return st.tuples(st.just(name), *given)


@st.composite
def steps(draw: st.DrawFn, name: str, each: st.SearchStrategy[Any]) -> tuple[Any, ...]:
    """The same with a few of a kind."""
    return (name, *draw(st.lists(each, min_size=1, max_size=5)))


PLAYS = SUBMISSIONS.filter(lambda submitted: submitted.metadata != "{}")  # which a client cannot tell from none
WRITES = [
    steps("add", st.tuples(MEMBERS, SCORES)),
    steps("submit", PLAYS),
    steps("send", PLAYS),
    step("remove", MEMBERS),
]
RARE = [
    step("delete"),
    step("archive", st.sampled_from([None, "daily", "all"])),
    *[step("rule", RULES)] * 2,
    step("leap", LEAPS),
    step("delete_past"),
    step("forget"),
    step("copy"),
    *[step("kill", st.sampled_from(["all", "old", "nothing"]), st.integers(0, 5))] * 2,
]
LOSSES = [
    step("lose", HUBS, st.integers(1, 3)),
    step("cut"),
    step("write_past", MEMBERS, SCORES | st.none()),
]
WATCHING = [step("come", HUBS, VIEWS), step("go", WHICH, HUBS), step("stall", WHICH), step("take", WHICH)]
WAIT = step("wait", st.sampled_from([0.003, 0.005, 0.01, 0.05]))
Scenario = list[tuple[Any, ...]]


def one_of(kinds: list[st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """As `st.one_of`, but a kind that is there twice comes twice as often."""
    return st.sampled_from(range(len(kinds))).flatmap(kinds.__getitem__)


HAPPENINGS = one_of([*RARE, *LOSSES * 3, *WATCHING * 2])
TURNS = st.tuples(one_of(WRITES), HAPPENINGS, one_of(WRITES), WAIT) | st.tuples(one_of(WRITES), WAIT)


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """A board, mostly with rules, on which something happens at each turn."""
    rules = draw(st.none() | RULES)
    turns = draw(st.lists(TURNS, min_size=5, max_size=15))
    return [*([] if rules is None else [("rule", rules)]), *itertools.chain(*turns)]


WAITED = ("wait", 0.1)
ADA_PLAYS: Scenario = [("add", (A, 1.0)), WAITED]
KNOWN: dict[str, Scenario] = {
    "one is slow": [*ADA_PLAYS, ("stall", 0), ("add", (B, 2.0)), WAITED, ("add", (C, 3.0)), WAITED],
    "events are lost": [*ADA_PLAYS, ("lose", 0, 9), ("lose", 1, 9), ("add", (B, 2.0))],
    "others write": [*ADA_PLAYS, ("write_past", A, 2.0)],
    "others delete": [*ADA_PLAYS, ("delete_past",)],
    "numbers come again": [*ADA_PLAYS, ("kill", "nothing", 0), ("add", (B, 1.0))],
    "old numbers come again": [
        *ADA_PLAYS,
        ("copy",),
        ("add", (B, 2.0)),
        WAITED,
        ("kill", "old", 1),
        WAITED,
        ("add", (C, 3.0)),
        WAITED,
    ],
    "a board is begun anew": [*ADA_PLAYS, ("delete",), ("add", (B, 1.0))],
    "a period ends": [("rule", Rules(windows=("daily",))), *ADA_PLAYS, ("leap", DAY)],
    "one goes to the other hub": [*ADA_PLAYS, ("write_past", A, 2.0), ("go", 0, 1), ("add", (B, 1.0))],
}
"""What can go wrong, each in the fewest words."""
KNOWN_VIEWS = [View.top(3), View.top(3), View.around("a", 1, 1)]

few = settings(deadline=None, suppress_health_check=list(HealthCheck), database=None)


async def play(base: Base, at: float, views: list[View], scenario: Scenario) -> None:
    """Let it all happen to watchers of these views, and see what they have at the end."""
    world = World(base, at)
    try:
        for number, view in enumerate(views):
            await world.come(number % 2, view)
        for each in scenario:
            await world.do(each)
        await world.rest()
    finally:
        await world.close()


def play_on(base: Base, at: float, views: list[View], scenario: Scenario) -> None:
    """Do it on an event loop of its own; the base can be used again."""
    try:
        with asyncio.Runner() as runner:
            runner.run(play(base, at, views, scenario))
    finally:
        if base.down:
            base.start("all")


@pytest.fixture(params=STORES)
def new_base(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Base]]:
    """Make a base, on which there is nothing yet; on a server there is one at a time."""
    if request.param == "memory":
        yield MemoryBase
        return
    numbers = itertools.count()
    with start_server(SERVERS[request.param], tmp_path, "--appendonly", "yes") as server:
        yield lambda: ServerBase(server, tmp_path, f"{next(numbers)}:")


@pytest.mark.parametrize("scenario", KNOWN.values(), ids=KNOWN)
def test_every_watcher_comes_right_where(scenario: Scenario, new_base: Callable[[], Base]) -> None:
    play_on(new_base(), BEGINNINGS[0], KNOWN_VIEWS, scenario)


def test_every_watcher_ends_up_with_what_the_store_holds(new_base: Callable[[], Base]) -> None:
    @settings(few, max_examples=40 if new_base is MemoryBase else 15)
    @given(st.sampled_from(BEGINNINGS), st.lists(VIEWS, min_size=2, max_size=5), scenarios())
    def converges(at: float, views: list[View], scenario: Scenario) -> None:
        play_on(new_base(), at, views, scenario)

    converges()
