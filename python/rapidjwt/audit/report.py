"""The report of an audit: a page of HTML that opens without a network."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from .tally import LEFT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .tally import Tally

#: The groups of a tally, with the headings of their tables, and what each says.
GROUPS = {
    "refused": ("Refused", "Tokens that are refused, by the code of the error."),
    "issuer": ("Issuers", "Valid tokens by the claim iss."),
    "kid": ("Keys", "Valid tokens by key ID."),
    "alg": ("Algorithms", "Valid tokens by algorithm."),
    "left": ("Lifetime left", "How long valid tokens are still accepted."),
}
#: How many rows a table shows; the others are summed up.
_MOST = 20
_STYLE = """
:root { color-scheme: light dark; --ink: #1c2733; --faint: #5d6b7a; --line: #d9e0e7;
  --paper: #fff; --good: #1f7a4d; --bad: #b3372f; --bar: #3568b8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4eaf0; --faint: #9aa8b6; --line: #33404d;
  --paper: #14191f; --good: #4cc38a; --bad: #f0756c; --bar: #7aa5ee; } }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .25rem; }
p { margin: 0 0 .75rem; color: var(--faint); }
.sums { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1.5rem 0; }
.sums div { flex: 1 1 9rem; border: 1px solid var(--line); border-radius: .5rem;
  padding: .75rem 1rem; }
.sums b { display: block; font-size: 1.6rem; font-variant-numeric: tabular-nums; }
.good b { color: var(--good); } .bad b { color: var(--bad); }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
td { border-top: 1px solid var(--line); padding: .35rem .5rem .35rem 0; vertical-align: middle; }
td:nth-child(1) { width: 40%; overflow-wrap: anywhere; }
td:nth-child(2) { width: 8rem; text-align: right; font-variant-numeric: tabular-nums; }
.bar { height: .7rem; border-radius: .2rem; background: var(--bar); min-width: 1px; }
.refused .bar { background: var(--bad); }
@media (max-width: 32rem) { td:nth-child(1) { width: 45%; } td:nth-child(2) { width: 5.5rem; } }
"""


def page(tally: Tally, as_of: str, files: Iterable[str]) -> str:
    """Return the report as HTML."""
    listed = ", ".join(files)
    tables = "".join(_table(name, tally) for name in GROUPS if tally.groups[name])
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Audit of tokens</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>Audit of tokens</h1>
<p>{escape(listed)}<br>Verified as of {escape(as_of)}. This report contains no token.</p>
<div class="sums">
<div><b>{tally.tokens:,}</b>tokens</div>
<div class="good"><b>{tally.valid:,}</b>valid ({_share(tally.valid, tally.tokens)})</div>
<div class="bad"><b>{tally.refused:,}</b>refused ({_share(tally.refused, tally.tokens)})</div>
</div>
{tables}</body>
</html>
"""


def rows(name: str, tally: Tally) -> list[tuple[str, int]]:
    """Return the rows of a group's table, most frequent first; lifetimes in their order."""
    counts = tally.groups[name]
    if name == "left":
        return [(words, counts[words]) for words in LEFT if counts[words]]
    most = counts.most_common(_MOST)
    others = counts.total() - sum(count for _, count in most)
    return [*most, *([(f"{len(counts) - _MOST} others", others)] if others else [])]


def _table(name: str, tally: Tally) -> str:
    heading, says = GROUPS[name]
    found = rows(name, tally)
    largest = max(count for _, count in found)
    lines = "".join(
        f"<tr><td>{escape(value)}</td><td>{count:,}</td>"
        f'<td><div class="bar" style="width:{100 * count / largest:.1f}%"></div></td></tr>\n'
        for value, count in found
    )
    return f'<h2>{heading}</h2>\n<p>{says}</p>\n<table class="{name}">\n{lines}</table>\n'


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "none"
