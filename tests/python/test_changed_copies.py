"""The copies that `make security` changes on purpose can be made of the source as it is now.

Each names the text that it replaces. A text that changed is found here, at once, and not after
half an hour, when the copies are built.
"""

import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def scripts_on_the_path(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))


def occurrences(file: str, text: str) -> int:
    return (ROOT / file).read_text(encoding="utf-8").count(text)


def test_broken_copies_are_up_to_date():
    breaks = importlib.import_module("broken_copies").BREAKS
    counts = {name: occurrences(broken.file, broken.old) for name, broken in breaks.items()}
    assert counts == dict.fromkeys(breaks, 1)


def test_panicking_copy_is_up_to_date():
    panics = importlib.import_module("panicking_copy").PANICS
    counts = {file: occurrences(file, old) for file, (old, _) in panics.items()}
    assert counts == dict.fromkeys(panics, 1)
