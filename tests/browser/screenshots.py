"""Takes the pictures of the page in docs/images, of a crowd that plays: `make screenshots`."""

import asyncio
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlencode

import httpx
from playwright.async_api import Browser, Page, async_playwright, expect

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from services import TOKEN, Service, goboard_serve  # noqa: E402 -- found only now

BOARD = "Autumn cup"
PLAYED_SECONDS = 40
STILL = """() => document.getAnimations().every(({ effect }) => effect.target.matches(".change span"))"""
DESK, PHONE, WALL = (1280, 820), (360, 740), (1600, 900)

PICTURES: dict[str, tuple[tuple[int, int], str, dict[str, int]]] = {
    "live-light": (DESK, "light", {"member": 12}),  # the member who has this place when it is taken
    "live-dark": (DESK, "dark", {}),
    "live-phone": (PHONE, "light", {}),
    "live-kiosk": (WALL, "dark", {"kiosk": 1}),
}


async def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        settings = {"PUBLIC_READ": "true", "AUTH_STATIC_ROLE": "server", "ENABLE_GRPC": "false"}
        with goboard_serve(Path(scratch), "--store", "embedded", **settings) as service:
            rules(service)
            playing = play(Path(scratch))
            try:
                await take_all(service)
            finally:
                playing.terminate()
                playing.wait()


def rules(service: Service) -> None:
    url = httpx.URL(f"{service.api}/dashboards/{BOARD}/rules")
    headers = {"Authorization": f"Bearer {TOKEN}"}
    httpx.put(url, json={"windows": ["all", "daily"]}, headers=headers).raise_for_status()


def play(folder: Path) -> "subprocess.Popen[bytes]":
    """Let a crowd play, beside the server on its store."""
    goboard = Path(sys.executable).with_name("goboard")
    arguments = ["simulate", BOARD, "--store", "embedded", "--seed", "7"]
    return subprocess.Popen([goboard, *arguments], cwd=folder, env={}, stdout=subprocess.DEVNULL)


async def take_all(service: Service) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        await asyncio.sleep(PLAYED_SECONDS)
        for name in PICTURES:
            await take(browser, service, name)
        await browser.close()


async def take(browser: Browser, service: Service, name: str) -> None:
    (width, height), scheme, asked = PICTURES[name]
    query = {"board": BOARD, **asked}
    if "member" in asked:
        query["member"] = member_at(service, asked["member"])
    page = await browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        device_scale_factor=2 if (width, height) == PHONE else 1,
    )
    await page.goto(f"{service.base}/?{urlencode(query)}")
    await until_still(page)
    await page.screenshot(path=ROOT / "docs/images" / f"{name}.png")
    await page.close()


async def until_still(page: Page) -> None:
    """Wait until some have moved, and nothing is in flight, nor a score counting."""
    await expect(page.locator("#first .change:not(:empty)").nth(1)).to_be_visible(timeout=60_000)
    still = shown = False
    while not (still and shown):
        before = await page.locator("main").inner_text()
        await asyncio.sleep(0.1)
        still = await page.evaluate(STILL) and before == await page.locator("main").inner_text()
        shown = await page.locator("#first .change:not(:empty)").count() > 1


def member_at(service: Service, place: int) -> str:
    """Name the member at a place."""
    found = httpx.get(f"{service.api}/dashboards/{BOARD}/top", params={"limit": place}).json()
    return str(found["members"][-1]["id"])


if __name__ == "__main__":
    asyncio.run(main())
