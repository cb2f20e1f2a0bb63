"""What `docs/error-codes/` lists of each code: the exceptions and the messages that have it.

Messages are those that the tables of the tests cause, and those that are literals in the package.
`python tests/python/error_pages.py` writes them into the pages; the rest of a page is by hand.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from differential.paths import OURS
from mistakes import MISTAKES
from rapidjwt import exceptions
from rapidjwt.exceptions import (
    CODES,
    InvalidTokenError,
    PyJWKClientError,
    PyJWTError,
    StoreUnavailableError,
)
from rapidjwt.integrations.bearer import BearerError, refusal
from test_error_codes import OTHERS, THROWN
from test_error_variants import OURS_ALONE, SHARED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "error-codes"
PACKAGE = ROOT / "python" / "rapidjwt"
HEADING = "## Messages\n"
TO_CLIENTS = "What the [helpers for frameworks](../guides/bearer-tokens.md) tell clients."
REFUSED = (InvalidTokenError, PyJWKClientError, StoreUnavailableError)  # by the helpers
OF_PYTHONS_JSON = ": line 1 column "  # in words that change from version to version
BAD_REQUEST = "bad_request"  # the function that makes the errors of malformed requests

INDEX = """# Error codes

Every error has a [`code`](../errors.md#codes). Each code has a page: where the error usually comes
from, what helps, and the messages that have the code, so that a search for a message finds it.
`error.details()["help"]` is the address of the page on this site.

"""


class Found(NamedTuple):
    """The messages with a code, each with its exceptions, and what clients are told."""

    messages: dict[str, set[str]]
    answers: set[str]


def found() -> dict[str, Found]:
    """Return what each code has."""
    every = defaultdict(lambda: Found(defaultdict(set), set()))
    caused = list(filter(None, map(_raised, _calls())))
    raised = [
        (error.code, type(error).__name__, str(error))
        for error in caused
        if str(error) and OF_PYTHONS_JSON not in str(error)
    ]
    for code, name, message in [*raised, *_written()]:
        every[code].messages[message].add(name)
    for error in [*caused, *THROWN.values()]:
        if isinstance(error, REFUSED):
            every[error.code].answers.add(str(refusal(error)))
    return every


def _calls() -> list[Callable[[], object]]:
    """Return the calls of all tables of errors."""
    calls = [lambda call=call: call(OURS[0]) for calls in SHARED.values() for call in calls]
    calls += [call for call, *_ in OURS_ALONE.values()]
    calls += [mistake.call for mistakes in MISTAKES.values() for mistake in mistakes]
    return [*calls, *OTHERS.values()]


def _raised(call: Callable[[], object]) -> PyJWTError | BearerError | None:
    try:
        call()
    except (PyJWTError, BearerError) as error:
        return error
    except (TypeError, ValueError, NotImplementedError):
        return None
    raise AssertionError("a call of the tables raised nothing")


def _written() -> Iterator[tuple[str, str, str]]:
    """Yield code, class and message of the errors that the package makes of literals."""
    for file in sorted(PACKAGE.rglob("*.py")):
        if "cli" not in file.relative_to(PACKAGE).parts:
            tree = ast.parse(file.read_text(encoding="utf-8"))
            for function in ast.walk(tree):
                if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield from _made_in(function)


def _made_in(function: ast.AST) -> Iterator[tuple[str, str, str]]:
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    codes = {
        ast.dump(call.args[0]): keyword.value.value
        for call in calls
        for keyword in call.keywords
        if _name(call) == "described"
        and keyword.arg == "code"
        and isinstance(keyword.value, ast.Constant)
    }
    variables = {
        ast.dump(node.value): ast.dump(ast.Name(node.targets[0].id, ast.Load()))
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    for call in calls:
        name, message = _name(call), _text(call.args[0]) if call.args else ""
        itself = ast.dump(call)
        code = codes.get(itself) or codes.get(variables.get(itself))
        if message and name == BAD_REQUEST:
            yield "invalid_request", BearerError.__name__, message
        elif message and _is_error(name):
            yield code or getattr(exceptions, name).code, name, message


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _is_error(name: str) -> bool:
    made = getattr(exceptions, name, None)
    takes_a_message = name != "MissingRequiredClaimError"
    return isinstance(made, type) and issubclass(made, PyJWTError) and takes_a_message


def _text(node: ast.expr) -> str:
    """Return a literal text, with dots in place of what is computed."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(value) or "..." for value in node.values)
    return ""


def with_messages(page: str, listed: Found) -> str:
    """Return a page with this list of messages at its end."""
    parts = [page.partition(HEADING)[0] + HEADING]
    for message, names in sorted(listed.messages.items()):
        raised_as = ", ".join(f"`{name}`" for name in sorted(names))
        parts.append(f"### {_code(message)}\n\nRaised as {raised_as}.\n")
    if not listed.messages:
        parts.append("No message of this package has this code.\n")
    parts += [f"### {_code(answer)}\n\n{TO_CLIENTS}\n" for answer in sorted(listed.answers)]
    return "\n".join(parts)


def _code(message: str) -> str:
    fence = "``" if "`" in message else "`"
    return f"{fence}{message}{fence}"


def index() -> str:
    """Return the text of the page that lists the pages."""
    rows = [f"| [`{code}`]({code}.md) | {meaning} |" for code, meaning in CODES.items()]
    return INDEX + "\n".join(["| code | meaning |", "|---|---|", *rows, ""])


if __name__ == "__main__":
    (PAGES / "index.md").write_text(index(), encoding="utf-8")
    of_codes = found()
    for code in CODES:
        path = PAGES / f"{code}.md"
        path.write_text(with_messages(path.read_text("utf-8"), of_codes[code]), encoding="utf-8")
