"""`rapidjwt bench`."""

from __future__ import annotations

import time
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from rich.table import Table

import rapidjwt
from rapidjwt.cli.exit_code import ExitCode, Failure
from rapidjwt.cli.options import ALGORITHM, examples, json_option
from rapidjwt.cli.output import note, show, write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rapidjwt.types import AlgorithmName

_DEFAULT = ("HS256", "RS256", "ES256")
#: Several, because some are slow while the machine is busy with something else.
_ROUNDS = 5
_CLAIMS = {
    "iss": "https://id.example",
    "sub": "user-42",
    "aud": "https://api.example",
    "scope": "orders:read orders:write",
    "iat": 1_700_000_000,
    "exp": 4_102_444_800,
    "jti": "b1946ac92492d2347c6235b4d2611184",
    "admin": False,
}


class Row(NamedTuple):
    """Calls per second; `pyjwt` is None if PyJWT is not installed or lacks the algorithm."""

    algorithm: str
    operation: str
    rapidjwt: float
    pyjwt: float | None


@click.command(
    short_help="Measure encode and decode on this machine.",
    epilog=examples(
        "rapidjwt bench",
        "rapidjwt bench --alg ES256 --alg EdDSA --seconds 2",
    ),
)
@click.option(
    "--alg",
    "algorithms",
    multiple=True,
    type=ALGORITHM,
    metavar="ALG",
    default=_DEFAULT,
    show_default=True,
    help="An algorithm; may be given several times.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0, 60),
    default=0.5,
    show_default=True,
    help="The minimum time of each measurement.",
)
@json_option
def bench(algorithms: tuple[AlgorithmName, ...], seconds: float, as_json: bool) -> ExitCode:
    """Measure encode and decode on this machine, beside PyJWT if it is installed.

    Both get the same keys as PEM text or bytes; results are checked before anything is timed.
    """
    pyjwt = _pyjwt()
    note(f"Measuring {', '.join(algorithms)}{'' if pyjwt else '; PyJWT is not installed'}")
    rows = [row for name in algorithms for row in _measure_algorithm(name, pyjwt, seconds)]
    if as_json:
        versions = {"rapidjwt": rapidjwt.__version__, "pyjwt": pyjwt and pyjwt.__version__}
        write_json({"versions": versions, "per_second": [row._asdict() for row in rows]})
    else:
        show(_table(rows))
    return ExitCode.OK


def _pyjwt() -> Any:
    """Return the module of PyJWT, or None."""
    try:
        module = import_module("jwt")
    except ImportError:
        return None
    # rapidjwt.install_as_jwt() makes `jwt` an alias of rapidjwt.
    return None if getattr(module, "encode", rapidjwt.encode) is rapidjwt.encode else module


def _measure_algorithm(algorithm: AlgorithmName, pyjwt: Any, seconds: float) -> Iterator[Row]:
    signing, verifying = _keys(algorithm)
    token = _checked_token(algorithm, signing, verifying, rapidjwt, rapidjwt)
    if pyjwt is not None:
        try:
            _checked_token(algorithm, signing, verifying, pyjwt, rapidjwt)
            _checked_token(algorithm, signing, verifying, rapidjwt, pyjwt)
        except NotImplementedError:  # without cryptography
            pyjwt = None
    arguments = {"algorithms": [algorithm], "audience": _CLAIMS["aud"]}

    modules = [rapidjwt] if pyjwt is None else [rapidjwt, pyjwt]
    encode = [partial(module.encode, _CLAIMS, signing, algorithm) for module in modules]
    decode = [partial(module.decode, token, verifying, **arguments) for module in modules]
    for operation, calls in (("encode", encode), ("decode", decode)):
        ours, *theirs = _rates(calls, seconds)
        yield Row(algorithm, operation, ours, theirs[0] if theirs else None)


def _keys(algorithm: AlgorithmName) -> tuple[str | bytes, str | bytes]:
    key = rapidjwt.Key.generate(algorithm)
    if key.kty == "oct":
        secret = rapidjwt.utils.base64url_decode(key.to_jwk(private=True)["k"])
        return secret, secret
    return key.to_pem(private=True), key.to_pem()


def _checked_token(
    algorithm: str, signing: str | bytes, verifying: str | bytes, writer: Any, reader: Any
) -> str:
    token: str = writer.encode(_CLAIMS, signing, algorithm)
    claims = reader.decode(token, verifying, algorithms=[algorithm], audience=_CLAIMS["aud"])
    if claims != _CLAIMS:
        raise Failure(f"{algorithm}: {reader.__name__} cannot read the token of {writer.__name__}")
    return token


def _rates(calls: Sequence[Callable[[], object]], seconds: float) -> list[float]:
    """Return the calls per second of each: the best of several alternating rounds."""
    rounds = [[_rate(call, seconds / _ROUNDS) for call in calls] for _ in range(_ROUNDS)]
    return [max(rates) for rates in zip(*rounds, strict=True)]


def _rate(call: Callable[[], object], seconds: float) -> float:
    count = 1
    while True:
        start = time.perf_counter()
        for _ in range(count):
            call()
        taken = time.perf_counter() - start
        if taken >= seconds:
            return count / taken
        count *= 2


def _table(rows: list[Row]) -> Table:
    table = Table(title="Calls per second", title_justify="left", box=None)
    table.add_column("algorithm")
    table.add_column("operation")
    for name in ("rapidjwt", "PyJWT", "ratio"):
        table.add_column(name, justify="right")
    for row in rows:
        others = ("-", "-")
        if row.pyjwt:
            others = (f"{row.pyjwt:,.0f}", f"{row.rapidjwt / row.pyjwt:.1f}")
        table.add_row(row.algorithm, row.operation, f"{row.rapidjwt:,.0f}", *others)
    return table
