"""Imports point downwards: no two files import each other, in a circle of any length.

They are read from the source: the `use` statements and paths of Rust outside `#[cfg(test)]`, and
the imports of Python outside `if TYPE_CHECKING`, including those inside functions.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUST = {
    path.relative_to(ROOT / "src").with_suffix("").as_posix(): path.read_text(encoding="utf-8")
    for path in (ROOT / "src").rglob("*.rs")
}
PYTHON = {
    path.relative_to(ROOT / "python").with_suffix("").as_posix(): path.read_text(encoding="utf-8")
    for path in (ROOT / "python" / "rapidjwt").rglob("*.py")
}

#: From the lowest layer to the highest. Modules of one layer do not import each other.
CORE = [
    ["error"],
    ["memory", "malformed"],
    ["base64url"],
    ["bounds", "claims", "header", "key"],
    ["algorithm"],
    ["content_encryption", "key_management"],
    ["crypto"],
    ["key_file", "keyring", "signature_cache"],
    ["jwe", "jws", "jws_json"],
    ["dangerous", "sd_jwt"],
    ["python"],
    ["lib"],
]
#: The layers inside a folder of src/.
INSIDE = {
    "claims": [["view"], ["rules"], ["mod"]],
    "key": [
        ["mod"],
        ["primes"],
        ["der", "jwk", "jwk_detection", "metadata", "validity"],
        ["pem", "secret", "ssh"],
        ["recipient", "strict_secret"],
    ],
    "crypto": [
        ["backend", "concat_kdf", "key_wrap", "password", "random", "sealed", "signature"],
        ["aead", "agreement", "digest", "public_key"],
        ["ecdsa", "ecdsa_form", "eddsa", "hmac", "mldsa", "pbes2", "rsa"],
        ["aes_cbc_hmac", "complete", "oaep"],
        ["content", "generate"],
        ["generate_recipient", "key_management"],
        ["mod"],
    ],
    "jwe": [
        ["bounds", "header", "zip"],
        ["parts"],
        ["encrypter", "json"],
        ["decrypter"],
        ["mod"],
    ],
    "sd_jwt": [
        ["bounds", "names", "path", "tree"],
        ["disclosure"],
        ["issuance", "key_binding", "processing", "serialization"],
        ["presentation"],
        ["mod"],
    ],
    "python": [
        ["once", "cpython", "cache_info", "header_cache", "algorithm_table", "secret_guard"],
        ["build_info", "errors", "cores"],
        ["clock", "arguments", "claims_view", "repr"],
        ["jose_arguments", "json", "key_choice"],
        ["fast_path"],
        ["keys", "vectorcall"],
        ["decoded", "encoding", "profile", "typed_fields"],
        ["typed_claims"],
        ["jwe", "jws_json", "jwt", "signer", "verifier"],
        ["arrow", "sd_jwt"],
        ["late"],
        ["mod"],
    ],
    "python/arrow": [["interface"], ["input", "output"], ["batch"], ["mod"]],
    "python/jwe": [["key"], ["encrypter", "decrypter"], ["mod"]],
    "python/json": [
        ["mod"],
        ["ascii", "plain"],
        ["name_cache", "number"],
        ["cursor"],
        ["loads", "dumps", "scan"],
    ],
    "python/keys": [
        ["length", "ed448"],
        ["material"],
        ["key_mistakes"],
        ["key"],
        ["cache", "remote"],
        ["identity"],
        ["argument"],
        ["mod"],
    ],
    "python/verifier": [["policy"], ["description", "keys"], ["batch"], ["mod"]],
}


def blanked(pattern, text, flags=0):
    """Remove matches except for their line breaks, so that line numbers stay correct."""
    return re.sub(pattern, lambda match: "\n" * match[0].count("\n"), text, flags=flags)


def without_tests_and_comments(text):
    text = blanked(r"//.*", text)
    text = blanked(r"\bpub\((in )?[\w:]+\)", text)
    block = r"^( *)#\[cfg\(test\)\]\n(?: *#\[.*\]\n)*[^\n]*(?:;|\{\n(?:.*\n)*?\1\})$"
    return blanked(block, text, re.MULTILINE)


def paths_of(tree):
    """Return the paths of a use tree: `a::{b, c::d}` is `a::b` and `a::c::d`."""
    tree = tree.strip()
    if "{" not in tree:
        return [re.sub(r" as \w+$", "", tree)]
    prefix, inner = tree.split("{", 1)
    parts, depth, start = [], 0, 0
    inner = inner.rsplit("}", 1)[0]
    for at, character in enumerate(inner + ","):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append(inner[start:at])
            start = at + 1
    return [prefix.strip() + path for part in parts if part.strip() for path in paths_of(part)]


def inline_modules(text):
    """Return where each inline module begins and ends, by rustfmt's indentation."""
    begins = re.finditer(r"^( *)(?:pub )?mod \w+ \{$", text, re.MULTILINE)
    return [
        (begin.end(), re.compile(rf"^{begin[1]}\}}$", re.MULTILINE).search(text, begin.end()).end())
        for begin in begins
    ]


