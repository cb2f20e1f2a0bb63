"""The project's words are the field's: some that came from pictures of it are not used again."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PICTURES = re.compile(r"\b(road|faithful|judge[sd]?|pave)\b", re.IGNORECASE)
SUFFIXES = {".rs", ".py", ".pyi", ".md", ".sh", ".toml", ".svg", ".yml"}
FOLDERS = ("src", "python", "docs", "tests", "benches", "scripts", "examples")


def files():
    found = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "mkdocs.yml")]
    for folder in FOLDERS:
        found += [path for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES]
    made_by_others = {".work", "node_modules", "__pycache__"}
    return [path for path in found if not made_by_others.intersection(path.parts)]


def test_pictures_are_not_terms():
    found = [
        path.relative_to(ROOT).as_posix()
        for path in files()
        if path != Path(__file__)
        and (
            PICTURES.search(re.sub("[-_]", " ", path.stem))
            or PICTURES.search(path.read_text(encoding="utf-8"))
        )
    ]
    assert found == []
