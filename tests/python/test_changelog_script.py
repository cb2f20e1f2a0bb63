"""`scripts/changelog.py`, which continuous integration runs on every change and release."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "changelog.py"
CHANGELOG = "# Changelog\n\n## Unreleased\n\n- New.\n\n## 1.2.0 (2026-01-01)\n\n- Old.\n"

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")


@pytest.fixture
def commit(tmp_path):
    def commit(**files):
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/").replace("_", ".")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        author = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        for arguments in (("add", "-A"), (*author, "commit", "-qm", "a change")):
            subprocess.run(["git", *arguments], cwd=tmp_path, check=True)

    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=tmp_path, check=True)
    commit(CHANGELOG_md=CHANGELOG, Cargo_toml='[package]\nversion = "1.2.0"\n', src__lib_rs="")
    subprocess.run(["git", "branch", "base"], cwd=tmp_path, check=True)
    return commit


def changelog(folder, *arguments):
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_change_of_the_package_without_a_line_in_the_changelog_is_refused(commit, tmp_path):
    commit(src__lib_rs="//")
    refused = changelog(tmp_path, "unreleased", "base")
    assert refused.returncode == 1
    assert "CHANGELOG.md" in refused.stderr


def test_a_line_under_another_version_does_not_count(commit, tmp_path):
    commit(src__lib_rs="//", CHANGELOG_md=CHANGELOG + "- More.\n")
    assert changelog(tmp_path, "unreleased", "base").returncode == 1


def test_a_change_with_a_line_passes_and_so_does_one_that_users_do_not_see(commit, tmp_path):
    commit(README_md="more")
    assert changelog(tmp_path, "unreleased", "base").returncode == 0
    commit(src__lib_rs="//", CHANGELOG_md=CHANGELOG.replace("- New.", "- New.\n- Newer."))
    assert changelog(tmp_path, "unreleased", "base").returncode == 0


def test_a_release_prints_its_notes_and_wants_one_version_everywhere(commit, tmp_path):
    released = changelog(tmp_path, "release", "v1.2.0")
    assert (released.returncode, released.stdout) == (0, "- Old.\n")
    assert changelog(tmp_path, "release", "v1.3.0").returncode == 1
    commit(Cargo_toml='[package]\nversion = "1.3.0"\n')
    assert changelog(tmp_path, "release", "v1.3.0").returncode == 1
