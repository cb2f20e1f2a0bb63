"""Rules for claims: what the `rules` of a `Verifier` and a profile are made of.

A rule is data, which the native core checks. Null counts as absent, and a number is never equal to
a boolean.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    #: The name of a claim, or the names that lead to a member inside it.
    Path: TypeAlias = str | tuple[str, ...]
    #: A rule, the value that a claim must have, or a function that gets it and returns a bool.
    AnyRule: TypeAlias = "Rule | str | float | bool | list[Any] | dict[str, Any] | Check"
    Check: TypeAlias = Callable[[Any], bool]

__all__ = [
    "ABSENT",
    "AN_AUDIENCE",
    "ASCII_255",
    "BOOLEAN",
    "HTTPS_URL",
    "LIST",
    "NON_EMPTY_STRING",
    "NUMBER",
    "OBJECT",
    "ONLY_AUDIENCES",
    "PRESENT",
    "STRING",
    "STRINGS",
    "TIME",
    "URI",
    "Rule",
    "all_of",
    "any_of",
    "as_rule",
    "checked_by",
    "contains",
    "has_words",
    "hash_of",
    "members",
    "one_of",
    "only",
    "optional",
    "present_if_several",
    "same_as",
    "within",
]


@dataclass(frozen=True)
class Rule:
    """What a claim must be. Make one with the functions and constants of this module."""

    #: The name of the test that the core makes.
    test: str
    #: What the test compares with.
    operand: Any = None
    #: Whether the claim may be absent.
    is_optional: bool = False

    def __repr__(self) -> str:
        """Return a text without values, which may be secret."""
        return f"<Rule {self.test!r}{' optional' if self.is_optional else ''}>"


#: The claim must be there.
PRESENT = Rule("present")
#: The claim must not be there, not even as null.
ABSENT = Rule("absent")
STRING = Rule("kind", "string")
NON_EMPTY_STRING = Rule("kind", "non-empty string")
NUMBER = Rule("kind", "number")
#: A number that is not negative: NumericDate (RFC 7519 Section 2).
TIME = Rule("kind", "time")
BOOLEAN = Rule("kind", "boolean")
LIST = Rule("kind", "array")
#: A list of strings.
STRINGS = Rule("kind", "strings")
OBJECT = Rule("kind", "object")
#: An absolute URI (RFC 3986 Section 4.3), by its scheme and its characters.
URI = Rule("kind", "uri")
#: An https URL without query and fragment.
HTTPS_URL = Rule("kind", "https url")
#: 1 to 255 ASCII characters.
ASCII_255 = Rule("kind", "ascii 255")
#: An audience of the verifier.
AN_AUDIENCE = Rule("an audience")
#: An audience of the verifier, or a list of nothing else.
ONLY_AUDIENCES = Rule("only audiences")


def one_of(*values: Any) -> Rule:
    """Demand one of these values."""
    return Rule("one of", values)


def contains(*values: Any) -> Rule:
    """Demand a list that has each of these values, such as `amr`."""
    return Rule("contains", values)


def has_words(*words: str) -> Rule:
    """Demand a string that has each of these words with spaces in between, such as `scope`."""
    return Rule("words", words)


def only(*values: Any) -> Rule:
    """Demand one of these values, or a list of nothing else."""
    return Rule("only", values)


def members(names: Rule, values: Rule) -> Rule:
    """Demand an object with at least one member, whose names and values are of these kinds."""
    return Rule("members", (names.operand, values.operand))


def same_as(path: Path) -> Rule:
    """Demand the value of another claim."""
    return Rule("same as", path)


def present_if_several(path: Path) -> Rule:
    """Demand that the claim is there if another one is a list of several values."""
    return Rule("present if several", path)


def within(seconds: float | timedelta) -> Rule:
    """Demand a time at most so many seconds ago."""
    return Rule("max age", seconds)


def hash_of(value: str | bytes) -> Rule:
    """Demand the hash of a token or code, as `at_hash` and `c_hash` have it.

    It is the left half of the hash that the token's `alg` uses (OpenID Connect Core
    Section 3.1.3.6).
    """
    return Rule("hash of", value)


def all_of(*rules: Rule) -> Rule:
    """Demand what all of these rules demand."""
    return Rule("all of", rules)


def any_of(*rules: Rule) -> Rule:
    """Demand what one of these rules demands."""
    return Rule("any of", rules)


def checked_by(function: Check) -> Rule:
    """Demand that the function returns True for the value. It runs when all else has passed."""
    return Rule("call", function)


def optional(rule: Any) -> Rule:
    """Demand what the rule, value or function demands, if the claim is there."""
    return replace(as_rule(rule), is_optional=True)


def as_rule(rule: Any) -> Rule:
    """Return a rule as it is, and a function or a value as the rule that it stands for."""
    if isinstance(rule, Rule):
        return rule
    return Rule("call", rule) if callable(rule) else one_of(rule)
