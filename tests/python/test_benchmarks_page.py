"""The figures and charts of the documentation are those of benches/results/."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benches"))

import report  # noqa: E402 - a script of ours


def generated():
    files = (report.DOCS, report.README, report.LANDING, report.DOCS_CHART)
    return {file: file.read_bytes() for file in (*files, *report.DOCS_CHARTS.glob("*.svg"))}


def test_the_pages_and_charts_are_made_from_the_results(monkeypatch, tmp_path):
    committed = generated()
    copies = {file: tmp_path / file.relative_to(ROOT) for file in committed}
    for file, copy in copies.items():
        copy.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".md":
            copy.write_bytes(committed[file])
    for name in ("DOCS", "README", "LANDING", "DOCS_CHART", "DOCS_CHARTS"):
        monkeypatch.setattr(report, name, tmp_path / getattr(report, name).relative_to(ROOT))
    report.update_docs()
    made = {file: copy.read_bytes() for file, copy in copies.items()}
    differing = [file.name for file in committed if made[file] != committed[file]]
    assert differing == [], "run python benches/compare.py --report"


def test_tables_of_the_page_are_behind_folds_and_charts_before_them():
    page = report.DOCS.read_text(encoding="utf-8")
    part = page.partition(report.START)[2].partition(report.END)[0]
    for question in part.split("\n## ")[1:]:
        before_folds, *folds = question.split("<details markdown>")
        assert "\n| " not in before_folds
        assert all("\n| " not in fold.partition("</details>")[2] for fold in folds)
    assert part.count("![") == 6
