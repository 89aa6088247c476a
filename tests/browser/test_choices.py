"""What the reader chooses, and the address that leads there again."""

import pytest
from board_page import BoardPage
from playwright.async_api import expect
from rest_board import Board

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

COLUMNS = "() => new Set([...document.querySelectorAll('#first .row')].map(row => row.offsetLeft)).size"
CURSOR = "() => getComputedStyle(document.querySelector('#first .row')).cursor"
LOWEST = (
    "() => Math.max(...[...document.querySelectorAll('#first .row')].map(row => row.getBoundingClientRect().bottom))"
)
TYPE = "() => parseFloat(getComputedStyle(document.querySelectorAll('#first .name')[1]).fontSize)"


async def test_a_board_is_picked(opened, on: Board) -> None:
    on.fill()
    other = Board(on.http, f"{on.name} / ä&b")
    other.fill({"zoe": 3})
    page = await (await opened()).go(board=on.name, member="bob")
    await page.order("ada", "bob", "cyd", "dan")

    await page.page.get_by_role("combobox", name="Board").select_option(other.name)
    await page.shows((1, "zoe", "3"))
    await expect(page.page.get_by_role("heading", level=1)).to_have_text(other.name)
    await expect(page.page.locator("#member")).to_be_hidden()
    await page.page.reload()
    await page.shows((1, "zoe", "3"))


async def test_a_window_is_picked(opened, on: Board) -> None:
    on.rule(windows=["all", "daily", "0 6 * * mon"])
    on.fill({"ada": 40})
    page = await (await opened()).go(board=on.name)
    await page.shows((1, "ada", "40"))
    windows = page.page.get_by_role("combobox", name="Window")
    assert await windows.locator("option").all_text_contents() == ["All time", "Daily", "0 6 * * mon"]

    today = on.get("/periods", window="daily")["periods"][0]["name"]
    year, _, day = today.split("-")
    await windows.select_option("Daily")
    await expect(page.page.locator("#facts")).to_contain_text(year)
    await expect(page.page.locator("#facts")).to_contain_text(f"{int(day)} ")
    await page.shows((1, "ada", "40"))
    assert await page.address() == f"?board={on.name}&window=daily"

    await windows.select_option("0 6 * * mon")
    await expect(page.page.locator("#facts")).to_contain_text("from 06:00")
    on.fill({"ada": 41})
    await page.shows((1, "ada", "41"))


async def test_the_number_of_places_is_picked(opened, on: Board) -> None:
    on.fill({f"m{number:02}": number for number in range(1, 31)})
    page = await (await opened()).go(board=on.name)
    await expect(page.page.locator("#first .row")).to_have_count(10)

    await page.page.get_by_role("combobox", name="Show").select_option("Top 25")
    await expect(page.page.locator("#first .row")).to_have_count(25)
    assert await page.address() == f"?board={on.name}&top=25"


async def test_any_number_of_places_in_the_address_makes_sense(opened, on: Board) -> None:
    on.fill({f"m{number:02}": number for number in range(1, 13)})
    page = await opened()

    for asked, shown in {"3": 3, "0": 1, "1000": 12, "ten": 10}.items():
        await page.go(board=on.name, top=asked)
        await expect(page.page.locator("#first .row")).to_have_count(shown)


async def on_the_wall(opened, on: Board, members: int, **query) -> BoardPage:
    on.fill({f"m{number:02}": number for number in range(1, members + 1)})
    page = await (await opened(viewport={"width": 1920, "height": 1080})).go(board=on.name, kiosk=1, **query)
    await expect(page.page.locator("#first .row")).to_have_count(members)
    return page


async def test_a_wall_screen_is_filled_has_no_controls_and_hides_the_cursor(opened, on: Board) -> None:
    page = await on_the_wall(opened, on, 10)

    await expect(page.page.get_by_role("combobox")).to_have_count(0)
    await expect(page.page.get_by_role("button")).to_have_count(0)
    assert await page.page.evaluate(CURSOR) == "none"
    assert await page.page.evaluate(COLUMNS) == 1
    assert 1020 < await page.page.evaluate(LOWEST) <= 1080
    assert await page.page.evaluate(TYPE) > 40
    assert await page.page.evaluate("document.documentElement.scrollHeight") == 1080


async def test_a_wall_screen_with_many_places_has_columns(opened, on: Board) -> None:
    page = await on_the_wall(opened, on, 24, top=24)

    assert await page.page.evaluate(COLUMNS) == 2
    assert 1020 < await page.page.evaluate(LOWEST) <= 1080


async def test_a_wall_screen_is_live(opened, on: Board) -> None:
    page = await on_the_wall(opened, on, 3)

    on.fill({"m01": 10})
    await page.order("m01", "m03", "m02")
    assert await page.address() == f"?board={on.name}&kiosk=1"
