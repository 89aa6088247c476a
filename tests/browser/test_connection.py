"""What the page does while its server is away, and afterwards."""

from pathlib import Path

import httpx
import pytest
from board_page import CUT_OFF, BoardPage
from playwright.async_api import expect
from rest_board import Board
from servers import free_port, start_server, valkey_binary
from services import TOKEN, Service, goboard_serve

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def serve(folder: Path, url: str, port: int, **settings: str):
    return goboard_serve(
        folder,
        "--store",
        "redis",
        HTTP_PORT=f"127.0.0.1:{port}",
        REDIS_URL=url,
        PUBLIC_READ="true",
        AUTH_STATIC_ROLE="server",
        ENABLE_GRPC="false",
        **settings,
    )


def fill(service: Service, scores: dict[str, float]) -> None:
    with httpx.Client(base_url=service.api, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        Board(client, "race").fill(scores)


async def test_after_a_restart_of_the_server_the_page_goes_on(opened, tmp_path) -> None:
    port = free_port()
    with start_server(valkey_binary(), tmp_path) as store:
        with serve(tmp_path, store.url, port) as service:
            fill(service, {"ada": 40, "bob": 30})
            page: BoardPage = await (await opened(service.base)).go(board="race", member="bob")
            await page.shows((1, "ada", "40"), (2, "bob", "30"))
            await expect(page.page.locator("#member-rank")).to_have_text("2nd")

        await expect(page.page.locator("#connection")).to_have_text("Connection lost")
        await expect(page.page.locator("#outage")).to_contain_text("Connection lost. Trying again in")
        assert await page.order("ada", "bob")

        with serve(tmp_path, store.url, port) as service:
            fill(service, {"bob": 50})
            if await page.page.locator("#outage-now").is_visible():
                await page.page.locator("#outage-now").click()
            await page.shows((1, "bob", "50"), (2, "ada", "40"))
            await expect(page.page.locator("#member-rank")).to_have_text("1st")
            await expect(page.page.locator("#connection")).to_have_text("Live")
            await expect(page.page.locator("#outage")).to_be_hidden()
            fill(service, {"ada": 60})
            await page.order("ada", "bob")
    page.forgive(*CUT_OFF)


async def test_a_server_that_is_away_at_first_is_awaited(opened) -> None:
    page: BoardPage = await opened()
    await page.page.route("**/api/v1/**", lambda route: route.abort())
    await page.go(board="nowhere")
    await expect(page.page.locator("#notice")).to_contain_text("The server does not answer")

    await page.page.unroute("**/api/v1/**")
    await page.page.get_by_role("button", name="Try again").click()
    await expect(page.page.get_by_role("heading", name="There is no such board yet")).to_be_visible()
    page.forgive("ERR_FAILED")


async def test_sockets_that_are_switched_off_are_told(opened, tmp_path) -> None:
    with goboard_serve(tmp_path, "--store", "memory", "--no-ws", PUBLIC_READ="true", ENABLE_GRPC="false") as service:
        page = await (await opened(service.base)).go(board="race")

        await expect(page.page.locator("#notice")).to_contain_text("WebSocket is switched off on this server")
    page.forgive("status of 503", *CUT_OFF)
