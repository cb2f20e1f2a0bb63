"""`rapidjwt doctor`."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from rapidjwt._inspection.printable import printable
from rapidjwt.cli.exit_code import ExitCode, Failure
from rapidjwt.cli.obstacles import obstacles
from rapidjwt.cli.options import examples, json_option
from rapidjwt.cli.output import note, show, write_json
from rapidjwt.cli.token_text import heading
from rapidjwt.exceptions import PyJWKClientError

if TYPE_CHECKING:
    from collections.abc import Generator

    from rapidjwt.cli.clock_skew import Skew


@click.command(
    short_help="Show what is installed, and what is wrong with it.",
    epilog=examples(
        "rapidjwt doctor",
        "rapidjwt doctor --import myapp.main",
        "rapidjwt doctor --issuer https://id.example",
    ),
)
@click.option(
    "--import",
    "modules",
    multiple=True,
    metavar="MODULE",
    help="A module of your application, to see whether it replaces parts of rapidjwt.",
)
@click.option("--issuer", metavar="URL", help="Compare this clock with an issuer's.")
@click.option("--allow-http", is_flag=True, help="Allow http for the issuer, for tests.")
@json_option
def doctor(
    modules: tuple[str, ...], issuer: str | None, allow_http: bool, as_json: bool
) -> ExitCode:
    """Show Python, the build, packages, the module jwt, the fast path and the clock.

    Nothing is sent anywhere, unless --issuer is given: then one request goes to it. --import runs
    the code of the modules. Exit code 0, also if something is wrong; 4 if the issuer does not
    answer.
    """
    if not allow_http and (issuer or "").startswith("http://"):
        raise click.UsageError("The issuer is asked over https only, unless --allow-http is given.")
    with _working_directory_first():
        _import_each(modules)
        facts = _facts()
    skew, exit_code = (None, ExitCode.OK) if issuer is None else _skew(issuer)
    if skew is not None:
        facts["clock"] = asdict(skew) | {"off": skew.is_off}
        facts["problems"] += [skew.words] * skew.is_off
    if as_json:
        write_json(facts)
    else:
        show(*_lines(facts, skew))
    return exit_code


@contextmanager
def _working_directory_first() -> Generator[None, None, None]:
    """Import from the working directory first, as programs do that are started there."""
    sys.path.insert(0, str(Path.cwd()))
    try:
        yield
    finally:
        sys.path.pop(0)


def _import_each(modules: tuple[str, ...]) -> None:
    name = ""
    try:
        for name in modules:
            import_module(name)
    except Exception as error:  # noqa: BLE001 - whatever the application's code raises
        message = f"{name} cannot be imported: {type(error).__name__}: {error}"
        raise Failure(message) from None


def _facts() -> dict[str, Any]:
    from rapidjwt.cli.installation import (  # noqa: PLC0415 - imports email and zipfile
        build,
        interpreter,
        jwt_module,
        jwt_problems,
        optional_packages,
    )

    jwt, replaced = jwt_module(), obstacles()
    problems = jwt_problems(jwt)
    if replaced:
        problems.append("Parts were replaced: plain encode and decode go through the fallback.")
    return {
        "python": interpreter(),
        "rapidjwt": build(),
        "packages": optional_packages(),
        "jwt": jwt,
        "fast_path": {"clear": not replaced, "obstacles": replaced},
        "clock": None,
        "problems": problems,
    }


def _skew(issuer: str) -> tuple[Skew | None, ExitCode]:
    from rapidjwt.cli.clock_skew import measure_skew  # noqa: PLC0415 - imports urllib and ssl

    try:
        return measure_skew(issuer), ExitCode.OK
    except PyJWKClientError as error:
        note(str(error))
        return None, ExitCode.PROVIDER


def _lines(facts: dict[str, Any], skew: Skew | None) -> list[Text | str]:
    python, ours, jwt = facts["python"], facts["rapidjwt"], facts["jwt"]
    lock = "" if python["gil"] else ", free-threaded"
    features = [f"{'' if here else 'no '}{name}" for name, here in ours["cpu_features"].items()]
    return [
        heading("Python"),
        _line(f"{python['implementation']} {python['version']}{lock}: {python['executable']}"),
        heading("rapidjwt"),
        _line(
            f"{ours['version']}, with the interface of PyJWT {ours['pyjwt_api']}: {ours['path']}"
        ),
        _line(f"Built for {ours['system']} on {ours['machine']}, {_optimization(ours)}"),
        _line(f"Crypto library: {ours['crypto_library']}"),
        _line(f"Processor: {', '.join(features) or 'unknown'}"),
        heading("Optional packages"),
        *(_package_line(package) for package in facts["packages"]),
        heading("The module jwt"),
        _line(_jwt_words(jwt)),
        heading("Fast path"),
        *_obstacle_lines(facts["fast_path"]["obstacles"]),
        *([] if skew is None else [heading("Clock"), _line(skew.words)]),
        heading("Problems"),
        *(_line(problem, "yellow") for problem in facts["problems"]),
        *([] if facts["problems"] else [_line("None was found.")]),
    ]


def _optimization(ours: dict[str, Any]) -> str:
    if ours["profile_guided"]:
        return "optimized with a profile"
    return "optimized" if ours["optimized"] else "not optimized"


def _line(text: str, style: str = "") -> Text:
    return Text(f"  {printable(text)}", style=style)


def _package_line(package: dict[str, Any]) -> Text:
    version = package["version"] or "not installed"
    return _line(f"{package['name']:<20} {version:<14} rapidjwt[{package['extra']}]")


def _jwt_words(jwt: dict[str, Any]) -> str:
    if jwt["path"] is None:
        return "There is none."
    if jwt["installed_as_jwt"]:
        return "rapidjwt, by install_as_jwt()."
    owners = ", ".join(jwt["distributions"]) or "no package"
    version = f" {jwt['pyjwt']}" if jwt["distributions"] == ["PyJWT"] else ""
    return f"{owners}{version}: {jwt['path']}"


def _obstacle_lines(replaced: list[dict[str, Any]]) -> list[Text]:
    if not replaced:
        return [_line("Clear: nothing was replaced.")]
    return [
        _line(f"{one['replaced']} was replaced" + (f" by {one['by']}" if one["by"] else ""))
        for one in replaced
    ]
