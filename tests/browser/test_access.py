"""The page for everybody: by keyboard, by screen reader, on a phone, in the dark."""

import pytest
from board_page import BoardPage
from playwright.async_api import expect
from rest_board import Board

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FOCUSED = "() => document.activeElement.innerText || document.activeElement.id"

SETTLE_ROWS = """() => document.getAnimations()
  .filter((each) => each.effect.target.matches(".row"))
  .forEach((each) => each.finish())"""

# Of each element with text of its own: how it contrasts with what is behind it (WCAG 2.2, 1.4.3).
CONTRASTS = """() => {
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (color) => {
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = color;
    paint.fillRect(0, 0, 1, 1);
    return [...paint.getImageData(0, 0, 1, 1).data];
  };
  const light = (color) => {
    const linear = (part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = rgb(color).map((part) => linear(part / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const color = getComputedStyle(element).backgroundColor;
    return rgb(color)[3] === 255 ? color : behind(element.parentElement);
  };
  const hasText = ({ childNodes }) => [...childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  return [...document.querySelectorAll("body *")]
    .filter((element) => element.checkVisibility() && hasText(element))
    .map((element) => {
      const { color, fontSize, fontWeight } = getComputedStyle(element);
      const [low, high] = [light(color), light(behind(element))].sort((a, b) => a - b);
      const size = parseFloat(fontSize);
      const large = size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700);
      return [element.textContent, (high + 0.05) / (low + 0.05) - (large ? 3 : 4.5)];
    });
}"""


async def opened_with_four(opened, on: Board, **query) -> BoardPage:
    on.fill()
    page = await (await opened()).go(board=on.name, **query)
    await page.shows((1, "ada", "40"), (2, "bob", "30"), (3, "cyd", "20"), (4, "dan", "10"))
    return page


async def test_all_can_be_done_by_keyboard(opened, on: Board) -> None:
    page = await opened_with_four(opened, on)
    keyboard = page.page.keyboard
    walked = []
    for _ in range(10):
        await keyboard.press("Tab")
        walked.append((await page.page.evaluate(FOCUSED)).split("\n")[0])
    assert walked[0] == "Skip to the standings"
    assert walked[4:] == ["find-name", "Find", "ada", "bob", "cyd", "dan"]

    await keyboard.press("Enter")
    await expect(page.page.get_by_role("heading", name="dan")).to_be_visible()
    await page.page.get_by_role("combobox", name="Show").focus()
    await keyboard.press("ArrowDown")
    assert "top=25" in await page.address()
    await page.page.get_by_label("Find a member").focus()
    await keyboard.type("bob")
    await keyboard.press("Enter")
    await expect(page.page.get_by_role("heading", name="bob")).to_be_visible()


async def test_the_focus_stays_on_a_row_that_moves(opened, on: Board) -> None:
    page = await opened_with_four(opened, on)
    await page.page.get_by_role("button", name="dan").focus()

    on.fill({"dan": 45})
    await page.order("dan", "ada", "bob", "cyd")
    await expect(page.page.get_by_role("button", name="dan")).to_be_focused()
    on.fill({"dan": 25})
    await page.order("ada", "bob", "dan", "cyd")
    await expect(page.page.get_by_role("button", name="dan")).to_be_focused()


async def test_a_screen_reader_finds_names_and_roles(opened, on: Board) -> None:
    page = await opened_with_four(opened, on, member="bob")
    await expect(page.page.locator("#neighbours .row")).to_have_count(4)

    await expect(page.page.locator("body")).to_match_aria_snapshot(f"""
      - link "Skip to the standings"
      - banner:
        - paragraph: goboard
        - status: Live
      - main:
        - heading "{on.name}" [level=1]
        - paragraph: 4 members · All time
        - text: Board
        - combobox "Board"
        - text: Window
        - combobox "Window":
          - option "All time" [selected]
        - text: Show
        - combobox "Show":
          - option "Top 10" [selected]
        - search:
          - text: Find a member
          - combobox "Find a member"
          - button "Find"
        - region "bob":
          - heading "bob" [level=2]
          - button "Stop following"
          - term: Place
          - definition: 2nd of 4 members
          - term: Score
          - definition: "30"
          - table "Neighbours":
            - rowgroup:
              - row "Place Change Member Score"
            - rowgroup:
              - row "1 ada 40"
        - region "{on.name}":
          - table "{on.name}":
            - rowgroup:
              - row "Place Change Member Score":
                - columnheader "Place"
                - columnheader "Change"
                - columnheader "Member"
                - columnheader "Score"
            - rowgroup:
              - row "1 ada 40":
                - cell "1"
                - cell
                - rowheader "ada":
                  - button "ada"
                - cell "40"
              - row "2 bob 30"
              - row "3 cyd 20"
              - row "4 dan 10"
      - status
    """)


