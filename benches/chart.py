"""Draw a run as an SVG without a library: bars of tokens per second, for light and dark pages."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from results import case

if TYPE_CHECKING:
    from results import Case, Results, Timing

PANELS = {
    "Decode HS256": "decode HS256 small",
    "Encode HS256": "encode HS256 small",
    "Decode RS256": "decode RS256 small",
    "Encode RS256": "encode RS256 small",
}
COLUMNS = 2
# A cache hit does no signature work; compared with it, every other bar would vanish.
LEFT_OUT = "rapidjwt repeated token"

WIDTH = 940
MARGIN = 24
GAP = 36
TITLE = 34
ROW = 21
BAR = 13
NAMES = 152  # room for the longest name of a contestant
VALUES = 66  # room for the figure after a full bar
PANEL = (WIDTH - 2 * MARGIN - GAP) // COLUMNS

STYLE = """
.page { fill: #ffffff; stroke: #d0d7de; }
text { font: 12px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; }
text { fill: #3d444d; }
.title { font-size: 14px; font-weight: 600; fill: #1f2328; }
.ours { fill: #c2410c; }
.peer { fill: #8c959f; }
.raw { fill: #d0d7de; }
text.ours { font-weight: 600; fill: #9a3412; }
@media (prefers-color-scheme: dark) {
  .page { fill: #151b23; stroke: #3d444d; }
  text { fill: #d1d7e0; }
  .title { fill: #f0f6fc; }
  .ours { fill: #fb923c; }
  .peer { fill: #7d8590; }
  .raw { fill: #3d444d; }
  text.ours { fill: #fdba74; }
}
"""


def per_second(value: float) -> str:
    """Return a rate in at most five characters and a unit, e.g. "1.41 M", "35.2 k", "40"."""
    for divisor, unit in ((1e6, " M"), (1e3, " k")):
        if value >= divisor:
            return f"{value / divisor:.3g}{unit}"
    return f"{value:.3g}"


def kind(name: str) -> str:
    """Return the style of a contestant's bar."""
    if name.startswith("raw:"):
        return "raw"
    return "ours" if name.startswith("rapidjwt") else "peer"


def text(x: float, y: float, content: str, style: str = "", anchor: str = "start") -> str:
    """Return a text element."""
    attributes = f'x="{x:g}" y="{y:g}" class="{style}" text-anchor="{anchor}"'
    return f"<text {attributes}>{escape(content)}</text>"


def shown(found: Case) -> list[Timing]:
    """Return the timings that the chart shows."""
    return [row for row in found["timings"] if row["contestant"] != LEFT_OUT]


def panel(left: int, top: int, title: str, found: Case) -> list[str]:
    """Return the elements of one panel: contestants from fastest to slowest."""
    parts = [text(left, top + 14, f"{title}, tokens per second", "title")]
    rows = sorted(shown(found), key=lambda row: row["median_us"])
    full = PANEL - NAMES - VALUES
    for number, row in enumerate(rows):
        y = top + TITLE + number * ROW
        name = row["contestant"]
        style = kind(name)
        length = max(1.0, full * rows[0]["median_us"] / row["median_us"])
        label = "ours" if style == "ours" else ""
        start = left + NAMES
        parts.append(text(start - 8, y + BAR - 2, name, label, "end"))
        place = f'x="{start}" y="{y}" width="{length:.1f}" height="{BAR}"'
        parts.append(f'<rect {place} rx="2" class="{style}"/>')
        rate = per_second(1e6 / row["median_us"])
        parts.append(text(start + length + 6, y + BAR - 2, rate, label))
    return parts


def chart(results: Results) -> str:
    """Return the chart of one run; a case that was not run is left out."""
    cases = {title: found for title, name in PANELS.items() if (found := case(results, name))}
    parts: list[str] = []
    top = MARGIN
    titles = list(cases)
    for first in range(0, len(titles), COLUMNS):
        row = titles[first : first + COLUMNS]
        for column, title in enumerate(row):
            parts += panel(MARGIN + column * (PANEL + GAP), top, title, cases[title])
        top += TITLE + ROW * max(len(shown(cases[title])) for title in row) + MARGIN
    where = results["environment"]
    source = f"{where['cpu']}, {where['python']}, {where['date']}; 8 claims; longer is faster"
    parts.append(text(MARGIN, top + 6, source))
    height = top + MARGIN
    page = f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8" class="page"/>'
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" role="img" aria-label="Tokens per second by library">'
    )
    return "\n".join((opening, f"<style>{STYLE}</style>", page, *parts, "</svg>", ""))
