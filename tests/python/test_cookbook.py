"""Each recipe of docs/cookbook/ is short, in the list, and a program that runs by itself."""

from __future__ import annotations

import re

import pytest
from test_docs import ROOT, run_program

FOLDER = ROOT / "docs" / "cookbook"
PAGES = sorted(page for page in FOLDER.glob("*.md") if page.stem != "index")
RECIPE = re.compile(
    r"^## ([^\n]+)\n\n```python\n(.*?)```\n\n(.*?)\n(?=\n## |\Z)", re.DOTALL | re.MULTILINE
)
RECIPES = {
    question: (page.stem, code, text)
    for page in PAGES
    for question, code, text in RECIPE.findall(page.read_text(encoding="utf-8"))
}


@pytest.mark.parametrize("question", RECIPES)
def test_a_recipe_runs_by_itself(question, tmp_path):
    _page, code, _text = RECIPES[question]
    if "import msgspec" in code:  # which not every platform has
        pytest.importorskip("msgspec")
    run_program(code, tmp_path / "recipe.py")


@pytest.mark.parametrize("question", RECIPES)
def test_a_recipe_is_short(question):
    _page, code, text = RECIPES[question]
    assert question.endswith("?")
    assert len(code.splitlines()) <= 30
    assert "\n\n" not in text


def test_every_recipe_is_in_the_list():
    listed = re.findall(
        r"^- \[(.+)\]\((.+)\.md#.+\)$", (FOLDER / "index.md").read_text(), re.MULTILINE
    )
    assert listed == [(question, RECIPES[question][0]) for question, _ in listed]
    assert {question for question, _ in listed} == set(RECIPES)
    headings = [
        re.findall(r"^## ", page.read_text(encoding="utf-8"), re.MULTILINE) for page in PAGES
    ]
    assert sum(map(len, headings)) == len(RECIPES) >= 25
