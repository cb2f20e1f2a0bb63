"""Every Python block of README.md and docs/*.md runs.

The blocks of one file form one program, in their order. `<!-- not run -->` on the line before a
block excludes it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import rapidjwt

ROOT = Path(__file__).parents[2]
#: Their engines take long to start: tests/engines runs them.
ELSEWHERE = {"ray.md", "spark.md"}
PAGES = [
    ROOT / "README.md",
    *sorted(page for page in (ROOT / "docs").rglob("*.md") if page.name not in ELSEWHERE),
]
#: What a page needs beyond the test tools of every platform.
NEEDS = {
    "arrow": ["pyarrow"],
    "batches": ["pandas", "polars", "celery"],
    "dask": ["dask.dataframe", "pyarrow"],
    "duckdb": ["duckdb", "pyarrow"],
    "frameworks": ["litestar", "aiohttp", "grpc", "quart", "sanic", "falcon", "strawberry"],
    "mcp": ["mcp.server.mcpserver", "fastmcp"],
    "pandas": ["pandas", "pyarrow"],
    "polars": ["polars"],
    "pyarrow": ["pyarrow"],
    "verifying": ["msgspec"],
}
START, END, NOT_RUN = "```python", "```", "<!-- not run -->"


def program(text):
    """Return the blocks of a page as one program, each line at its own line number."""
    code, inside, runs, indent, before = [], False, False, 0, ""
    for line in text.splitlines():
        starts = not inside and line.strip().startswith(START)
        ends = inside and line.strip() == END
        if starts:
            inside, runs = True, before != NOT_RUN
            indent = len(line) - len(line.lstrip())
        elif ends:
            inside = False
        code.append(line[indent:] if inside and not starts and runs else "")
        before = line.strip() or before
    return "\n".join(code) + "\n"


def run_page(page, folder, appended="", path=()):
    """Run the program of a page, and what is appended to it; return what it printed."""
    script = folder / f"{page.stem.replace('-', '_')}_page.py"  # `flask.py` would hide Flask
    return run_program(program(page.read_text(encoding="utf-8")) + appended, script, path)


def run_program(code, script, path=()):
    """Run a program as this file, in its folder; return what it printed."""
    script.write_text(code, encoding="utf-8")
    folders = [*map(str, path), *filter(None, [os.environ.get("PYTHONPATH")])]
    # On Python 3.10 there is no httpx2, which Starlette wants instead.
    options = ["-W", "error", "-W", "ignore:Using `httpx` with `starlette.testclient`"]
    done = subprocess.run(
        [sys.executable, *options, str(script)],
        cwd=script.parent,
        env=os.environ | {"JWT_SECRET": "s3cret" * 8, "PYTHONPATH": os.pathsep.join(folders)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_the_python_blocks_of_a_page_run(page, tmp_path):
    for name in NEEDS.get(page.stem, ()):
        pytest.importorskip(name)
    run_page(page, tmp_path)


def test_blocks_keep_their_line_numbers_and_marked_ones_do_not_run():
    page = "\n".join(
        ["a", START, "b = 1", END, NOT_RUN, "", START, "c", END, f" {START}", " d = b", f" {END}"]
    )
    lines = program(page).splitlines()
    assert {number: line for number, line in enumerate(lines, 1) if line} == {
        3: "b = 1",
        11: "d = b",
    }


def test_every_public_name_stands_in_the_api_reference():
    pages = "\n".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs/api").glob("*.md"))
    documented = set(re.findall(r"^::: rapidjwt\.(\S+)$", pages, re.MULTILINE))
    assert "exceptions" in documented
    names = set(rapidjwt.__all__) - set(vars(rapidjwt.exceptions)) - {"__version__"}
    assert names - documented == set()
