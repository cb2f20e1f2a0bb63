"""The pytest plugin of `make compat`: reports which library is imported as `jwt`, and checks it.

It is loaded with `-p compat_jwt` before any conftest, and so before the suite can import `jwt`. The
environment variable COMPAT_JWT names the library.
"""

import os
import sys

import pytest

LIBRARY = os.environ["COMPAT_JWT"]
PACKAGES = {"PyJWT": "jwt", "rapidjwt": "rapidjwt"}
WRONG_LIBRARY = 90

if LIBRARY == "rapidjwt":
    import rapidjwt

    rapidjwt.install_as_jwt()


def served_by():
    """Return the package that every imported module named `jwt` really belongs to."""
    import jwt

    modules = [
        module for name, module in sys.modules.items() if name == "jwt" or name.startswith("jwt.")
    ]
    packages = {module.__spec__.name.partition(".")[0] for module in modules}
    return " and ".join(sorted(packages)), jwt.__file__


def pytest_report_header():
    package, file = served_by()
    return f"compat: {LIBRARY} serves as jwt: {package} from {file}"


def pytest_sessionstart():
    refuse_another_library()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish():
    refuse_another_library()


def refuse_another_library():
    package, file = served_by()
    if package != PACKAGES[LIBRARY]:
        message = f"compat: {LIBRARY} should serve as jwt, but {package} does ({file})"
        pytest.exit(message, returncode=WRONG_LIBRARY)
