"""Check CHANGELOG.md: `unreleased BASE` for a change, `release TAG` for a release.

`unreleased` fails if the package changed since the commit BASE and the section "Unreleased" did
not. `release` prints the section of a version, and fails if there is none, or if the tag is not the
version in Cargo.toml.
"""

from __future__ import annotations

import re
import subprocess
import sys

SHIPPED = ("src/", "python/")


def git(*arguments: str) -> str:
    """Return the output of a git command."""
    return subprocess.run(
        ["git", *arguments], check=True, capture_output=True, encoding="utf-8"
    ).stdout


def section(changelog: str, title: str) -> str | None:
    """Return the text below a heading of the second level, or None."""
    found = re.search(rf"(?ms)^## {re.escape(title)}\b[^\n]*\n(.*?)(?=^## |\Z)", changelog)
    return found[1].strip() if found else None


def unreleased(base: str) -> str:
    """Return the complaint about the change since `base`; empty if there is none."""
    start = git("merge-base", base, "HEAD").strip()
    changed = git("diff", "--name-only", start, "HEAD").splitlines()
    if not any(name.startswith(SHIPPED) for name in changed):
        return ""
    before, now = (git("show", f"{commit}:CHANGELOG.md") for commit in (start, "HEAD"))
    if section(before, "Unreleased") != section(now, "Unreleased"):
        return ""
    return 'src/ or python/ changed: say what changes for users in CHANGELOG.md, "Unreleased"'


def release(tag: str) -> str:
    """Print the notes of the release; return the complaint about it, empty if there is none."""
    cargo = re.search(r'(?m)^version = "(.+)"$', git("show", "HEAD:Cargo.toml"))
    if not cargo or tag != f"v{cargo[1]}":
        return f"the tag is {tag}, Cargo.toml has version {cargo[1] if cargo else None}"
    notes = section(git("show", "HEAD:CHANGELOG.md"), cargo[1])
    if not notes:
        return f'CHANGELOG.md has no section "## {cargo[1]}"'
    print(notes)
    return ""


if __name__ == "__main__":
    command, argument = sys.argv[1:]
    sys.exit({"unreleased": unreleased, "release": release}[command](argument) or 0)
