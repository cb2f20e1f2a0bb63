"""Run the whole Python suite against a wheel: `suite.py DIST`, by `make test-wheel-suite`.

Additional arguments are passed to pytest. The new environment contains only the wheel and the test
tools, and Rust is removed from PATH.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
IN_THE_ENVIRONMENT = (
    "import sys, rapidjwt, rapidjwt._rapidjwt as native;"
    "assert all(m.__file__.startswith(sys.prefix) for m in (rapidjwt, native)), native.__file__"
)


def path_without_rust() -> str:
    """Return PATH without the folders that have cargo or rustc."""
    folders = os.environ["PATH"].split(os.pathsep)
    return os.pathsep.join(
        folder
        for folder in folders
        if not any(shutil.which(tool, path=folder) for tool in ("cargo", "rustc"))
    )


def main() -> None:
    """Install the wheel into a new environment and run pytest there."""
    dist, *arguments = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder, "Scripts" if os.name == "nt" else "bin", "python")
        environment = os.environ | {"PATH": path_without_rust()}
        environment.pop("PYTHONPATH", None)

        def run(*arguments: str) -> None:
            subprocess.run([python, *arguments], cwd=ROOT, env=environment, check=True)

        wheel = ("--no-index", "--find-links", str(Path(dist).resolve()), "rapidjwt")
        run("-m", "pip", "install", "--quiet", *wheel)
        run("-m", "pip", "install", "--quiet", "rapidjwt[test]")
        run("-c", IN_THE_ENVIRONMENT)
        run("-m", "pytest", "-p", "no:cacheprovider", *arguments)


main()
