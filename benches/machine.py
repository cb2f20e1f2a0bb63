"""The machine, the versions and the date of a run."""

from __future__ import annotations

import platform
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def today() -> str:
    """Return the date in UTC, e.g. "2026-11-23"."""
    return datetime.now(tz=timezone.utc).date().isoformat()


def cpu_model() -> str:
    """Return the processor's name as it reports it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


def installed_versions(distributions: Iterable[str]) -> dict[str, str]:
    """Return the versions of the given distributions that are installed."""
    versions = {name: installed_version(name) for name in distributions if name}
    return {name: number for name, number in versions.items() if number}


def installed_version(distribution: str) -> str | None:
    """Return the version of one distribution, or None if it is not installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
