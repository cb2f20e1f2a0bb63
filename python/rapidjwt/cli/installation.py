"""What is installed here, for `rapidjwt doctor`."""

from __future__ import annotations

import platform
import re
import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rapidjwt import __version__
from rapidjwt._rapidjwt import build_info
from rapidjwt.help import PYJWT_API_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The extras that are for working on the package itself.
_NOT_FOR_USERS = ("bench", "dev", "docs", "test")
_REQUIREMENT = re.compile(r"([\w.-]+)(?:\[.*\])?([^;]*);.*extra == ['\"]([\w-]+)['\"]")


def interpreter() -> dict[str, Any]:
    """Return the Python that runs, and whether it has a global interpreter lock."""
    is_gil_enabled = getattr(sys, "_is_gil_enabled", lambda: True)
    return {
        "implementation": platform.python_implementation(),
        "version": platform.python_version(),
        "executable": sys.executable,
        "gil": is_gil_enabled(),
    }


def build() -> dict[str, Any]:
    """Return the version of this package, where it is, and what it was built with."""
    place = str(Path(__file__).parents[1])
    return {"version": __version__, "pyjwt_api": PYJWT_API_VERSION, "path": place} | build_info()


def optional_packages() -> list[dict[str, Any]]:
    """Return the packages of the extras, with the version that is installed, or None."""
    return [
        {"name": name, "extra": extra, "needs": needs, "version": _version(name)}
        for name, needs, extra in _requirements()
    ]


def _requirements() -> Iterator[tuple[str, str, str]]:
    """Yield the name, the versions and the extra of each requirement in our own metadata."""
    for text in sorted(_own_requirements()):
        match = _REQUIREMENT.fullmatch(text.strip())
        if match is not None and match[3] not in _NOT_FOR_USERS:
            yield match[1], match[2].strip(), match[3]


def _own_requirements() -> list[str]:
    """Return the requirements in our metadata, which a frozen application may lack."""
    try:
        return metadata.requires("rapidjwt") or []
    except metadata.PackageNotFoundError:
        return []


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def jwt_module() -> dict[str, Any]:
    """Return what `import jwt` finds: the file, and the distributions that own the name.

    The module is not imported.
    """
    spec = find_spec("jwt")
    return {
        "installed_as_jwt": spec is not None and spec.name == "rapidjwt",
        "path": None if spec is None else spec.origin,
        "distributions": sorted(set(metadata.packages_distributions().get("jwt", []))),
        "pyjwt": _version("PyJWT"),
    }


def jwt_problems(found: dict[str, Any]) -> list[str]:
    """Return what is wrong with the name `jwt`, in sentences; having no such module is right."""
    owners, path = found["distributions"], found["path"]
    if found["installed_as_jwt"]:
        return []
    problems = []
    if len(owners) > 1:
        problems.append(f"{' and '.join(owners)} both install a package named jwt: remove one.")
    elif owners and owners[0] != "PyJWT":
        problems.append(f"The package jwt is that of {owners[0]}, not that of PyJWT.")
    if path is not None and not any(_owns(owner, path) for owner in owners):
        problems.append(
            f"{path} is imported as jwt, and hides PyJWT."
            if owners
            else f"{path} is imported as jwt: it is not PyJWT."
        )
    return problems


def _owns(distribution: str, path: str) -> bool:
    files = metadata.files(distribution) or []
    modules = (file for file in files if file.name == "__init__.py")
    return any(Path(str(file.locate())) == Path(path) for file in modules)