def module_of(file):
    """Return the module path of a file: `key/mod` is `key`, `lib` is the root."""
    parts = file.split("/")
    return tuple(parts[:-1] if parts[-1] in {"mod", "lib"} else parts)


def rust_imports(files):
    """Return (importing file, imported file, line) for every path of the crate."""
    file_of = {module_of(file): file for file in files}
    found = set()
    for file, source in files.items():
        text = without_tests_and_comments(source)
        here = module_of(file)
        inline = inline_modules(text)
        children = {module[-1] for module in file_of if module and module[:-1] == here}
        used = [
            (use.start(1), path)
            for use in re.finditer(r"\buse\s+([^;]+);", text)
            for path in paths_of(use[1])
        ]
        first = "|".join(["crate", "super", *sorted(children)])
        code = re.sub(r"\buse\s+[^;]+;", lambda use: re.sub(r"[^\n]", " ", use[0]), text)
        called = re.finditer(rf"(?<![\w:$])(?:{first})(?:::\w+)+", code)
        for position, path in [*used, *((match.start(), match[0]) for match in called)]:
            names = re.split(r"\s*::\s*", path)
            if names[0] not in {"crate", "super", *children}:
                continue
            depth = sum(begin <= position < end for begin, end in inline)
            target = [] if names[0] == "crate" else [*here, *["(inline)"] * depth]
            if names[0] in children:
                target = [*here]
            for name in names:
                if name == "super":
                    target.pop()
                elif name != "crate":
                    target.append(name)
            target = [name for name in target if name != "(inline)"]
            while tuple(target) not in file_of:
                target.pop()
            if file_of[tuple(target)] != file:
                line = text.count("\n", 0, position) + 1
                found.add((file, file_of[tuple(target)], line))
    return found


def upward(files):
    """Return a sentence for every import that does not point to a lower layer."""
    wrong = {}
    for importer, imported, line in rust_imports(files):
        one, other = importer.split("/"), imported.split("/")
        shared = 0
        while one[shared] == other[shared]:
            shared += 1
        folder = "/".join(one[:shared])
        floors = INSIDE[folder] if folder else CORE
        floor_of = {name: number for number, floor in enumerate(floors) for name in floor}
        if floor_of[other[shared]] >= floor_of[one[shared]]:
            sentence = f"src/{importer}.rs:{line} imports {imported}, which is not on a lower floor"
            wrong.setdefault((importer, imported), sentence)
    return wrong


def circles(edges):
    """Return the sets of files that reach each other."""
    below = {}
    for one, other in edges:
        below.setdefault(one, set()).add(other)

    def reached(start):
        seen, todo = set(), [start]
        while todo:
            for name in below.get(todo.pop(), ()):
                if name not in seen:
                    seen.add(name)
                    todo.append(name)
        return seen

    reach = {name: reached(name) for name in below}
    return {
        frozenset({name, *(other for other in reach[name] if name in reach.get(other, ()))})
        for name in below
        if name in reach[name]
    }


