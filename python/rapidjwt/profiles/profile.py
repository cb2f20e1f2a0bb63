"""`Profile`: what is demanded of a kind of token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rapidjwt.rules import as_rule

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from rapidjwt.rules import AnyRule, Path, Rule


@dataclass(frozen=True, init=False)
class Profile:
    """What is demanded of a kind of token; plain data that the native core checks.

    `a & b` is a profile that demands what both demand. `dataclasses.replace` makes one that is
    different.
    """

    #: The name, for messages.
    name: str
    #: The accepted values of the header's `typ`, the first of which a signer writes; None for all.
    typ: tuple[str, ...] | None
    #: Whether a token without `typ` is refused.
    typ_required: bool
    #: The rules and the claims that they are for.
    rules: tuple[tuple[Path, Rule], ...]
    #: Lists of claims, of each of which a token must have at least one.
    one_required: tuple[tuple[Path, ...], ...]
    #: The allowed `alg` values; None for all that the verifier allows.
    algorithms: tuple[str, ...] | None
    #: `alg` values that are refused although the verifier allows them.
    forbidden_algorithms: tuple[str, ...]
    #: The most seconds since `iat`, which is then required.
    max_age: float | timedelta | None
    #: The most seconds from `iat` to `exp`, which are then required.
    max_lifetime: float | timedelta | None
    #: The arguments that a `Verifier` must have: `issuer`, `audience`.
    needs: tuple[str, ...]

    def __init__(
        self,
        name: str,
        *,
        typ: Iterable[str] | None = None,
        typ_required: bool = False,
        rules: Mapping[Any, AnyRule] | Iterable[tuple[Path, AnyRule]] = (),
        one_required: Iterable[Iterable[Path]] = (),
        algorithms: Iterable[str] | None = None,
        forbidden_algorithms: Iterable[str] = (),
        max_age: float | timedelta | None = None,
        max_lifetime: float | timedelta | None = None,
        needs: Iterable[str] = (),
    ) -> None:
        """Take a dict of rules, as a `Verifier` does, or pairs of claims and rules.

        Values are read in full when a `Verifier` or a `Signer` is made. Raises TypeError for a
        string in place of several.
        """
        if typ is None and typ_required:
            raise ValueError("typ_required needs the accepted values: pass typ=[...]")
        pairs = rules.items() if isinstance(rules, Mapping) else rules
        members = {
            "name": name,
            "typ": None if typ is None else _tuple("typ", typ),
            "typ_required": typ_required,
            "rules": tuple((path, as_rule(rule)) for path, rule in pairs),
            "one_required": tuple(_tuple("one_required", paths) for paths in one_required),
            "algorithms": None if algorithms is None else _tuple("algorithms", algorithms),
            "forbidden_algorithms": _tuple("forbidden_algorithms", forbidden_algorithms),
            "max_age": max_age,
            "max_lifetime": max_lifetime,
            "needs": _tuple("needs", needs),
        }
        for attribute, value in members.items():
            object.__setattr__(self, attribute, value)

    def __and__(self, other: Profile) -> Profile:
        """Return a profile that demands what both demand.

        Raises ValueError if no `typ` or no algorithm fits both.
        """
        if not isinstance(other, Profile):
            return NotImplemented
        return Profile(
            f"{self.name} & {other.name}",
            typ=_both("typ", self.typ, other.typ, _media_type),
            typ_required=self.typ_required or other.typ_required,
            rules=self.rules + other.rules,
            one_required=self.one_required + other.one_required,
            algorithms=_both("algorithms", self.algorithms, other.algorithms, str),
            forbidden_algorithms=self.forbidden_algorithms + other.forbidden_algorithms,
            max_age=_least(self.max_age, other.max_age),
            max_lifetime=_least(self.max_lifetime, other.max_lifetime),
            needs=tuple(dict.fromkeys(self.needs + other.needs)),
        )

    def __repr__(self) -> str:
        """Return a text with the name only: rules may hold secrets."""
        return f"<Profile {self.name}>"


def _tuple(name: str, values: Iterable[Any]) -> tuple[Any, ...]:
    if isinstance(values, str):
        raise TypeError(f"{name} must be several strings: write [{values!r}]")
    return tuple(values)


def _media_type(typ: str) -> str:
    """Return what the core compares (RFC 7515 Section 4.1.9)."""
    return (typ if "/" in typ else f"application/{typ}").lower()


def _both(
    name: str, one: tuple[str, ...] | None, other: tuple[str, ...] | None, key: Any
) -> tuple[str, ...] | None:
    if one is None or other is None:
        return one or other
    known = {key(value) for value in other}
    both = tuple(value for value in one if key(value) in known)
    if not both:
        raise ValueError(f"The profiles have no {name} in common")
    return both


def _least(
    one: float | timedelta | None, other: float | timedelta | None
) -> float | timedelta | None:
    given = [limit for limit in (one, other) if limit is not None]
    return min(given, key=_seconds, default=None)


def _seconds(limit: float | timedelta) -> float:
    return limit if isinstance(limit, (int, float)) else limit.total_seconds()
