"""Draw a run as SVGs without a library: bars, for light and dark pages."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, NamedTuple

from results import case

if TYPE_CHECKING:
    from collections.abc import Sequence

    from results import Case, Results, WebResults

PANELS = {
    "Decode HS256": "decode HS256 small",
    "Encode HS256": "encode HS256 small",
    "Decode RS256": "decode RS256 small",
    "Encode RS256": "encode RS256 small",
}
CURVES = {
    "Decode ES256": "decode ES256 small",
    "Encode ES256": "encode ES256 small",
    "Decode EdDSA": "decode EdDSA small",
    "Encode EdDSA": "encode EdDSA small",
}
SIZES = {
    "Decode HS256, 1 KB": "decode HS256 1 KB",
    "Encode HS256, 1 KB": "encode HS256 1 KB",
    "Decode HS256, 100 KB": "decode HS256 100 KB",
    "Encode HS256, 100 KB": "encode HS256 100 KB",
}
COLUMNS = 2
# A cache hit does no signature work; compared with it, every other bar would vanish.
LEFT_OUT = "rapidjwt repeated token"
#: What is not a JWT library, but shows what such a library could reach.
BOUNDS = ("no token", "plain Python loop")

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
    if name.startswith("raw:") or name in BOUNDS:
        return "raw"
    return "ours" if name.startswith("rapidjwt") else "peer"


def text(x: float, y: float, content: str, style: str = "", anchor: str = "start") -> str:
    """Return a text element."""
    attributes = f'x="{x:g}" y="{y:g}" class="{style}" text-anchor="{anchor}"'
    return f"<text {attributes}>{escape(content)}</text>"


class Bar(NamedTuple):
    """A contestant with its value, and the text for it."""

    name: str
    value: float
    label: str


#: The bars of the panels of a chart, by the panels' titles.
Panels = dict[str, list[Bar]]


def rates(found: Case) -> list[Bar]:
    """Return the tokens per second of a case, the fastest first."""
    rows = [row for row in found["timings"] if row["contestant"] != LEFT_OUT]
    bars = [(row["contestant"], 1e6 / row["median_us"]) for row in rows]
    bars.sort(key=lambda bar: -bar[1])
    return [Bar(name, rate, per_second(rate)) for name, rate in bars]


def speed(results: Results, cases: dict[str, str]) -> Panels:
    """Return tokens per second of the cases that were run."""
    found = {title: case(results, name) for title, name in cases.items()}
    return {f"{title}, tokens per second": rates(one) for title, one in found.items() if one}


def start(results: Results) -> Panels:
    """Return what importing a library takes: the shortest bar is the best."""
    rows = results["startup"]
    time = [Bar(row["contestant"], row["import_ms"], f"{row['import_ms']:.1f}") for row in rows]
    size = [
        Bar(row["contestant"], row["import_kb"] / 1024, f"{row['import_kb'] / 1024:.1f}")
        for row in rows
        if row["import_kb"] is not None
    ]
    return {
        "Import, ms": sorted(time, key=lambda bar: bar.value),
        "Import, MB": sorted(size, key=lambda bar: bar.value),
    }


def threads(results: Results) -> Panels:
    """Return batches on all cores, and what is left of the speed beside a busy thread."""
    panels = speed(results, {"Many RS256 tokens": "decode RS256 batch"})
    shares = [
        (row["contestant"], row["beside_per_second"] / row["alone_per_second"])
        for row in results["busy_thread"]
    ]
    title = "Decode RS256 beside a busy Python thread, share"
    return panels | {title: [Bar(name, share, f"{share:.2f}") for name, share in shares]}


def web(run: WebResults) -> Panels:
    """Return the requests per second of each web server."""
    return {
        f"{server}, requests per second": [
            Bar(name, load["per_second"], f"{load['per_second']:,.0f}")
            for name, load in loads.items()
        ]
        for server, loads in run["servers"].items()
    }


def panel(left: int, top: int, title: str, bars: Sequence[Bar]) -> list[str]:
    """Return the elements of one panel."""
    parts = [text(left, top + 14, title, "title")]
    full = PANEL - NAMES - VALUES
    longest = max((bar.value for bar in bars), default=1)
    for number, bar in enumerate(bars):
        y = top + TITLE + number * ROW
        style = kind(bar.name)
        length = max(1.0, full * bar.value / longest)
        label = "ours" if style == "ours" else ""
        start_of_bar = left + NAMES
        parts.append(text(start_of_bar - 8, y + BAR - 2, bar.name, label, "end"))
        place = f'x="{start_of_bar}" y="{y}" width="{length:.1f}" height="{BAR}"'
        parts.append(f'<rect {place} rx="2" class="{style}"/>')
        parts.append(text(start_of_bar + length + 6, y + BAR - 2, bar.label, label))
    return parts


def draw(panels: Panels, source: str, description: str) -> str:
    """Return a chart with two panels in a row; `source` is written below them."""
    parts: list[str] = []
    top = MARGIN
    titles = list(panels)
    for first in range(0, len(titles), COLUMNS):
        row = titles[first : first + COLUMNS]
        for column, title in enumerate(row):
            parts += panel(MARGIN + column * (PANEL + GAP), top, title, panels[title])
        top += TITLE + ROW * max(len(panels[title]) for title in row) + MARGIN
    parts.append(text(MARGIN, top + 6, source))
    height = top + MARGIN
    page = f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8" class="page"/>'
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{description}">'
    )
    return "\n".join((opening, f"<style>{STYLE}</style>", page, *parts, "</svg>", ""))


def source_of(run: Results | WebResults, remark: str) -> str:
    """Return the line below a chart: where and when it was measured, and how to read it."""
    where = run.get("environment", run)
    return f"{where['cpu']}, {where['python']}, {where['date']}; {remark}"


def chart(results: Results, cases: dict[str, str] = PANELS) -> str:
    """Return the chart of some cases of one run; a case that was not run is left out."""
    source = source_of(results, "8 claims; longer is faster")
    return draw(speed(results, cases), source, "Tokens per second by library")
