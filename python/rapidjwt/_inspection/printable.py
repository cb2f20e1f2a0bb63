"""Text of tokens with its control characters and invisible ones escaped."""

from __future__ import annotations

import json
import unicodedata

#: Control characters, invisible ones that reorder or hide text, lone surrogates, and line
#: separators: categories of the Unicode Standard, Section 4.5.
_NOT_SHOWN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}


class _Escapes(dict[int, str]):
    """The table of `str.translate` that escapes characters, filled in as they occur."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        is_shown = unicodedata.category(character) not in _NOT_SHOWN
        self[code] = character if is_shown else json.dumps(character)[1:-1]
        return self[code]


_ESCAPES = _Escapes()


def printable(text: str) -> str:
    r"""Escape the characters that control a terminal or are invisible, such as `\u001b`."""
    return text.translate(_ESCAPES)
