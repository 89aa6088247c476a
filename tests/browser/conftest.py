"""A real Chromium, and servers for it to look at."""

import os
import shutil
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from board_page import BoardPage
from playwright.async_api import Browser, async_playwright, expect
from rest_board import Board
from services import TOKEN, Service, goboard_serve

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=8000)

Open = Callable[..., Awaitable[BoardPage]]


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The system's Chromium; with REQUIRE_BROWSER=1 it is an error that there is none."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        assert os.environ.get("REQUIRE_BROWSER") != "1", "there is no Chromium on the PATH"
        pytest.skip("there is no Chromium on the PATH")
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield running
        await running.close()


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A server whose boards are read without a token."""
    settings = {"PUBLIC_READ": "true", "AUTH_STATIC_ROLE": "server", "ENABLE_GRPC": "false"}
    with goboard_serve(tmp_path_factory.mktemp("open"), "--store", "memory", **settings) as running:
        yield running


@pytest.fixture
def on(service: Service) -> Iterator[Board]:
    """A board of the test's own, and who writes to it."""
    with httpx.Client(base_url=service.api, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield Board(client, f"board-{uuid.uuid4().hex[:8]}")


@pytest_asyncio.fixture(loop_scope="session")
async def opened(browser: Browser, service: Service) -> AsyncIterator[Open]:
    """Open a page in a browser that knows nothing yet; nothing may be left that it complained of."""
    pages: list[BoardPage] = []

    async def open_page(base: str = service.base, **context: Any) -> BoardPage:
        made = await browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **context})
        pages.append(BoardPage(await made.new_page(), base))
        return pages[-1]

    yield open_page
    for page in pages:
        await page.page.context.close()
    assert [said for page in pages for said in page.complaints] == []
