"""`python manage.py rotate_jwt_keys`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from rapidjwt.exceptions import PyJWTError
from rapidjwt.integrations.django import key_ring
from rapidjwt.keyring.report import lines

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from rapidjwt.keyring import KeyRing


class Command(BaseCommand):
    """Rotates the key ring of the setting `RAPIDJWT["KEY_RING"]`."""

    help = "Publishes the next key for signing tokens if that is due. Call it every few minutes."
    requires_system_checks: list[str] = []  # noqa: RUF012 - as Django declares it

    def create_parser(self, *names: Any, **options: Any) -> Any:
        """Return a parser for key IDs that begin with a hyphen too, as one in 64 does."""
        parser: Any = super().create_parser(*names, **options)
        parse_args = parser.parse_args

        def parse(args: list[str], namespace: Any = None) -> Any:
            return parse_args(_with_key_ids(args), namespace)

        parser.parse_args = parse
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options, which exclude each other."""
        group = parser.add_mutually_exclusive_group()
        group.add_argument("--now", action="store_true", help="publish the next key, due or not")
        group.add_argument(
            "--withdraw", metavar="KID", help="remove a key at once, because it has leaked"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Rotate, and write the keys; raise CommandError if that is impossible."""
        ring = key_ring()
        try:
            done = _change(ring, options["withdraw"], early=options["now"])
            keys = ring.keys
        except PyJWTError as error:
            raise CommandError(str(error)) from error
        if options["verbosity"]:
            self.stdout.write("\n".join([*done, *lines(keys)]))


def _with_key_ids(arguments: list[str]) -> list[str]:
    """Join the option and its key ID: argparse takes what begins with a hyphen for an option."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] == "--withdraw":
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


def _change(ring: KeyRing, leaked: str | None, *, early: bool) -> list[str]:
    """Change the ring, and return what was done."""
    if leaked is None:
        return ["Made a key"] if ring.rotate(early=early) else []
    ring.withdraw(leaked)
    return ["Withdrew the key"]
