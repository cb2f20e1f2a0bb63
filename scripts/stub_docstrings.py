"""Write the docstrings of the native module, which are in its Rust source, into its stub.

Editors show what the stub says. `tests/python/test_stub.py` fails if the two differ.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from pathlib import Path
from typing import Any

from rapidjwt import _rapidjwt, arrow, jwe, jws_json, remote, sd_jwt

STUB = Path(__file__).parents[1] / "python" / "rapidjwt" / "_rapidjwt.pyi"
#: Internals of the package, which nobody reads in an editor.
INTERNAL = {"DecodedMany", "VerifierPolicy"}
PUBLIC = {"encode", "decode", "decode_complete", "get_unverified_header", "clear_key_cache",
          "key_cache_info"}  # fmt: skip


def documented() -> dict[str, str]:
    """Return the docstrings by dotted name: of the public functions, classes and their members."""
    modules = (arrow, jwe, jws_json, remote, sd_jwt)
    exported = [name for module in modules for name in module.__all__]
    names = (name for name in exported if hasattr(_rapidjwt, name))
    late = {name: getattr(_rapidjwt, name) for name in names}
    functions = {name: one for name, one in late.items() if inspect.isbuiltin(one)}
    functions |= {name: getattr(_rapidjwt, name) for name in PUBLIC}
    found = {name: doc(function) for name, function in functions.items()}
    for name, owner in (vars(_rapidjwt) | late).items():
        if not isinstance(owner, type) or name in INTERNAL:
            continue
        found[name] = doc(owner)
        for member in vars(owner):
            if not member.startswith("_"):
                found[f"{name}.{member}"] = doc(getattr(owner, member))
    return found


def doc(member: Any) -> str:
    """Return the docstring without indentation."""
    text = inspect.getdoc(member)
    if not text:
        raise SystemExit(f"{member} has no docstring")
    return text


def definitions(tree: ast.Module) -> list[tuple[str, ast.ClassDef | ast.FunctionDef]]:
    """Return the classes and functions of a stub with their dotted names."""
    kinds = (ast.ClassDef, ast.FunctionDef)
    found = [(node.name, node) for node in tree.body if isinstance(node, kinds)]
    for name, owner in list(found):
        if isinstance(owner, ast.ClassDef):
            found += [
                (f"{name}.{node.name}", node) for node in owner.body if isinstance(node, kinds)
            ]
    return found


def with_docstrings(stub: str) -> str:
    """Return the stub with the docstrings of the compiled module."""
    docs, lines = documented(), stub.splitlines()
    for name, node in sorted(definitions(ast.parse(stub)), key=lambda item: -item[1].lineno):
        if name not in docs:
            continue
        first = node.body[0]
        indent = " " * (node.col_offset + 4)
        text = docs[name].replace("\\", "\\\\")
        quoted = f'"""{text}"""' if "\n" not in text else f'"""{text}\n"""'
        new = textwrap.indent(quoted, indent).splitlines()
        if ast.get_docstring(node) is not None:
            lines[first.lineno - 1 : first.end_lineno] = new
        elif isinstance(node, ast.ClassDef):
            lines[first_line(node) - 1 : first_line(node) - 1] = new
        else:
            # `def f() -> int: ...` on one line
            at = first.lineno - 1
            lines[at : at + 1] = [lines[at].removesuffix("...").rstrip(), *new]
    return "\n".join(lines) + "\n"


def first_line(owner: ast.ClassDef) -> int:
    """Return the line of the first member, or of its first decorator."""
    first = owner.body[0]
    decorators = getattr(first, "decorator_list", [])
    return min([first.lineno, *(decorator.lineno for decorator in decorators)])


if __name__ == "__main__":
    STUB.write_text(with_docstrings(STUB.read_text(encoding="utf-8")), encoding="utf-8")
