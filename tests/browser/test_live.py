"""What the page shows while the board moves."""

import json
from typing import Any

import pytest
from board_page import BoardPage
from playwright.async_api import WebSocketRoute, expect
from rest_board import Board

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SLIDING = """() => document.getAnimations()
  .filter(({ effect }) => !effect.pseudoElement && effect.getKeyframes().some(frame => "transform" in frame))
  .map(each => each.effect.target.querySelector?.(".name")?.textContent)
  .filter(Boolean)"""
FINISH = "() => document.getAnimations().forEach(each => each.finish())"
RECORD = """name => {
  const row = [...document.querySelectorAll("#first .row")].find(row => row.textContent.includes(name));
  window.seen = [];
  new MutationObserver(() => window.seen.push(Number(row.querySelector(".score").textContent)))
    .observe(row, { subtree: true, childList: true, characterData: true });
}"""


async def opened_with_two(opened: Any, on: Board, **context: Any) -> BoardPage:
    on.fill({"ada": 40, "bob": 30})
    page = await (await opened(**context)).go(board=on.name, top=2)
    await page.shows((1, "ada", "40"), (2, "bob", "30"))
    return page


async def test_who_overtakes_slides_past_and_arrows_tell_by_how_much(opened, on: Board) -> None:
    page = await opened_with_two(opened, on)

    on.fill({"bob": 50})
    lines = await page.order("bob", "ada")
    assert set(await page.page.evaluate(SLIDING)) == {"ada", "bob"}
    assert [line.arrow for line in lines] == ["▲1", "▼1"]

    await page.shows((1, "bob", "50"), (2, "ada", "40"))
    await page.page.evaluate(FINISH)  # also of what the arrows wait for
    await expect(page.page.locator("#first .change:not(:empty)")).to_have_count(0)


async def test_an_arrow_counts_from_where_the_member_stood_when_it_appeared(opened, on: Board) -> None:
    on.fill()
    page = await (await opened()).go(board=on.name)
    await page.shows((1, "ada", "40"), (2, "bob", "30"), (3, "cyd", "20"), (4, "dan", "10"))

    on.fill({"dan": 35})
    await page.order("ada", "dan", "bob", "cyd")
    on.fill({"dan": 45})
    lines = await page.order("dan", "ada", "bob", "cyd")
    assert [line.arrow for line in lines] == ["▲3", "▼1", "▼1", "▼1"]


async def test_a_score_counts_up(opened, on: Board) -> None:
    page = await opened_with_two(opened, on)
    await page.page.evaluate(RECORD, "ada")

    on.fill({"ada": 1040})
    await expect(page.page.locator("#first .score").first).to_have_text("1,040")
    between = [score for score in await page.page.evaluate("window.seen") if 40 < score < 1000]
    assert len(between) > 3
    assert between == sorted(between)


async def test_who_joins_comes_in_and_who_leaves_goes(opened, on: Board) -> None:
    page = await opened_with_two(opened, on)

    on.fill({"cyd": 35})
    await page.order("ada", "cyd")
    assert "cyd" in await page.page.evaluate(SLIDING)
    await expect(page.page.get_by_role("row", name="bob")).to_have_count(0)

    on.json("DELETE", "/members/cyd")
    await page.shows((1, "ada", "40"), (2, "bob", "30"))
    await expect(page.page.locator("#first .row")).to_have_count(2)


async def test_who_wants_less_motion_gets_none(opened, on: Board) -> None:
    page = await opened_with_two(opened, on, reduced_motion="reduce")
    await page.page.evaluate(RECORD, "bob")

    on.fill({"bob": 1050})
    lines = await page.order("bob", "ada")
    assert await page.page.evaluate(SLIDING) == []
    assert [line[2:] for line in lines] == [("1,050", "▲1"), ("40", "▼1")]
    assert [score for score in await page.page.evaluate("window.seen") if score < 1000] == []


async def test_a_screen_reader_is_told_who_leads(opened, on: Board) -> None:
    page = await opened_with_two(opened, on)

    on.fill({"bob": 50})
    await expect(page.page.locator("#news")).to_have_text("bob leads with 50")


async def test_after_a_change_that_was_lost_the_standings_are_asked_for_anew(opened, on: Board) -> None:
    lost: list[Any] = []
    page = await opened()

    def losing_the_first_change(route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def pass_on(text: str | bytes) -> None:
            if json.loads(text).get("type") == "change" and not lost:
                lost.append(text)
            else:
                route.send(text)

        server.on_message(pass_on)

    await page.page.route_web_socket("**/ws", losing_the_first_change)
    on.fill({"ada": 40, "bob": 30})
    await page.go(board=on.name)
    await page.shows((1, "ada", "40"), (2, "bob", "30"))

    on.fill({"cyd": 45})
    while not lost:
        await page.page.wait_for_timeout(20)
    on.fill({"dan": 50})
    await page.shows((1, "dan", "50"), (2, "cyd", "45"), (3, "ada", "40"), (4, "bob", "30"))


async def test_standings_that_are_no_more_are_told_and_the_others_can_be_chosen(opened, on: Board) -> None:
    on.rule(windows=["all", "daily"])
    on.fill({"ada": 1})
    page = await (await opened()).go(board=on.name, window="daily")
    await page.shows((1, "ada", "1"))

    on.json("PUT", "/rules?force=true", json={"windows": ["all"]})
    await expect(page.page.locator("#notice")).to_contain_text("daily")
    await page.page.get_by_role("combobox", name="Window").select_option("All time")
    await page.shows((1, "ada", "1"))
    page.forgive("status of 400", "status of 404")
