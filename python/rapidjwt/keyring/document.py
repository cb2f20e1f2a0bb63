"""The state of a ring as a JSON document, which is checked in full when it is read."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rapidjwt import Key
from rapidjwt.exceptions import InvalidKeyError, KeyRingError

from .state import RingKey, Schedule, State

if TYPE_CHECKING:
    from typing import NoReturn

#: The version of this format. A change that older versions cannot read needs a higher number.
_VERSION = 1
_TIMES = ("published_at", "signs_from", "retired_at", "withdrawn_at")


def written(state: State) -> bytes:
    """Return the document of a state."""
    keys = [
        {"public": key.public.to_jwk(), "remote" if key.is_remote else "encrypted": key.held}
        | {name: getattr(key, name) for name in _TIMES}
        for key in state.keys
    ]
    document = {"version": _VERSION, "schedule": asdict(state.schedule), "keys": keys}
    return json.dumps(document, indent=2).encode() + b"\n"


def read(content: bytes) -> State:
    """Return the state of a document.

    Raises KeyRingError for one that is damaged, and for one of a newer version of this package.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        _damaged("it is not JSON")
    version = document.get("version") if isinstance(document, dict) else None
    if not isinstance(version, int) or version < 1:
        _damaged("it has no version")
    if version > _VERSION:
        raise KeyRingError(
            f"The state of the key ring has format {version}, which is newer than this version of "
            f"rapidjwt reads ({_VERSION}): upgrade it. Nothing was changed"
        )
    try:
        state = State(Schedule(**document["schedule"]), tuple(map(_key, document["keys"])))
    except (KeyError, TypeError, ValueError, InvalidKeyError):
        # `from None`: an error of `Key` may quote the document.
        _damaged("a member is missing or wrong")
    _check_order(state.keys)
    return state


def _damaged(reason: str) -> NoReturn:
    raise KeyRingError(
        f"The state of the key ring is damaged: {reason}. Nothing was changed: restore it from a "
        "backup, or remove it to start with new keys"
    ) from None


def _key(member: dict[str, Any]) -> RingKey:
    times = {name: _time(member[name], may_lack=name in _TIMES[2:]) for name in _TIMES}
    is_remote = "remote" in member
    held = member["remote" if is_remote else "encrypted"]
    public = Key.from_jwk(member["public"])
    if not isinstance(held, str) or public.is_private or public.kid is None or public.alg is None:
        raise ValueError
    return RingKey(public=public, held=held, is_remote=is_remote, **times)


def _time(value: Any, *, may_lack: bool) -> Any:
    is_time = isinstance(value, (int, float)) and math.isfinite(value)
    if not is_time and not (value is None and may_lack):
        raise ValueError
    return value


def _check_order(keys: tuple[RingKey, ...]) -> None:
    """Raise KeyRingError unless the keys sign in order, and all but the last one have an end."""
    starts = [key.signs_from for key in keys]
    is_in_order = starts == sorted(starts) and len({key.kid for key in keys}) == len(keys)
    endless = [(key.retired_at is None, key.withdrawn_at is None) for key in keys]
    expected = [*[(False, False)] * (len(keys) - 1), (True, True)][: len(keys)]
    if not is_in_order or endless != expected:
        _damaged("the times of its keys do not fit together")
