"""Hooks of MkDocs that compute parts of the documentation site during the build."""

from __future__ import annotations

import os
import re
from html import unescape
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from rapidjwt._rapidjwt import algorithm_table, encryption_tables
from rapidjwt.exceptions import CODES

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
TABLE = "<!-- algorithm table -->"
KEY_MANAGEMENT = "<!-- key management table -->"
CONTENT_ENCRYPTION = "<!-- content encryption table -->"
PRIVATE_PLACE = re.compile(r'title="(?:\s*(\w+) \([\w.]*\._[\w.]*\)|[\w.]*\._\w+\.([\w.]+))"')
FIRST_PARAGRAPH = re.compile(r"<p>(.*?)</p>", re.DOTALL)
FILE = re.compile(r"<!-- file (\w+\.md) -->")


def algorithms() -> str:
    """Return the table of `src/algorithm.rs` in Markdown."""
    lines = [
        "| `alg` | scheme | hash | curve | shortest key | signature | build |",
        "| --- | --- | --- | --- | ---: | ---: | --- |",
    ]
    for row in algorithm_table():
        bits, length = row["minimum_key_bits"], row["signature_len"]
        cells = (
            f"`{row['name']}`",
            row["description"],
            row["hash"] or "",
            row["curve"] or "",
            f"{bits} bits" if bits else "",
            f"{length} bytes" if length else "",
            _build(row),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def encryption(parameter: str, rows: list[dict[str, Any]]) -> str:
    """Return a table of `src/key_management.rs` or `src/content_encryption.rs` in Markdown."""
    lines = [f"| `{parameter}` | scheme | build |", "| --- | --- | --- |"]
    lines += [f"| `{row['name']}` | {row['description']} | {_build(row)} |" for row in rows]
    return "\n".join(lines)


def _build(row: dict[str, Any]) -> str:
    return "with `aws-lc`" if row["needs_aws_lc"] else "every"


def file(name: str) -> str:
    """Return a file of the project's root, with its links to `docs/` turned into page links."""
    return (ROOT / name).read_text(encoding="utf-8").replace("](docs/", "](")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Insert the algorithm table and files of the project's root where a page asks for them."""
    markdown = FILE.sub(lambda found: file(found[1]), markdown)
    key_managements, encryptions = encryption_tables()
    markdown = markdown.replace(KEY_MANAGEMENT, encryption("alg", key_managements))
    markdown = markdown.replace(CONTENT_ENCRYPTION, encryption("enc", encryptions))
    return markdown.replace(TABLE, algorithms())


def on_config(config: Any, **_: Any) -> None:
    """Add the pages of the error codes to the navigation, and the menu of versions for mike.

    Only what mike publishes has the list of versions, which the menu fetches.
    """
    if "MIKE_DOCS_VERSION" in os.environ:
        config.extra["version"] = {"provider": "mike"}
    errors = next(item["Errors"] for item in config.nav if "Errors" in item)
    pages = next(item["Error codes"] for item in errors if "Error codes" in item)
    pages += [f"error-codes/{code}.md" for code in CODES]


def on_page_content(html: str, page: Any, **_: Any) -> None:
    """Describe a page by its first sentences, for search engines, cards and llms.txt."""
    first = FIRST_PARAGRAPH.search(html.partition("<h2")[0])
    if first:
        text = unescape(re.sub(r"<[^>]+>", "", first[1]))
        page.meta.setdefault("description", shorten(text, 200, placeholder="..."))


def on_post_page(output: str, **_: Any) -> str:
    """Remove the places of private modules from the titles of links."""
    return PRIVATE_PLACE.sub(r'title="\1\2"', output)


def on_nav(nav: Any, **_: Any) -> None:
    """Keep the navigation, whose pages have their titles only when all of them were read."""
    _NAVIGATION.append(nav)


def on_post_build(config: Any, **_: Any) -> None:
    """Write llms.txt, the list of the pages for language models."""
    lines = [f"# {config.site_name}", "", f"> {config.site_description}", ""]
    lines += _links(_NAVIGATION.pop().items)
    Path(config.site_dir, "llms.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _links(items: list[Any]) -> Iterator[str]:
    for item in items:
        if item.is_page:
            description = item.meta.get("description")
            yield f"- [{item.title}]({item.url or './'})" + (
                f": {description}" if description else ""
            )
        else:
            yield from ("", f"## {item.title}", "", *_links(item.children))


_NAVIGATION: list[Any] = []