async def test_a_change_of_place_is_said_in_words(opened, on: Board) -> None:
    page = await opened_with_four(opened, on)

    on.fill({"dan": 45})
    await page.order("dan", "ada", "bob", "cyd")
    await expect(page.page.get_by_role("row", name="1 up 3 dan 45")).to_be_visible()
    await expect(page.page.get_by_role("row", name="2 down 1 ada 40")).to_be_visible()


async def test_text_can_be_read_in_light_and_dark(opened, on: Board) -> None:
    page = await opened_with_four(opened, on, member="bob")
    on.fill({"dan": 45})
    await page.order("dan", "ada", "bob", "cyd")
    await page.page.evaluate(SETTLE_ROWS)

    papers = set()
    for scheme in ("light", "dark"):
        await page.page.emulate_media(color_scheme=scheme)
        contrasts = await page.page.evaluate(CONTRASTS)
        assert {"▲3", "▼1", "dan"} <= {text for text, _ in contrasts}
        assert [found for found in contrasts if found[1] < 0] == []
        papers.add(await page.page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
    assert papers == {"rgb(247, 244, 237)", "rgb(18, 21, 27)"}


async def test_a_phone_scrolls_in_one_direction_alone(opened, on: Board) -> None:
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    on.fill({"a-name-that-is-rather-long-" * 5: 123456789.125})
    page = await (await opened(**phone)).go(board=on.name, member="a-name-that-is-rather-long-" * 5)
    await expect(page.page.locator("#neighbours .row")).to_have_count(1)
    await expect(page.page.locator("#first .score")).to_have_text("123,456,789.125")

    for width in (360, 320):
        await page.page.set_viewport_size({"width": width, "height": 740})
        assert await page.page.evaluate("document.documentElement.scrollWidth") == width
    buttons = page.page.locator("button:visible, select:visible, input:visible")
    sizes = [await button.bounding_box() for button in await buttons.all()]
    assert min(size["height"] for size in sizes) >= 24  # WCAG 2.2, 2.5.8


async def test_on_a_phone_who_is_picked_comes_into_sight(opened, on: Board) -> None:
    on.fill({f"m{number:02}": number for number in range(1, 26)})
    page = await (await opened(viewport={"width": 360, "height": 740})).go(board=on.name, top=25)
    last = page.page.get_by_role("button", name="m01")
    await last.scroll_into_view_if_needed()
    await expect(page.page.locator("#find")).not_to_be_in_viewport()

    await last.click()
    await expect(page.page.get_by_role("heading", name="m01")).to_be_in_viewport()


HOSTILE = [
    '<img src=x onerror="document.title=1">',
    "</bdi><script>document.title=1</script>",
    "\"'><svg onload=document.title=1>",
    "\u202egnol\u202d",
    "z" + "\u0335\u0301" * 60,
    "w" * 256,
    "{{7*7}}${7*7}",
    "__proto__",
]


async def test_names_are_text_whatever_they_hold(opened, on: Board) -> None:
    name = '<b onmouseover="x">&amp;'
    board = Board(on.http, f"{on.name}{name}")
    scores = [{"member_id": member, "score": len(HOSTILE) - place} for place, member in enumerate(HOSTILE)]
    board.json("POST", "/scores", json={"scores": scores})
    page = await (await opened()).go(board=board.name, member=HOSTILE[0])
    await page.shows(*[(place + 1, member, str(len(HOSTILE) - place)) for place, member in enumerate(HOSTILE)])

    await expect(page.page.get_by_role("heading", level=1)).to_have_text(board.name)
    await expect(page.page.get_by_role("heading", level=2)).to_have_text(HOSTILE[0])
    assert await page.page.title() == f"{board.name} · goboard"
    assert await page.page.locator(".standings :is(img, svg, script, b)").count() == 0
    assert await page.page.evaluate("document.documentElement.scrollWidth") == 1200
    board.json("PUT", "/members/__proto__/score", json={"score": 100})
    await page.order("__proto__", *HOSTILE[:-1])
