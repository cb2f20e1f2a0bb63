"""Compare rapidjwt with the other JWT libraries of Python: `make bench`.

Every result is checked before it is timed. A full run writes a table, a chart and JSON to
`benches/results/` and regenerates the marked parts of README.md and docs/benchmarks.md.
A partial run (--quick, --only) writes files only to the path in --output, and changes no docs.
"""

from __future__ import annotations

import argparse
import os
import platform
import shlex
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import promises
import report
import results
from busy_thread import measure_busy_thread
from chart import chart
from fixtures import CLAIMS, KTY, PAYLOAD_SIZES, claims_of_size, namespace, sign
from machine import cpu_model, installed_versions, today
from peers import (
    BATCH_CONTESTANTS,
    CONTESTANTS,
    PROFILE_CONTESTANTS,
    TYPED_CONTESTANTS,
    Contestant,
    by_name,
)
from results import RESULTS, Case, Environment, Results
from startup import forget_written, measure_startup
from timing import Effort, run_case

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

OPERATIONS = ("decode", "encode")
BATCH_TOKENS = 10_000
STARTUP_CONTESTANTS = (
    "rapidjwt",
    "PyJWT",
    "pyjwt-rs",
    "oxyjwt key object",
    "ryjwt",
    "python-jose",
    "joserfc",
    "Authlib",
    "jwcrypto",
)
BUSY_CONTESTANTS = ("rapidjwt", "PyJWT")


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="few rounds: a look, not a result")
    parser.add_argument(
        "--only",
        metavar="TEXT",
        help="run what has TEXT in its name, e.g. 'HS256', 'decode RS256', 'startup', 'busy'",
    )
    parser.add_argument("--output", type=Path, metavar="DIR", help="where to write the results")
    parser.add_argument(
        "--check", action="store_true", help="exit with 1 if a promised ratio is not held"
    )
    parser.add_argument(
        "--report", action="store_true", help="measure nothing: regenerate docs from the JSON"
    )
    return parser.parse_args(argv)


def small_and_large_cases(effort: Effort, only: str) -> Iterator[Case]:
    """Run encode and decode: every algorithm with small claims, HS256 with large ones."""
    payloads = [(algorithm, "small", CLAIMS) for algorithm in KTY]
    payloads += [("HS256", label, claims_of_size(size)) for label, size in PAYLOAD_SIZES.items()]
    for algorithm, label, claims in payloads:
        size = "small" if label == "small" else "large"
        contestants = [
            contestant
            for contestant in CONTESTANTS
            if KTY[algorithm] in contestant.kty and size in contestant.payloads
        ]
        for operation in OPERATIONS:
            name = f"{operation} {algorithm} {label}"
            if only in name:
                progress(name)
                yield run_case(name, operation, contestants, namespace(algorithm, claims), effort)


def batch_case(effort: Effort, only: str, tokens: int) -> Iterator[Case]:
    """Run the verification of many different RS256 tokens, one by one and as a batch."""
    name = "decode RS256 batch"
    if only not in name:
        return
    progress(name)
    all_claims = [{**CLAIMS, "jti": str(number)} for number in range(tokens)]
    names = namespace("RS256", CLAIMS) | {
        "all_claims": all_claims,
        "tokens": [sign(claims, "RS256") for claims in all_claims],
    }
    yield run_case(name, "decode", BATCH_CONTESTANTS, names, effort, operations=tokens)


def profile_and_typed_cases(effort: Effort, only: str) -> Iterator[Case]:
    """Run decode with a profile, and decode into objects of a type."""
    claims = CLAIMS | {"client_id": "web"}
    profiled = namespace("HS256", claims)
    profiled["token"] = sign(claims, "HS256", {"typ": "at+jwt"})
    for name, contestants, names in (
        ("decode HS256 profile", PROFILE_CONTESTANTS, profiled),
        ("decode HS256 typed", TYPED_CONTESTANTS, namespace("HS256", CLAIMS)),
    ):
        if only in name:
            progress(name)
            yield run_case(name, "decode", contestants, names, effort)


def measure(options: argparse.Namespace, argv: Sequence[str]) -> Results:
    """Run everything that the options ask for."""
    quick, only = options.quick, options.only or ""
    effort = Effort(9, 0.001) if quick else Effort(101, 0.002)
    load_before = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    forget_written(named(STARTUP_CONTESTANTS))
    cases = list(small_and_large_cases(effort, only))
    batch_effort = Effort(3 if quick else 15, effort.batch_seconds)
    cases += batch_case(batch_effort, only, BATCH_TOKENS // (10 if quick else 1))
    cases += profile_and_typed_cases(effort, only)
    startup: list[results.Startup] = []
    if only in "startup":
        progress("startup")
        startup = measure_startup(named(STARTUP_CONTESTANTS), 3 if quick else 21)
    busy: list[results.BusyThread] = []
    if only in "busy thread":
        progress("busy thread")
        busy = measure_busy_thread(named(BUSY_CONTESTANTS), 3 if quick else 9, 0.5)
    environment = describe_environment(argv, effort, load_before)
    return Results(environment=environment, cases=cases, startup=startup, busy_thread=busy)


def named(names: Sequence[str]) -> list[Contestant]:
    """Return the contestants with these names that this Python can run."""
    contestants = [by_name(name) for name in names]
    return [one for one in contestants if sys.version_info >= one.minimum_python]


def progress(name: str) -> None:
    """Write to standard error what is being measured."""
    print(f"  {name}", file=sys.stderr, flush=True)


def describe_environment(argv: Sequence[str], effort: Effort, load_before: float) -> Environment:
    """Return the facts that a reader needs to interpret the figures."""
    from rapidjwt._rapidjwt import build_info  # not before forget_written

    return Environment(
        cpu=cpu_model(),
        cores=os.cpu_count() or 1,
        system=f"{platform.system()} {platform.machine()}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        date=today(),
        command=shlex.join(["python", "benches/compare.py", *argv]),
        load_before=round(load_before, 2),
        rounds=effort.rounds,
        batch_ms=effort.batch_seconds * 1e3,
        versions=installed_versions(one.distribution for one in CONTESTANTS),
        profile_guided=build_info()["profile_guided"],
    )


def main(argv: Sequence[str]) -> int:
    options = arguments(argv)
    if options.report:
        report.update_docs()
        return 0
    warnings.simplefilter("ignore")  # Authlib warns on import, joserfc on EdDSA
    measured = measure(options, argv)
    partial = options.quick or options.only
    output = options.output or (None if partial else RESULTS)
    if output:
        output.mkdir(parents=True, exist_ok=True)
        stem = "cpython-{}.{}".format(*results.python_version(measured))
        results.write(output / f"{stem}.json", measured)
        (output / f"{stem}.md").write_text(report.full_report(measured), encoding="utf-8")
        (output / f"{stem}.svg").write_text(chart(measured), encoding="utf-8")
    if output == RESULTS:
        report.update_docs()
    print(report.full_report(measured))
    return 1 if options.check and broken(measured, partial=bool(partial)) else 0


def broken(measured: Results, *, partial: bool) -> bool:
    """Return whether a promise is broken; in a partial run, one that was not measured passes."""
    fine = {promises.HELD, promises.SKIPPED} if partial else {promises.HELD}
    return any(verdict.status not in fine for verdict in promises.evaluate(measured))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
