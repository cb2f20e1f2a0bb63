"""The calls that the wheels are optimized for, which `maturin build --pgo` runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TRAINING = ROOT / "benches" / "training.py"


def test_all_calls_of_the_training_succeed_and_those_of_the_compiler_are_forgotten(tmp_path):
    for package in ("msgspec", "pyarrow"):
        pytest.importorskip(package)
    of_a_build_script = tmp_path / "default_1234_0.profraw"
    of_another_process = tmp_path / "1234_56.profraw"
    of_a_build_script.touch()
    of_another_process.touch()
    environment = os.environ | {"LLVM_PROFILE_FILE": str(tmp_path / "%m_%p.profraw")}
    command = [sys.executable, TRAINING, "--rounds", "40"]
    subprocess.run(command, env=environment, check=True, timeout=120)
    assert not of_a_build_script.exists()
    assert of_another_process.exists()


def test_the_build_with_a_profile_runs_that_training():
    tomllib = pytest.importorskip("tomllib")
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    command = settings["tool"]["maturin"]["pgo-command"]
    assert command.endswith(f"python {TRAINING.relative_to(ROOT).as_posix()}")
