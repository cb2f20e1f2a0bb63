"""The copies that `make security` changes on purpose can be made of the source as it is now.

Each names the text that it replaces. A text that changed is found here, at once, and not after
half an hour, when the copies are built.
"""

import runpy
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts"


@pytest.fixture(autouse=True)
def beside_the_scripts(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    yield
    sys.modules.pop("broken_copies", None)


def occurrences(file: str, text: str) -> int:
    return (ROOT / file).read_text(encoding="utf-8").count(text)


def test_broken_copies_are_up_to_date():
    breaks = runpy.run_path(str(SCRIPTS / "broken_copies.py"))["BREAKS"]
    counts = {name: occurrences(broken.file, broken.old) for name, broken in breaks.items()}
    assert counts == dict.fromkeys(breaks, 1)


def test_panicking_copy_is_up_to_date():
    panics = runpy.run_path(str(SCRIPTS / "panicking_copy.py"))["PANICS"]
    counts = {file: occurrences(file, old) for file, (old, _) in panics.items()}
    assert counts == dict.fromkeys(panics, 1)
