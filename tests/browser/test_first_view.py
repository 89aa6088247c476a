"""What the page shows when it is opened."""

import pytest
from playwright.async_api import expect
from rest_board import Board

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_the_first_places_are_shown_and_how_many_there_are(opened, on: Board) -> None:
    on.fill()
    page = await (await opened()).go(board=on.name)

    await page.shows((1, "ada", "40"), (2, "bob", "30"), (3, "cyd", "20"), (4, "dan", "10"))
    await expect(page.page.locator("#facts")).to_have_text("4 members · All time")
    await expect(page.page.locator("#connection")).to_have_text("Live")
    assert await page.page.title() == f"{on.name} · goboard"


async def test_scores_stand_below_each_other_with_the_same_decimals(opened, on: Board) -> None:
    on.rule(order="asc", operator="best")
    on.fill({"ada": 61.25, "bob": 1234})
    page = await (await opened()).go(board=on.name)

    await page.shows((1, "ada", "61.25"), (2, "bob", "1,234.00"))


async def test_members_that_share_a_place_have_the_same_number(opened, on: Board) -> None:
    on.rule(ties="shared")
    on.fill({"ada": 5, "bob": 9, "cyd": 9})
    page = await (await opened()).go(board=on.name)

    await page.shows((1, "bob", "9"), (1, "cyd", "9"), (3, "ada", "5"))


async def test_without_a_board_in_the_address_the_one_with_most_members_is_shown(opened, on: Board) -> None:
    on.fill({f"member-{number}": number for number in range(1, 40)})
    Board(on.http, f"0-{on.name}").fill()
    page = await (await opened()).go()

    await expect(page.page.get_by_role("heading", level=1)).to_have_text(on.name)
    assert await page.address() == ""


async def test_a_board_that_is_ruled_and_empty_says_so_and_begins_with_the_first_score(opened, on: Board) -> None:
    on.rule(track=True)
    page = await (await opened()).go(board=on.name)
    await expect(page.page.get_by_role("heading", name="Nobody is here yet")).to_be_visible()

    on.fill({"ada": 1})
    await page.shows((1, "ada", "1"))
    await expect(page.page.locator("#notice")).to_be_hidden()


async def test_a_board_that_there_is_not_says_so_and_comes_to_be(opened, on: Board) -> None:
    page = await (await opened()).go(board=on.name)
    await expect(page.page.get_by_role("heading", name="There is no such board yet")).to_be_visible()

    on.fill({"ada": 1})
    await page.shows((1, "ada", "1"))


async def test_what_the_server_refuses_is_told_in_its_words(opened) -> None:
    page = await (await opened()).go(board="no{braces}")

    notice = page.page.locator("#notice")
    await expect(notice.get_by_role("heading")).to_have_text("This board cannot be shown")
    await expect(notice).to_contain_text("dashboard has one of the characters { }")
    await expect(notice.get_by_role("button", name="Try again")).to_be_visible()
    page.forgive("status of 400")


async def test_a_window_that_the_board_has_not_is_told_and_the_others_are_offered(opened, on: Board) -> None:
    on.rule(windows=["all", "daily"])
    on.fill({"ada": 1})
    page = await (await opened()).go(board=on.name, window="weekly")
    await expect(page.page.locator("#notice")).to_contain_text("weekly")

    await page.page.get_by_role("combobox", name="Window").select_option("daily")
    await page.shows((1, "ada", "1"))
    page.forgive("status of 400", "status of 404")
