"""The page's pure parts, called in the browser."""

from typing import Any

import pytest
import pytest_asyncio
from board_page import BoardPage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ADA, BOB = {"id": "ada", "rank": 1, "score": 40}, {"id": "bob", "rank": 2, "score": 30}
SNAPSHOT = {"epoch": "e", "version": 3, "window": "all", "period": "all", "members": [ADA, BOB]}
STEP = {"epoch": "e", "from": 3, "to": 4, "entered": [], "left": [], "moved": []}
APPLY = """([snapshot, changes]) => {
  const standings = new module.Standings(snapshot);
  return [changes.map((change) => standings.apply(change)), standings.ranked(), standings.version];
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def call(opened):
    """Call a function with a module of the page as `module`."""
    page: BoardPage = await (await opened()).go()

    async def call(file: str, function: str, *arguments: Any) -> Any:
        code = f"async (given) => {{ const module = await import('/page/{file}'); return ({function})(...given); }}"
        return await page.page.evaluate(code, list(arguments))

    return call


async def test_a_change_leads_from_the_state_that_it_names_alone(call) -> None:
    changed = {
        **STEP,
        "entered": [{"id": "cyd", "rank": 2, "score": 35}],
        "left": ["ada"],
        "moved": [{"id": "bob", "rank": 1, "score": 36, "previous_rank": 2}],
    }
    [applied], ranked, version = await call("standings.js", APPLY, [SNAPSHOT, [changed]])
    assert (applied, version) == (True, 4)
    assert [(entry["id"], entry["rank"], entry["score"]) for entry in ranked] == [("bob", 1, 36), ("cyd", 2, 35)]

    others = [{**changed, "from": 2}, {**changed, "from": 4}, {**changed, "epoch": "f"}]
    assert await call("standings.js", APPLY, [SNAPSHOT, others]) == [[False] * 3, [ADA, BOB], 3]


async def test_numbers_and_periods_are_written_for_people(call) -> None:
    write = "(scores) => scores.map(module.scoreWriter(scores))"
    assert await call("words.js", write, [1234567, 3]) == ["1,234,567", "3"]
    assert await call("words.js", write, [0.5, -12.25, 7]) == ["0.50", "-12.25", "7.00"]
    assert await call("words.js", write, [1 / 3, 2**53]) == ["0.333", "9,007,199,254,740,992.000"]
    ordinals = {1: "1st", 2: "2nd", 3: "3rd", 4: "4th", 11: "11th", 22: "22nd", 1003: "1,003rd"}
    assert await call("words.js", "(ranks) => ranks.map(module.ordinal)", list(ordinals)) == list(ordinals.values())

    periods = {
        ("all", "all"): "All time",
        ("daily", "2026-11-25"): "25 November 2026",
        ("weekly", "2026-11-23"): "Week of 23 November 2026",
        ("monthly", "2026-11-01"): "November 2026",
        ("hourly", "2026-11-24T18:00+01:00"): "24 November 2026, from 18:00",
        ("archive", "season one"): "season one",
    }
    for asked, written in periods.items():
        assert await call("words.js", "module.periodName", *asked) == written


async def test_waits_grow_to_a_limit_and_are_no_two_alike(call) -> None:
    for failures, chance, wait in [(0, 0, 250), (0, 1, 500), (3, 1, 4000), (30, 0, 7500), (30, 1, 15000)]:
        assert await call("connection.js", "module.waitAfter", failures, chance) == wait
