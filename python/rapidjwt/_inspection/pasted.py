"""Tokens in what people copy: a header, a cookie, a curl command line, a URL."""

from __future__ import annotations

import re
from urllib.parse import unquote

#: Schemes of an Authorization header that are followed by a token (RFC 6750, RFC 9449).
_SCHEMES = ("bearer", "dpop")
#: A compact serialization with three or five parts, and the disclosures of an SD-JWT. Its first
#: part is JSON, which begins with a brace. It is looked for where a word begins, so that the time
#: is proportional to the length of the text, and ends where a quoted or listed value ends.
_TOKEN = re.compile(
    r"(?<![A-Za-z0-9_.~-])e[wy][A-Za-z0-9_-]+"
    r"(?:(?:\.[A-Za-z0-9_-]*){4}|(?:\.[A-Za-z0-9_-]*){2})(?:~[A-Za-z0-9_.~-]*)?"
    r"(?=$|[\s\"'`;,&#\\)}>\]])"
)


def without_scheme(text: str) -> str:
    """Return a token without the scheme of an Authorization header, and white space around it."""
    scheme, *rest = text.split(maxsplit=1) or [""]
    return "".join(rest).strip() if scheme.lower() in _SCHEMES else text.strip()


def pasted_tokens(text: str) -> list[str]:
    """Return the tokens of a text, each once; the text itself if there is none to be seen in it."""
    whole = without_scheme(text.lstrip("\ufeff"))
    if whole.startswith("{"):
        return [whole]
    found = _TOKEN.findall(unquote(whole) if "%" in whole else whole)
    return list(dict.fromkeys(found)) or [whole]
