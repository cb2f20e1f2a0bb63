"""The promises of docs/architecture.md about the source, checked in the source."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import pytest
import rapidjwt

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "python" / "rapidjwt"
SOURCES = {
    path.relative_to(ROOT / "src").as_posix(): path.read_text(encoding="utf-8")
    for path in (ROOT / "src").rglob("*.rs")
}
MODULES = [
    path.relative_to(ROOT / "python" / "rapidjwt").as_posix()
    for path in (ROOT / "python" / "rapidjwt").rglob("*.py*")
    if path.suffix in {".py", ".pyi"}
]
UNSAFE = {
    "python/arrow/input.rs",
    "python/arrow/interface.rs",
    "python/arrow/output.rs",
    "python/cpython.rs",
    "python/json/ascii.rs",
    "python/json/cursor.rs",
    "python/json/dumps.rs",
    "python/json/name_cache.rs",
    "python/json/plain.rs",
    "python/vectorcall.rs",
}


def naming(pattern):
    return {name for name, text in SOURCES.items() if re.search(pattern, text)}


def test_only_the_binding_names_pyo3():
    assert {name for name in naming(r"\bpyo3\b") if not name.startswith("python/")} == set()


def test_only_crypto_names_a_crypto_library():
    named = naming(r"\b(aws_lc_rs|aws-lc-rs|k256|ring)\b|\b(aes|aes_kw|cbc|scrypt|sha2|subtle)::")
    assert {name for name in named if not name.startswith("crypto/")} == set()


def test_an_algorithm_has_one_row_in_one_table():
    assert sum(without_tests(text).count('"ES384"') for text in SOURCES.values()) == 1
    package = {path.name: path.read_text("utf-8") for path in PACKAGE.rglob("*.py")}
    # Type checkers need one copy of the names; test_types.py compares it with the table.
    named = {name: text.count("ES384") for name, text in package.items() if "ES384" in text}
    assert named == {"types.py": 1}


def test_unsafe_stands_in_the_named_modules_only_and_each_block_says_why():
    assert naming(r"\bunsafe\b") == UNSAFE
    for name in UNSAFE:
        lines = SOURCES[name].splitlines()
        for number, line in enumerate(lines):
            if re.search(r"unsafe \{", line):
                before = "\n".join(lines[max(0, number - 12) : number])
                assert "SAFETY:" in before, f"{name}:{number + 1}"


def test_no_value_is_begun_and_then_waited_for():
    """A process forked in between would wait forever; see `once.rs`."""
    used = re.compile(r"PyOnceLock|pyo3::(\{.*)?intern\b|get_or_try_init")
    assert {name for name, text in SOURCES.items() if used.search(text)} <= {"python/once.rs"}
    assert {name for name, text in SOURCES.items() if "import_exception!" in text} == set()


def without_tests(source):
    return source.split("#[cfg(test)]\nmod tests")[0]


def bodies(source, function):
    """Return the text of every function of that name, up to the brace at its indentation."""
    pattern = rf"^( *)([^\n]*\bfn {function}\b[^;{{]*\{{.*?)^\1\}}"
    return [body for _, body in re.findall(pattern, source, re.MULTILINE | re.DOTALL)]


def test_signatures_are_compared_by_the_crypto_libraries_alone_in_constant_time():
    """The time of an `==` on a tag would reveal how many of its bytes are right."""
    verifying = {
        name: "".join(bodies(without_tests(text), "verify"))
        for name, text in SOURCES.items()
        if name.startswith("crypto/")
    }
    assert {name for name, body in verifying.items() if body} >= {
        f"crypto/{name}.rs" for name in ("ecdsa", "eddsa", "hmac", "mod", "public_key", "rsa")
    }
    # The crate's type for tags, whose `==` compares in constant time.
    of_tags = "CtOutput::<H>::new(tag(key, message)) == CtOutput::<H>::from(signature)"
    assert of_tags in verifying["crypto/hmac.rs"]
    verifying["crypto/hmac.rs"] = verifying["crypto/hmac.rs"].replace(of_tags, "")
    by_itself = re.compile(r"[!=]= |\.(eq|ne|cmp|starts_with)\(|\bsign\(")
    assert {name for name, body in verifying.items() if by_itself.search(body)} == set()


def test_tags_of_encrypted_content_are_compared_in_constant_time():
    source = without_tests(SOURCES["crypto/aes_cbc_hmac.rs"])
    (opening,) = bodies(source, "open")
    assert "ct_eq(tag)" in opening
    assert not re.search(r"[!=]= |\.(eq|ne|cmp|starts_with)\(", opening)


def test_no_signature_is_compared_with_an_operator_anywhere():
    compared = re.compile(
        r"\b(signature|sig|mac)(\.as_ref\(\)|\.as_slice\(\)|\[\.\.\])? ?[!=]= "
        r"|[!=]= [&*]*(signature|sig|mac)\b"
    )
    python = {path.name: path.read_text("utf-8") for path in (ROOT / "python").rglob("*.py")}
    rust = {name: without_tests(text) for name, text in SOURCES.items()}
    found = {
        name: line
        for name, text in (python | rust).items()
        for line in text.splitlines()
        if compared.search(line)
    }
    assert found == {}
    assert python["algorithms.py"].count("hmac.compare_digest(") == 1


@pytest.mark.parametrize("name", sorted(SOURCES) + sorted(MODULES))
def test_the_architecture_page_names_every_source_file(name):
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    *folders, file = name.split("/")
    if folders and file in {"mod.rs", "__init__.py"}:
        assert f"{folders[-1]}/`" in page
    else:
        assert name == "lib.rs" or f"`{file}`" in page


def test_the_diagram_of_the_architecture_page_names_files_that_exist():
    drawing = (ROOT / "docs" / "path-of-a-token.svg").read_text(encoding="utf-8")
    named = set(re.findall(r"[\w/]+\.(?:rs|py)\b", drawing))
    assert "vectorcall.rs" in named
    files = [f"/{name}" for name in [*SOURCES, *MODULES]]
    assert {name for name in named if not any(f.endswith(f"/{name}") for f in files)} == set()


def test_the_version_is_the_one_of_cargo():
    cargo = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
    (written,) = re.findall(r'^version = "(.+)"$', cargo, re.MULTILINE)
    assert rapidjwt.__version__ == version("rapidjwt") == written
