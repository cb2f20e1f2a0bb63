"""The files in `typing` contain the types that uses must have; mypy checks them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from rapidjwt._rapidjwt import algorithm_table
from rapidjwt.types import AlgorithmName

pytest.importorskip("mypy")

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FILES = sorted((HERE / "typing").glob("*.py"))


def mypy(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_each_use_has_the_type_that_its_file_says():
    assert FILES
    checked = mypy(*map(str, FILES))
    assert checked.stdout + checked.stderr == ""
    assert checked.returncode == 0


def test_a_wrong_type_would_be_found(tmp_path):
    wrong = tmp_path / "wrong.py"
    uses = (HERE / "typing" / "prepared_objects.py").read_text()
    wrong.write_text(uses.replace("assert_type(key.size, int)", "key.size + ''"))
    checked = mypy(str(wrong))
    assert checked.returncode == 1
    assert "[operator]" in checked.stdout


def test_the_literal_names_are_those_of_the_algorithm_table():
    assert set(get_args(AlgorithmName)) == {row["name"] for row in algorithm_table()}
