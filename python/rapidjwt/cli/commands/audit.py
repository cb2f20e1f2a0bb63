"""`rapidjwt audit`."""

from __future__ import annotations

import os
import time
from datetime import datetime, timezone
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from rapidjwt._inspection.keys import key_set, read_members
from rapidjwt._inspection.printable import printable
from rapidjwt._rapidjwt import Verifier, core_count
from rapidjwt._utc import utc
from rapidjwt.cli.exit_code import ExitCode, Failure
from rapidjwt.cli.local_verifier import require_needs, served_algorithms
from rapidjwt.cli.options import (
    algorithms_option,
    audiences_option,
    examples,
    issuers_option,
    json_option,
    key_option,
    leeway_option,
    password_option,
    profile_option,
    require_option,
)
from rapidjwt.cli.output import note, show, write_json
from rapidjwt.cli.sources import read_secret
from rapidjwt.historical_keys import TIMES, HistoricalKey, HistoricalKeys
from rapidjwt.key_set import KeySet
from rapidjwt.profiles import ALL
from rapidjwt.verifier_spec import VerifierSpec

if TYPE_CHECKING:
    from datetime import timedelta

    from rapidjwt.audit.parts import Parts
    from rapidjwt.audit.tally import Tally
    from rapidjwt.key_set import KeySetEntry

#: The package of each engine, and what pip installs it by.
_ENGINES = {"spark": ("pyspark", "pyspark[sql]>=4"), "ray": ("ray", "ray>=2.40")}