def is_type_checking(node):
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def python_imports(files):
    """Return (importing module, imported module, line)."""
    found = set()

    def target(name):
        while name not in files and f"{name}/__init__" not in files:
            name = name.rpartition("/")[0]
        return name if name in files else f"{name}/__init__"

    def visit(file, node):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name.replace(".", "/") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            folder = file.split("/")[: -node.level] if node.level else []
            module = [*folder, *(node.module or "").split(".")]
            base = "/".join(part for part in module if part)
            names = [f"{base}/{alias.name}" for alias in node.names]
        for name in names:
            native = name.startswith("rapidjwt/_rapidjwt")
            if name.split("/")[0] == "rapidjwt" and not native and target(name) != file:
                found.add((file, target(name), node.lineno))
        children = node.orelse if is_type_checking(node) else ast.iter_child_nodes(node)
        for child in children:
            visit(file, child)

    for file, source in files.items():
        visit(file, ast.parse(source))
    return found


def test_imports_of_the_core_and_the_binding_point_to_lower_floors():
    assert sorted(upward(RUST).values()) == []


def test_no_rust_modules_import_each_other_in_a_circle():
    assert circles({(one, other) for one, other, _ in rust_imports(RUST)}) == set()


def test_every_rust_file_has_a_floor():
    for folder, floors in {"": CORE, **INSIDE}.items():
        prefix = f"{folder}/" if folder else ""
        names = {
            file.removeprefix(prefix).split("/")[0] for file in RUST if file.startswith(prefix)
        }
        assert sorted(name for floor in floors for name in floor) == sorted(names)


@pytest.mark.parametrize(
    ("file", "source", "message"),
    [
        (
            "python/once",
            "use std::fmt;\nuse crate::python::{\n    jwt::Decode,\n};\n",
            "src/python/once.rs:2 imports python/jwt, which is not on a lower floor",
        ),
        (
            "python/verifier/policy",
            "\nuse super::batch::DecodedMany;\n",
            "src/python/verifier/policy.rs:2 imports python/verifier/batch, which is not on",
        ),
        (
            "key/ssh",
            "fn f() {\n    crate::jws::sign();\n}\n",
            "src/key/ssh.rs:2 imports jws, which is not on a lower floor",
        ),
        (
            "python/jwt",
            "use super::signer::Signer;\n",
            "src/python/jwt.rs:1 imports python/signer, which is not on a lower floor",
        ),
        (
            "key/mod",
            "fn f() {\n    der::parse();\n}\n",
            "src/key/mod.rs:2 imports key/der, which is not on a lower floor",
        ),
    ],
)
def test_one_import_upwards_is_found_and_named(file, source, message):
    (new,) = upward(RUST | {file: source}).values()
    assert new.startswith(message)


@pytest.mark.parametrize(
    "source",
    [
        "// use crate::jws::sign;\n",
        "#[cfg(test)]\nmod tests {\n    use crate::jws::sign;\n}\n",
        "#[cfg(test)]\nuse crate::jws::sign;\n",
        "mod inner {\n    use super::Error;\n}\n",
        "use std::jws::sign;\n",
    ],
)
def test_comments_tests_and_other_crates_are_not_imports_of_the_crate(source):
    assert {
        pair for pair in upward(RUST | {"base64url": source}) if pair[0] == "base64url"
    } == set()


def test_no_python_modules_import_each_other_in_a_circle():
    """Not covered: modules named at run time, and imports by the native module when it runs."""
    edges = {(one, other) for one, other, _ in python_imports(PYTHON)}
    assert circles(edges) == set()


def test_a_circle_through_a_function_is_found():
    files = {
        "rapidjwt/__init__": "from .a import x",
        "rapidjwt/a": "def x():\n    from .b import y",
        "rapidjwt/b": "from rapidjwt.c import z\nif TYPE_CHECKING:\n    import rapidjwt",
        "rapidjwt/c": "import rapidjwt.a",
    }
    edges = {(one, other) for one, other, _ in python_imports(files)}
    assert circles(edges) == {frozenset({"rapidjwt/a", "rapidjwt/b", "rapidjwt/c"})}


def test_the_module_of_exceptions_imports_nothing():
    program = "import sys; before = set(sys.modules); import {}; print(*set(sys.modules) - before)"
    source = ROOT / "python" / "rapidjwt"
    done = subprocess.run(
        [sys.executable, "-S", "-c", program.format("exceptions")],
        cwd=source,
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(done.stdout.split()) <= {"exceptions", "__future__"}
