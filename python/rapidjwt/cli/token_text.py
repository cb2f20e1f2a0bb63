"""Formatting of a token for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from rapidjwt._inspection.times import moments

from .output import json_text

if TYPE_CHECKING:
    from collections.abc import Mapping


def heading(text: str) -> Text:
    """Return the heading of a part."""
    return Text(text, style="bold")


def member_lines(title: str, members: Mapping[str, Any] | None) -> list[Text | str]:
    """Return the header or the claims as JSON lines; no lines if they could not be read."""
    return [] if members is None else [heading(title), json_text(members), Text()]


def time_lines(claims: Mapping[str, Any]) -> list[Text]:
    """Return a line for each time of a token: in words, in local time, in UTC if it differs."""
    found = moments(claims)
    if not found:
        return []
    width = max(len(moment.words) for moment in found.values())
    lines = [heading("Times")]
    for name, moment in found.items():
        is_utc = moment.local.endswith("+00:00")
        when = moment.utc if is_utc else f"{moment.local} ({moment.utc})"
        lines.append(Text(f"  {name}  {moment.words:<{width}}  ") + Text(when, style="dim"))
    return [*lines, Text()]
