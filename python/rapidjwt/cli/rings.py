"""Key rings by the names that commands take for their stores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rapidjwt.keyring import DirectoryStore

from .exit_code import ExitCode, Failure
from .options import complete_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from rapidjwt.keyring import KeyRingStore

_REDIS = ("redis://", "rediss://", "unix://")
#: Seconds that an answer of Redis may take.
_TIMEOUT = 5


def store_argument(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the argument STORE and the option `--name`, which `store_of` takes."""
    command = click.option(
        "--name",
        default="rapidjwt:keyring",
        metavar="NAME",
        show_default=True,
        help="The name of the ring in Redis.",
    )(command)
    return click.argument("store", shell_complete=complete_file, metavar="STORE")(command)


def store_of(store: str, name: str) -> KeyRingStore:
    """Return the store that is named by a directory or by the URL of a Redis.

    Errors do not repeat a URL, which may have a password.
    """
    if not store.startswith(_REDIS):
        return DirectoryStore(store)
    try:
        import redis  # noqa: PLC0415 - an extra

        from rapidjwt.keyring.redis import RedisStore  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        message = "A store in Redis needs redis-py: pip install 'rapidjwt[redis]'"
        raise Failure(message, ExitCode.EXTRA_MISSING) from None
    try:
        client = redis.Redis.from_url(store, socket_timeout=_TIMEOUT)
    except ValueError:
        raise click.UsageError("The URL of Redis is not valid.") from None
    return RedisStore(client, name=name)
