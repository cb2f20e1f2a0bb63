"""The time per decode of rapidjwt, and of PyJWT when it is installed."""

from __future__ import annotations

import importlib
import platform
import statistics
import timeit
from importlib import metadata
from typing import TYPE_CHECKING, Any

import rapidjwt

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

RUNS, CALLS = 7, 1_000


def installed_libraries() -> dict[str, ModuleType]:
    """Return rapidjwt and, when it is installed, PyJWT."""
    libraries = {f"rapidjwt {rapidjwt.__version__}": rapidjwt}
    try:
        libraries[f"PyJWT {metadata.version('PyJWT')}"] = importlib.import_module("jwt")
    except ModuleNotFoundError:
        print("PyJWT is not installed: there is nothing to compare with.")
    return libraries


def microseconds(call: Callable[[], object]) -> float:
    """Return the median time of one `call`."""
    return statistics.median(timeit.repeat(call, number=CALLS, repeat=RUNS)) / CALLS * 1e6


def print_times(token: str, jwk: dict[str, Any], audience: str) -> None:
    """Time the verification of `token` (RS256, public key `jwk`) and of its HS256 twin."""
    libraries = installed_libraries()
    claims = rapidjwt.decode(token, rapidjwt.PyJWK(jwk), algorithms=["RS256"], audience=audience)
    secret = "s3cret" * 8
    twin = rapidjwt.encode(claims, secret, algorithm="HS256")

    def time_of(library: ModuleType, algorithm: str) -> str:
        try:
            subject, key = (token, library.PyJWK(jwk)) if algorithm == "RS256" else (twin, secret)
        except library.PyJWTError:
            return "needs cryptography"

        def decode() -> object:
            return library.decode(subject, key, algorithms=[algorithm], audience=audience)

        if decode() != claims:
            raise SystemExit(f"{library.__name__} decodes the {algorithm} token to something else")
        return f"{microseconds(decode):.2f} us"

    print(f"{'time per decode':17}" + "".join(f"{name:>20}" for name in libraries))
    for algorithm in ("HS256", "RS256"):
        times = (time_of(library, algorithm) for library in libraries.values())
        print(f"{algorithm:17}" + "".join(f"{time:>20}" for time in times))
    print(
        f"The same token with signature, exp, iat and aud checked; median of {RUNS} runs of "
        f"{CALLS:,} calls; {platform.python_implementation()} {platform.python_version()}."
    )
