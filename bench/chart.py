"""The chart: updates a second, a bar each, by transport. An SVG made of text; no library."""

from html import escape
from typing import NamedTuple

from bench.contenders import GOBOARD, NOOP
from bench.results import Results
from bench.slices import SLICES


class Group(NamedTuple):
    """The bars of a transport: the slices that are compared, goboard's first."""

    title: str
    slices: tuple[str, ...]


GROUPS = (
    Group("REST, 200 connections", ("rest", "rest go", "rest fastapi", "rest noop")),
    Group("WebSocket, one update a frame, 50 sockets", ("ws", "ws go", "ws fastapi", "ws echo")),
    Group("gRPC, 8 streams", ("stream", "stream go", "stream grpc.aio")),
    Group("gRPC unary, 32 in flight", ("unary", "unary go", "unary grpc.aio")),
)
CONTENDERS = {one.name: one.contender for one in SLICES}
KINDS = {GOBOARD: "ours", NOOP: "idle"}

WIDTH, MARGIN, LABELS = 760, 28, 150
BARS = WIDTH - 2 * MARGIN - LABELS - 70  # the rest is for the figures at the bars' ends
BAR, STEP, TITLE, GAP = 18, 24, 30, 16
TOP = 76

# A card with a background of its own is readable wherever it is shown; where the viewer tells, it is dark.
STYLE = """
  text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; fill: #3b4252; }
  .card { fill: #ffffff; stroke: #d8dee9; }
  .head { font-size: 17px; font-weight: 600; fill: #1f2937; }
  .title { font-weight: 600; fill: #1f2937; }
  .label { text-anchor: end; }
  .ours { fill: #2f7de1; }
  .theirs { fill: #a3adbd; }
  .idle { fill: none; stroke: #a3adbd; stroke-dasharray: 4 3; }
  @media (prefers-color-scheme: dark) {
    text { fill: #c3cad5; }
    .card { fill: #161b22; stroke: #30363d; }
    .head, .title { fill: #f0f3f6; }
    .ours { fill: #4c96f0; }
    .theirs { fill: #626d7d; }
    .idle { stroke: #626d7d; }
  }
"""


def draw(results: Results) -> str:
    """Draw the bars of the slices that were measured, all on one scale."""
    rates = {name: rate for group in GROUPS for name in group.slices if (rate := results.median_rate(name))}
    scale = BARS / max(rates.values(), default=1.0)
    parts: list[str] = []
    y = TOP
    for group in GROUPS:
        bars = [name for name in group.slices if name in rates]
        if bars:
            parts.append(_text(MARGIN, y + 13, "title", group.title))
            parts += [_bar(y + TITLE + at * STEP, name, rates[name], scale) for at, name in enumerate(bars)]
            y += TITLE + len(bars) * STEP + GAP
    return _card(y + 4, parts)


def _bar(y: int, name: str, rate: float, scale: float) -> str:
    left = MARGIN + LABELS
    width = max(rate * scale, 1.0)
    contender = CONTENDERS[name]
    kind = KINDS.get(contender, "theirs")
    return "\n".join(
        [
            _text(left - 10, y + 14, "label", contender),
            f'<rect class="{kind}" x="{left}" y="{y}" width="{width:.1f}" height="{BAR}" rx="3"/>',
            _text(round(left + width) + 8, y + 14, "figure", f"{rate:,.0f}"),
        ]
    )


def _text(x: int, y: int, kind: str, content: str) -> str:
    return f'<text class="{kind}" x="{x}" y="{y}">{escape(content)}</text>'


def _card(height: int, parts: list[str]) -> str:
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}">',
            "<title>Updates a second, by transport</title>",
            f"<style>{STYLE}</style>",
            f'<rect class="card" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="10"/>',
            _text(MARGIN, 38, "head", "Updates a second: increment and rank on one Redis"),
            _text(
                MARGIN,
                58,
                "note",
                "Server, Redis and load generator share one machine. Dashed: the server alone, without Redis.",
            ),
            *parts,
            "</svg>",
            "",
        ]
    )