def _moment(_context: click.Context, _option: click.Parameter, text: str | None) -> float | None:
    """Parse a time in ISO 8601, in UTC unless it says otherwise."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise click.BadParameter("It must be a time such as 2026-11-01T00:00Z.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


@click.command(
    short_help="Verify the tokens of files and report about them.",
    epilog=examples(
        "rapidjwt audit access.log.gz --key keys.json --aud api",
        "rapidjwt audit logs/*.parquet --key keys.json --at 2026-11-01T00:00Z --report report.html",
    ),
)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILES..."
)
@key_option("The key, or a JWK Set, in any format.", required=True)
@password_option
@algorithms_option
@audiences_option
@issuers_option
@leeway_option
@require_option
@profile_option
@click.option(
    "--at",
    callback=_moment,
    metavar="TIME",
    help="Verify as of a time, such as 2026-11-01T00:00Z. Default: now.",
)
@click.option(
    "--at-column",
    metavar="NAME",
    help="Verify each token as of the time in a column of its file.",
)
@click.option("--column", metavar="NAME", help="The column of the tokens, if there are several.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Write a row for each token to Parquet files in a folder.",
)
@click.option("--with-tokens", is_flag=True, help="Write the tokens themselves to --out too.")
@click.option(
    "--engine",
    type=click.Choice(["local", *_ENGINES]),
    default="local",
    metavar="NAME",
    help="Where to verify: local (the default), spark or ray.",
)
@click.option("--resume", is_flag=True, help="Go on with an audit that was interrupted, in --out.")
@click.option(
    "--report", type=click.Path(path_type=Path), metavar="FILE", help="Write a report in HTML."
)
@json_option  # fmt: skip
def audit(
    files: tuple[Path, ...],
    key: str,
    password: bytes | None,
    algorithms: tuple[str, ...],
    audiences: tuple[str, ...],
    issuers: tuple[str, ...],
    leeway: timedelta,
    require: tuple[str, ...],
    profile: str | None,
    at: float | None,
    at_column: str | None,
    column: str | None,
    out: Path | None,
    with_tokens: bool,
    engine: str,
    resume: bool,
    report: Path | None,
    as_json: bool,
) -> ExitCode:
    """Verify the tokens in files and report how many are valid, and why the others are not.

    FILES are Parquet, CSV, or text in which tokens are found, such as logs and JSON lines; all but
    Parquet may be compressed by gzip or zstd. Tokens are never shown, and --out writes the first 96
    bits of their SHA-256 in their place. Exit code 1: at least one token is refused.
    """
    if (resume or with_tokens) and out is None:
        raise click.UsageError("--resume and --with-tokens need --out.")
    if at is not None and at_column is not None:
        raise click.UsageError("Specify either --at or --at-column.")
    files = tuple(dict.fromkeys(files))
    policy: dict[str, Any] = {
        "audience": list(audiences) or None,
        "issuer": list(issuers) or None,
        "leeway": leeway,
        "require": list(require),
        "profile": None if profile is None else ALL[profile],
    }
    require_needs(policy, {"issuer": "--iss", "audience": "--aud"})
    keys = _keys(read_members(read_secret(key), password))
    policy["algorithms"] = served_algorithms(KeySet([one.key for one in keys]), algorithms)
    if engine != "local":
        _require_engine(engine, keys)
    question = {
        "files": [str(path) for path in files],
        "by_file": engine != "local",
        "keys": [_identity(one) for one in keys],
        "policy": repr((Verifier(keys, **policy), policy)),
        "at": at_column or at,
        "column": column,
        "tokens": with_tokens,
    }
    # What pyarrow, imported from here on, would take in its place keeps 50 MB that were freed.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    now = time.time() if at is None else at
    parts = None if out is None else _parts(out, question, now, resume, with_tokens)
    now = now if parts is None else parts.now
    run = _Run(keys, policy, files, column, at_column, now)
    tally = _audited(run, parts, engine)
    as_of = utc(now).isoformat(timespec="seconds")
    if at_column is not None:
        as_of = f"the time in {at_column}"
    if report is not None:
        _write_report(report, tally, as_of, run)
    if as_json:
        write_json({"as_of": as_of} | tally.to_json())
    else:
        _show(tally, as_of)
    return ExitCode.REFUSED if tally.refused else ExitCode.OK


def _keys(members: list[Any]) -> KeySet | HistoricalKeys:
    """Return a set of keys, with the times in which they are valid if one of the JWKs has such."""
    keys = key_set(members)
    times = (member.get(name) for member in members if isinstance(member, dict) for name in TIMES)
    has_times = any(time is not None for time in times)
    return HistoricalKeys({"keys": members}) if has_times else keys


def _identity(one: KeySetEntry | HistoricalKey) -> list[Any]:
    """Return what tells whether an audit goes on with the same key."""
    name = "oct" if one.key.kty == "oct" else one.key.thumbprint()
    return [name, *one[1:]] if isinstance(one, HistoricalKey) else [name]


def _require_engine(engine: str, keys: KeySet | HistoricalKeys) -> None:
    """Check that an engine is installed, and that its workers may have the keys."""
    if any(one.key.kty == "oct" for one in keys):
        raise click.UsageError(f"--engine {engine} is for public keys: workers would get a secret.")
    package, requirement = _ENGINES[engine]
    if find_spec(package) is None:
        message = f"--engine {engine} needs {package}: pip install '{requirement}'"
        raise Failure(message, ExitCode.EXTRA_MISSING)


class _Run(NamedTuple):
    keys: KeySet | HistoricalKeys
    policy: dict[str, Any]
    files: tuple[Path, ...]
    column: str | None
    at_column: str | None
    now: float


def _parts(
    out: Path, question: dict[str, Any], now: float, resume: bool, with_tokens: bool
) -> Parts:
    from rapidjwt.audit.parts import Parts  # noqa: PLC0415 - imports pyarrow

    parts = Parts(out, question, now, with_tokens=with_tokens)
    try:
        parts.resume() if resume else parts.begin()
    except FileExistsError:
        raise Failure(f"{out} is not an empty folder; --resume goes on in it") from None
    except FileNotFoundError:
        raise Failure(f"{out} has no audit to go on with") from None
    except (OSError, ValueError, KeyError) as error:
        raise Failure(f"The audit in {out} {error}") from None
    return parts


def _audited(run: _Run, parts: Parts | None, engine: str) -> Tally:
    """Verify everything. After an interrupt, the parts that were written can be gone on from."""
    from rapidjwt.audit.reading import UnreadableFile  # noqa: PLC0415 - imports pyarrow

    try:
        tally = _on_engine(run, parts, engine) if engine != "local" else _here(run, parts)
    except UnreadableFile as error:
        raise Failure(str(error)) from None
    except KeyboardInterrupt:
        if parts is not None:
            note("Interrupted: the parts in --out are whole, and --resume goes on after them.")
        raise
    if not tally.tokens:
        raise Failure("There are no tokens in the files")
    return tally


def _here(run: _Run, parts: Parts | None) -> Tally:
    """Verify everything on this machine, and show the progress in a terminal."""
    from rapidjwt.audit.reading import Columns  # noqa: PLC0415 - imports pyarrow
    from rapidjwt.audit.tally import Tally  # noqa: PLC0415 - imports pyarrow
    from rapidjwt.audit.verifying import Audit  # noqa: PLC0415 - imports pyarrow

    try:
        sizes = {path: path.stat().st_size for path in run.files}
    except OSError as error:
        raise Failure(f"{error.filename} cannot be read: {error.strerror}") from None
    tally = Tally() if parts is None else parts.tally
    verifier = Verifier(run.keys, **run.policy)
    columns = Columns(run.column, run.at_column)
    audit = Audit(verifier, columns, run.now, tally, parts, threads=core_count())
    total = sum(sizes.values())
    with _progress() as progress:
        task = progress.add_task("Verifying", total=total, rate="")
        tokens, started = 0, time.monotonic()
        # The bytes of the files before each of them.
        before = dict(zip(sizes, accumulate(sizes.values(), initial=0), strict=False))
        for name, _, batch in audit.of_files((path, path) for path in sizes):
            tokens += len(batch.tokens)
            rate = f"{tokens / (time.monotonic() - started):,.0f} tokens/s"
            progress.update(task, completed=before[name] + batch.position, rate=rate)
        progress.update(task, completed=total)
    if parts is not None:
        parts.write()
    return tally


def _on_engine(run: _Run, parts: Parts | None, engine: str) -> Tally:
    """Verify everything on the workers of an engine."""
    from rapidjwt.audit.engines import EngineError, Task, counted  # noqa: PLC0415 - imports pyarrow
    from rapidjwt.audit.reading import Columns  # noqa: PLC0415 - imports pyarrow

    jwks = {"keys": [one.to_jwk() for one in run.keys]}
    keys = HistoricalKeys(jwks) if isinstance(run.keys, HistoricalKeys) else jwks
    spec = VerifierSpec(keys, **run.policy)
    columns = Columns(run.column, run.at_column)
    if parts is not None:
        parts.write()  # what --resume needs
    task = Task(spec, run.files, Path.cwd(), columns, run.now, parts)
    try:
        return counted(task, engine)
    except EngineError as error:
        raise Failure(f"--engine {engine} failed: {error}") from None


def _progress() -> Progress:
    console = Console(stderr=True)
    console.quiet = not console.is_terminal  # rich below 14.3 ends a disabled Progress with a line
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=console.quiet,
    )


def _write_report(path: Path, tally: Tally, as_of: str, run: _Run) -> None:
    from rapidjwt.audit.report import page  # noqa: PLC0415 - with the others

    text = page(tally, as_of, [str(one) for one in run.files])
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror}") from None


def _show(tally: Tally, as_of: str) -> None:
    from rapidjwt.audit.report import GROUPS, rows  # noqa: PLC0415 - imports pyarrow

    sums = Text(f"{tally.tokens:,} tokens as of {as_of}: ")
    sums.append(f"{tally.valid:,} valid", style="bold green")
    sums.append(", ")
    sums.append(f"{tally.refused:,} refused", style="bold red" if tally.refused else "")
    tables: list[Text | Table] = []
    for name, (heading, _) in GROUPS.items():
        found = rows(name, tally)
        if found:
            table = Table(heading, "", "", box=None, pad_edge=False, header_style="bold")
            largest = max(count for _, count in found)
            for value, count in found:
                bar = "█" * max(1, round(30 * count / largest))
                table.add_row(printable(value), f"{count:>12,}", bar)
            tables += [Text(), table]
    show(sums, *tables)
