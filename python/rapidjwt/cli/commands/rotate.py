"""`rapidjwt rotate`."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import click

from rapidjwt._inspection.times import now
from rapidjwt._rapidjwt import algorithm_table
from rapidjwt.cli.exit_code import ExitCode
from rapidjwt.cli.options import duration, examples, json_option
from rapidjwt.cli.output import note, write, write_json
from rapidjwt.cli.rings import store_argument, store_of
from rapidjwt.cli.sources import read_variable
from rapidjwt.exceptions import InvalidKeyError
from rapidjwt.keyring import KeyRing, Schedule
from rapidjwt.keyring.report import lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from rapidjwt.keyring import KeyRingStore, RingKey

_ALGORITHMS = [row["name"] for row in algorithm_table() if not row["name"].startswith("HS")]
_HELP = {
    "every": "How long a key signs.",
    "token_lifetime": "The longest lifetime of a token.",
    "max_age": "How long verifiers may keep the JWK Set.",
    "max_staleness": "How old the copy of the state may be that a process uses.",
    "leeway": "The difference of clocks.",
}
_MEMBERS = ("published_at", "signs_from", "retired_at", "withdrawn_at")


def _schedule_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add an option for each value of the schedule."""
    for name, text in reversed(_HELP.items()):
        option = f"--{name.replace('_', '-')}"
        command = click.option(option, name, type=duration, metavar="TIME", help=text)(command)
    return command


@click.command(
    short_help="Rotate the keys of a key ring, if that is due.",
    epilog=examples(
        "rapidjwt rotate keyring --passphrase-env PASSPHRASE --every 30d",
        "rapidjwt rotate keyring --passphrase-env PASSPHRASE --withdraw KID",
    ),
)
@store_argument
@click.option(
    "--passphrase-env",
    "variable",
    required=True,
    metavar="NAME",
    help="The environment variable with the passphrase of the private keys.",
)
@_schedule_options
@click.option(
    "--alg",
    "algorithm",
    type=click.Choice(_ALGORITHMS),
    default="ES256",
    metavar="ALG",
    show_default=True,
    help="The algorithm of new keys.",
)
@click.option("--size", type=click.IntRange(1), metavar="BITS", help="The size of RSA keys.")
@click.option("--now", "early", is_flag=True, help="Publish the next key, due or not.")
@click.option("--withdraw", "leaked", metavar="KID", help="Remove a key at once: it has leaked.")
@json_option
def rotate(
    store: str,
    name: str,
    variable: str,
    algorithm: str,
    size: int | None,
    early: bool,
    leaked: str | None,
    as_json: bool,
    **times: timedelta | None,
) -> ExitCode:
    """Publish the next key of a key ring if that is due, and remove keys that have ended.

    STORE is a directory, or the URL of a Redis. The first call makes the first key, which signs at
    once. Call it every few minutes. Times are kept with the keys, so that later calls need none.
    """
    if early and leaked is not None:
        raise click.UsageError("Specify either --now or --withdraw.")
    passphrase = read_variable(variable, "passphrase")
    opened = store_of(store, name)
    ring = _ring(opened, passphrase, algorithm, size, _schedule(opened, times))
    if leaked is not None:
        ring.withdraw(leaked)
        note("Withdrew the key: verifiers refuse its tokens when they fetch the JWK Set again")
        added = None
    else:
        added = ring.rotate(early=early)
        if added:
            note("Made a key")
    if as_json:
        write_json({"added": added and added.kid, "keys": [_described(key) for key in ring.keys]})
    else:
        write("".join(f"{line}\n" for line in lines(ring.keys)))
    return ExitCode.OK


def _ring(
    store: KeyRingStore, passphrase: bytes, algorithm: str, size: int | None, schedule: Schedule
) -> KeyRing:
    try:
        return KeyRing(
            store, schedule=schedule, passphrase=passphrase, algorithm=algorithm, size=size
        )
    except InvalidKeyError as error:
        raise click.UsageError(f"The passphrase cannot be used: {error}.") from None


def _schedule(store: KeyRingStore, times: dict[str, timedelta | None]) -> Schedule:
    """Return the schedule of the ring with the times that were given."""
    given = {name: time.total_seconds() for name, time in times.items() if time is not None}
    try:
        return replace(KeyRing(store).schedule, **given)
    except ValueError as error:
        raise click.UsageError(f"{_as_options(str(error))}.") from None


def _as_options(text: str) -> str:
    """Replace the names of a schedule's values by those of the options."""
    for field in fields(Schedule):
        text = text.replace(field.name, f"--{field.name.replace('_', '-')}")
    return text


def _described(key: RingKey) -> dict[str, Any]:
    times = {name: getattr(key, name) for name in _MEMBERS}
    return {"kid": key.kid, "alg": key.public.alg, "status": key.status(now()), **times}
