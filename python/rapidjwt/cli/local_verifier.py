"""A verifier of the keys that a command was given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from rapidjwt._inspection.keys import named_algorithms, serving
from rapidjwt._rapidjwt import Verifier

from .exit_code import Failure

if TYPE_CHECKING:
    from rapidjwt.key_set import KeySet
    from rapidjwt.profiles import Profile


def local_verifier(
    keys: KeySet, algorithms: tuple[str, ...], policy: dict[str, Any]
) -> Verifier[Any]:
    """Return a verifier with these keys, for these algorithms or those that the keys name."""
    return Verifier(keys, algorithms=served_algorithms(keys, algorithms), **policy)


def served_algorithms(keys: KeySet, algorithms: tuple[str, ...]) -> list[str]:
    """Return these algorithms or those that the keys name, and check that one has a key."""
    able = serving(keys)
    require_any(able)
    names = list(algorithms) or named_by(keys, able)
    if not set(names) & set(able):
        raise Failure(f"There is no key for {', '.join(names)}, only for {', '.join(able)}")
    return names


def require_any(able: list[str]) -> None:
    """Check that there is an algorithm that the keys can verify."""
    if not able:
        raise Failure("None of the keys can verify signatures")


def named_by(keys: KeySet, able: list[str]) -> list[str]:
    """Return the algorithms that the keys name, or say that they must be chosen."""
    named = named_algorithms(keys, able)
    if not named:
        raise click.UsageError(
            f"The key does not name its algorithm: specify --alg ({', '.join(able)})."
        )
    return named


def require_needs(policy: dict[str, Any], options: dict[str, str]) -> None:
    """Check that what the profile needs was given; `options` are the options for it."""
    profile: Profile | None = policy["profile"]
    if profile is None:
        return
    for need in profile.needs:
        if not policy[need]:
            raise click.UsageError(f"--profile {profile.name} needs {options[need]}.")
