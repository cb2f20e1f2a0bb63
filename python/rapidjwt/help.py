"""Describe the installation for a bug report: `python -m rapidjwt.help`."""

from __future__ import annotations

import json
import platform
import sys

from . import __version__

try:
    from cryptography import __version__ as cryptography_version
except ModuleNotFoundError:
    cryptography_version = ""

#: The version of PyJWT whose interface we have.
PYJWT_API_VERSION = "2.15.1"


def info() -> dict[str, dict[str, str]]:
    """Return the platform, the interpreter and the versions of the packages involved.

    The result has the form of PyJWT's, plus `rapidjwt`; `pyjwt` is the version whose interface this
    package has.
    """
    try:
        platform_info = {"system": platform.system(), "release": platform.release()}
    except OSError:
        platform_info = {"system": "Unknown", "release": "Unknown"}

    return {
        "platform": platform_info,
        "implementation": {
            "name": platform.python_implementation(),
            "version": platform.python_version(),
        },
        "cryptography": {"version": cryptography_version},
        "pyjwt": {"version": PYJWT_API_VERSION},
        "rapidjwt": {"version": __version__},
    }


def main() -> None:
    """Print `info()` as JSON."""
    sys.stdout.write(json.dumps(info(), sort_keys=True, indent=2) + "\n")


if __name__ == "__main__":
    main()
