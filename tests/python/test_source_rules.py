"""What docs/architecture.md promises of the source, read off the source."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import pytest
import rapidjwt

ROOT = Path(__file__).parents[2]
SOURCES = {
    path.relative_to(ROOT / "src").as_posix(): path.read_text(encoding="utf-8")
    for path in (ROOT / "src").rglob("*.rs")
}
UNSAFE = {
    "python/arguments/call.rs",
    "python/arguments/mod.rs",
    "python/dumps.rs",
    "python/loads.rs",
}


def naming(pattern):
    return {name for name, text in SOURCES.items() if re.search(pattern, text)}


def test_only_the_binding_names_pyo3():
    assert {name for name in naming(r"\bpyo3\b") if not name.startswith("python/")} == set()


def test_only_crypto_names_a_crypto_library():
    named = naming(r"\b(aws_lc_rs|aws-lc-rs|k256|ring)\b|\b(aes|cbc|scrypt)::")
    assert {name for name in named if not name.startswith("crypto/")} == set()


def test_an_algorithm_has_one_row_in_one_table():
    assert sum(text.count('"ES384"') for text in SOURCES.values()) == 1


def test_unsafe_stands_in_the_named_modules_only_and_each_block_says_why():
    assert naming(r"\bunsafe\b") == UNSAFE
    for name in UNSAFE:
        lines = SOURCES[name].splitlines()
        for number, line in enumerate(lines):
            if re.search(r"unsafe \{", line):
                before = "\n".join(lines[max(0, number - 12) : number])
                assert "SAFETY:" in before, f"{name}:{number + 1}"


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_the_architecture_page_names_every_source_file(name):
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    folder, _, file = name.rpartition("/")
    assert name == "lib.rs" or f"`{file}`" in page or f"`{folder.split('/')[-1]}/`" in page


def test_the_version_is_the_one_of_cargo():
    cargo = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
    (written,) = re.findall(r'^version = "(.+)"$', cargo, re.MULTILINE)
    assert rapidjwt.__version__ == version("rapidjwt") == written
