"""docs/columns/scale.md: its tables are those that benches/scale.py computes."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benches"))

import scale  # noqa: E402 - a script of ours


def test_the_page_has_the_computed_tables():
    page = (ROOT / "docs" / "columns" / "scale.md").read_text(encoding="utf-8")
    for table in (scale.cost_table(), scale.shuffle_table()):
        assert table in page, "run python benches/scale.py"


def test_costs_are_those_of_the_figures():
    # So many tokens take as many hours as one takes microseconds.
    many = 3_600_000_000
    assert scale.core_hours("RS256", many, 0) == scale.FIGURES["RS256"].distinct
    assert scale.core_hours("HS256", many, 1) == scale.REPEATED
    assert scale.shuffle_hours("RS256", 180_000_000_000) == scale.FIGURES["RS256"].size
