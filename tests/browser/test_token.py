"""The token: who has none is asked for one, and a wrong one is told apart."""

import secrets
import time
from collections.abc import Iterator

import httpx
import pytest
from board_page import BoardPage
from playwright.async_api import expect
from rest_board import Board
from services import Service, goboard_serve

from goboard.adapters.auth.jwt import mint
from goboard.domain.identity import Role
from goboard.domain.names import MemberName

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

MISSING, WRONG, EXPIRED = "those who have a token", "does not accept this token", "has expired"
REFUSED = ("status of 401", "status of 403")
KEY = secrets.token_hex(32)


def token(seconds: float = 600) -> str:
    return mint(KEY, "HS256", MemberName("ada"), Role.SERVER, time.time() + seconds)


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A server that wants a token of whoever reads."""
    settings = {"AUTH_MODE": "jwt", "JWT_SECRET": KEY, "ENABLE_GRPC": "false"}
    with goboard_serve(tmp_path_factory.mktemp("closed"), "--store", "memory", **settings) as running:
        yield running


@pytest.fixture
def race(closed: Service) -> Iterator[Board]:
    with httpx.Client(base_url=closed.api, headers={"Authorization": f"Bearer {token()}"}) as client:
        board = Board(client, "race")
        board.fill({"ada": 40, "bob": 30})
        yield board


async def asked(opened, service: Service, **query) -> BoardPage:
    page: BoardPage = await (await opened(service.base)).go(**query)
    page.forgive(*REFUSED)
    await expect(page.page.get_by_role("alert")).to_contain_text(MISSING)
    return page


async def enter(page: BoardPage, value: str) -> None:
    await page.page.get_by_role("textbox", name="Token").fill(value)
    await page.page.get_by_role("button", name="Show the board").click()


async def test_a_token_is_asked_for_and_a_wrong_one_told_apart(opened, closed: Service, race: Board) -> None:
    page = await asked(opened, closed, board=race.name)
    field = page.page.get_by_role("textbox", name="Token")
    await expect(field).to_be_focused()
    await expect(page.page.locator("#controls")).to_be_hidden()

    for wrong in ("wrong", "pa ss", "schlüssel", token(-1)):
        await enter(page, wrong)
        await expect(page.page.get_by_role("alert")).to_contain_text(WRONG)
        await expect(field).to_have_value("")
        await page.page.reload()
        await expect(page.page.get_by_role("alert")).to_contain_text(MISSING)

    await enter(page, f" {token()} ")
    await page.shows((1, "ada", "40"), (2, "bob", "30"))
    await expect(page.page.locator("#token")).to_be_hidden()
    race.fill({"bob": 50})
    await page.order("bob", "ada")


async def test_a_token_is_kept_in_the_tab_and_nowhere_else(opened, closed: Service, race: Board) -> None:
    page = await asked(opened, closed, board=race.name)
    sockets: list[str] = []
    page.page.on("websocket", lambda socket: sockets.append(socket.url))
    await enter(page, token())
    await page.order("ada", "bob")

    assert await page.address() == "?board=race"
    assert sockets == [closed.base.replace("http", "ws") + "/ws"]
    assert await page.page.evaluate("localStorage.length + document.cookie.length") == 0
    await page.page.reload()
    await page.order("ada", "bob")

    other = BoardPage(await page.page.context.new_page(), closed.base)
    await other.go(board=race.name)
    await expect(other.page.get_by_role("alert")).to_contain_text(MISSING)


async def test_a_token_in_the_address_counts_for_nothing(opened, closed: Service) -> None:
    await asked(opened, closed, token=token())


async def test_a_token_that_expires_is_asked_for_again(opened, closed: Service, race: Board) -> None:
    page = await asked(opened, closed, board=race.name)
    await enter(page, token(3))
    await page.order("ada", "bob")

    await expect(page.page.get_by_role("alert")).to_contain_text(EXPIRED)
    await expect(page.page.locator("#connection")).to_have_text("Not connected")
    await enter(page, token())
    await page.order("ada", "bob")


async def test_a_server_without_boards_shows_the_first_that_comes(opened, tmp_path) -> None:
    """Its token is one that no subprotocol can be, so that the socket takes it in its address."""
    secret = "a/secret=with(signs)"
    with goboard_serve(tmp_path, "--store", "memory", AUTH_SECRET=secret, ENABLE_GRPC="false") as service:
        page = await asked(opened, service)
        await enter(page, secret)
        await expect(page.page.get_by_role("heading", name="There is no board yet")).to_be_visible()

        increment = f"{service.api}/dashboards/first/members/x/increment"
        httpx.post(increment, json={"increment": 7}, headers={"Authorization": secret}).raise_for_status()
        await page.shows((1, "admin_user", "7"))
        await page.page.close()  # before the server stops: nothing is to be complained of
