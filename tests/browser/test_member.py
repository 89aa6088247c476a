"""Finding a member, and following it."""

import pytest
from board_page import BoardPage
from playwright.async_api import expect
from rest_board import Board

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

TWELVE = {f"m{place:02}": 130 - 10 * place for place in range(1, 13)}
AROUND_SEVENTH = [(place, f"m{place:02}", str(130 - 10 * place)) for place in range(4, 11)]


async def opened_with_twelve(opened, on: Board, **query) -> BoardPage:
    on.fill(TWELVE)
    page = await (await opened()).go(board=on.name, top=5, **query)
    await expect(page.page.locator("#first .row")).to_have_count(5)
    return page


async def find(page: BoardPage, name: str) -> None:
    await page.page.get_by_label("Find a member").fill(name)
    await page.page.get_by_role("button", name="Find").click()


async def test_a_member_is_found_with_its_neighbours(opened, on: Board) -> None:
    page = await opened_with_twelve(opened, on)

    await find(page, "m07")
    await page.shows(*AROUND_SEVENTH, table="#neighbours")
    await expect(page.page.get_by_role("heading", name="m07")).to_be_visible()
    await expect(page.page.locator("#member-figures")).to_contain_text("7th of 12 members")
    await expect(page.page.locator("#member-score")).to_have_text("60")
    await expect(page.page.locator("#neighbours [aria-current] .name")).to_have_text("m07")
    assert await page.address() == f"?board={on.name}&member=m07&top=5"


async def test_whom_it_overtakes_and_who_overtakes_it_is_told(opened, on: Board) -> None:
    page = await opened_with_twelve(opened, on, member="m07")
    await page.shows(*AROUND_SEVENTH, table="#neighbours")

    on.fill({"m07": 95})
    await expect(page.page.locator("#member-rank")).to_have_text("4th")
    await expect(page.page.locator("#member-news")).to_have_text("▲ overtook m04, m05 and 1 other")
    on.fill({"m06": 96})
    await expect(page.page.locator("#member-news")).to_have_text("▼ overtaken by m06")
    on.fill({"m12": 200})
    await expect(page.page.locator("#member-news")).to_have_text("▼ overtaken by 1 member")
    await expect(page.page.locator("#member-rank")).to_have_text("6th")


async def test_one_among_the_first_is_marked_there(opened, on: Board) -> None:
    page = await opened_with_twelve(opened, on, member="m02")
    await expect(page.page.locator("#first [aria-current] .name")).to_have_text("m02")

    await page.page.get_by_role("table", name=on.name).get_by_role("button", name="m04").click()
    await expect(page.page.locator("#first [aria-current] .name")).to_have_text("m04")
    await expect(page.page.locator("#member-rank")).to_have_text("4th")


async def test_one_who_is_not_there_is_awaited(opened, on: Board) -> None:
    page = await opened_with_twelve(opened, on)

    await find(page, "nobody")
    await expect(page.page.locator("#member-absent")).to_contain_text("Nobody of this name is here yet")
    await expect(page.page.locator("#member-figures")).to_be_hidden()
    on.fill({"nobody": 500})
    await expect(page.page.locator("#member-rank")).to_have_text("1st")
    await expect(page.page.locator("#member-absent")).to_be_hidden()

    on.json("DELETE", "/members/nobody")
    await expect(page.page.locator("#member-absent")).to_be_visible()


async def test_a_name_that_is_none_is_told(opened, on: Board) -> None:
    page = await opened_with_twelve(opened, on, member="a\tb")

    await expect(page.page.locator("#member-absent")).to_contain_text("control character")


async def test_one_can_be_followed_no_more(opened, on: Board) -> None:
    page = await opened_with_twelve(opened, on, member="m02")

    await page.page.get_by_role("button", name="Stop following").click()
    await expect(page.page.locator("#member")).to_be_hidden()
    await expect(page.page.locator("#first [aria-current]")).to_have_count(0)
    assert await page.address() == f"?board={on.name}&top=5"


async def test_who_is_in_sight_is_suggested(opened, on: Board) -> None:
    page = await opened_with_twelve(opened, on)

    await page.page.get_by_label("Find a member").focus()
    assert (
        await page.page.locator("#names option").evaluate_all("all => all.map(each => each.value)") == list(TWELVE)[:5]
    )
