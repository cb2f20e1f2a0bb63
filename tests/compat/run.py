"""Run the test suites of PyJWT and of libraries that build on it, unmodified, on rapidjwt.

    python tests/compat/run.py [--wheel FILE | --path FOLDER] [SUITE ...]

Every suite runs twice: with PyJWT as `jwt`, and with rapidjwt under that name. A test that passes
with PyJWT but not with rapidjwt is printed, and makes the exit status 1.

The source packages come from PyPI, at pinned versions with pinned hashes. Everything that is
fetched, installed or built is stored in tests/compat/.work/ and reused by the next run.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import time
import venv
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
WORK = HERE / ".work"
PYJWT = "PyJWT"
RAPIDJWT = "rapidjwt"


@dataclass(frozen=True)
class Suite:
    """One library whose tests are run."""

    name: str
    version: str
    sha256: str
    # The number of tests that pass on PyJWT: fewer mean that the environment is broken.
    passes: int
    # Folders that the tests need in addition to the installed packages.
    pythonpath: tuple[Path, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()

    @property
    def requirements(self) -> Path:
        return HERE / "requirements" / f"{self.name}.txt"

    @property
    def folder(self) -> Path:
        return WORK / self.name


SUITES = (
    Suite(
        name="pyjwt",
        version="2.15.1",
        sha256="4f259e80cdfb6b3fc18a7de51fd1ef9ec79652f25019bae68975ca2468a34df8",
        passes=471,
    ),
    Suite(
        name="flask-jwt-extended",
        version="4.7.4",
        sha256="78fd0f460317facf3a0084a6457ffaf2f1dda9eefbd576f94cea35b0eadd5531",
        passes=180,
    ),
    Suite(
        name="djangorestframework-simplejwt",
        version="5.5.1",
        sha256="e72c5572f51d7803021288e2057afcbd03f17fe11d484096f40a460abc76e87f",
        passes=178,
    ),
    Suite(
        name="drf-jwt",
        version="1.19.2",
        sha256="660bc66f992065cef59832adcbbdf871847e9738671c19e5121971e773768235",
        passes=83,
        # The source package contains the tests without the Django project that they run in, and its
        # setup.cfg names the settings in lower case, which pytest-django does not read.
        pythonpath=(HERE / "drf_jwt_project",),
        environment=(("DJANGO_SETTINGS_MODULE", "demo.settings.test"),),
    ),
)


class CompatError(Exception):
    """The comparison could not be made."""


def main() -> int:
    arguments = parse_arguments()
    suites = [suite for suite in SUITES if not arguments.suites or suite.name in arguments.suites]
    WORK.mkdir(exist_ok=True)
    # pytest searches upwards for its settings: a suite without any must not find this project's.
    (WORK / "pytest.ini").write_text("[pytest]\n")
    try:
        libraries = {
            PYJWT: pyjwt_overlay(),
            RAPIDJWT: arguments.path or rapidjwt_overlay(arguments.wheel),
        }
        results = {}
        for suite in suites:
            prepare(suite)
            results[suite] = {
                library: run_suite(suite, library, overlay)
                for library, overlay in libraries.items()
            }
    except CompatError as error:
        say(f"compat: {error}")
        return 2
    return report(results)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--wheel", type=Path, help="a wheel of rapidjwt (default: build one)")
    source.add_argument("--path", type=Path, help="a folder to import rapidjwt from, as it is")
    parser.add_argument(
        "suites", nargs="*", metavar="SUITE", help=" or ".join(suite.name for suite in SUITES)
    )
    arguments = parser.parse_args()
    unknown = set(arguments.suites) - {suite.name for suite in SUITES}
    if unknown:
        parser.error(f"no such suite: {', '.join(sorted(unknown))}")
    return arguments


def pyjwt_overlay() -> Path:
    """Install PyJWT itself into a folder of its own."""
    suite = SUITES[0]
    overlay = WORK / "overlays" / PYJWT
    with Stamp(overlay, suite.sha256) as stale:
        if stale:
            say(f"compat: installing PyJWT {suite.version}")
            tool = environment_python("tools", ())
            run(*pip(tool), "install", "--no-deps", "--target", overlay, source(suite))
    return overlay


def rapidjwt_overlay(wheel: Path | None) -> Path:
    """Install rapidjwt from `wheel`, or from a build of this project, into a folder of its own."""
    tool = environment_python("tools", ())
    overlay = WORK / "overlays" / RAPIDJWT
    shutil.rmtree(overlay, ignore_errors=True)
    if wheel is None:
        say("compat: building rapidjwt")
        # A quick build, unless the caller requests another.
        os.environ.setdefault("MATURIN_PEP517_ARGS", "--profile dev-release")
    else:
        say(f"compat: installing {wheel.name}")
    run(*pip(tool), "install", "--no-deps", "--target", overlay, wheel or PROJECT)
    return overlay


def prepare(suite: Suite) -> None:
    """Unpack `suite`'s tests, and install what they need except `jwt`."""
    python = environment_python(suite.name, (suite.requirements.read_text(), suite.sha256))
    archive = source(suite)
    with Stamp(python.parent / "installed", suite.sha256, suite.requirements.read_text()) as stale:
        if stale:
            say(f"compat: installing what {suite.name} needs")
            run(*pip(python), "install", "--requirement", suite.requirements)
            if suite is not SUITES[0]:
                run(*pip(python), "install", "--no-deps", archive)
    # A fresh copy each time, which nothing has changed.
    shutil.rmtree(suite.folder, ignore_errors=True)
    unpack_tests(archive, suite.folder)


def unpack_tests(archive: Path, folder: Path) -> None:
    """Unpack tests and their settings, not the library: the tests must find the installed one."""
    wanted = ("tests/", "pyproject.toml", "pytest.ini", "setup.cfg", "tox.ini", "README")
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            path = member.name.partition("/")[2]
            if member.isfile() and path.startswith(wanted):
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                content = tar.extractfile(member)
                assert content is not None, "a regular file has content"
                target.write_bytes(content.read())
    if not (folder / "tests").is_dir():
        message = f"{archive.name} carries no tests"
        raise CompatError(message)


def source(suite: Suite) -> Path:
    """Return `suite`'s source package, fetched from PyPI unless it is already here."""
    folder = WORK / "sources"
    folder.mkdir(exist_ok=True)
    for archive in folder.glob("*.tar.gz"):
        if hashlib.sha256(archive.read_bytes()).hexdigest() == suite.sha256:
            return archive
    say(f"compat: fetching the source package of {suite.name} {suite.version}")
    pinned = folder / f"{suite.name}.txt"
    pinned.write_text(f"{suite.name}=={suite.version} --hash=sha256:{suite.sha256}\n")
    tool = environment_python("tools", ())
    download = ("download", "--no-deps", "--no-binary", ":all:", "--require-hashes")
    run(*pip(tool), *download, "--dest", folder, "--requirement", pinned)
    return source(suite)


def environment_python(name: str, inputs: tuple[str, ...]) -> Path:
    """Return the interpreter of an environment, which is created again when its inputs change."""
    folder = WORK / "venvs" / name
    with Stamp(folder, sys.version, *inputs) as stale:
        if stale:
            say(f"compat: making the virtual environment {name}")
            venv.create(folder, with_pip=True, clear=True)
    return folder / ("Scripts" if os.name == "nt" else "bin") / "python"


class Stamp:
    """Tracks whether `folder` was built from the same inputs; stamps it when the build succeeds."""

    def __init__(self, folder: Path, *inputs: str) -> None:
        self.folder = folder
        self.file = folder.with_name(f"{folder.name}.stamp")
        self.digest = hashlib.sha256("\0".join((sys.version, *inputs)).encode()).hexdigest()

    def __enter__(self) -> bool:
        current = self.file.read_text() if self.file.exists() else ""
        stale = current != self.digest
        if stale:
            shutil.rmtree(self.folder, ignore_errors=True)
        return stale

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if error is None:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.file.write_text(self.digest)


def run_suite(suite: Suite, library: str, overlay: Path) -> dict[str, str]:
    """Run `suite` with `library` as `jwt`; return the outcome of each test."""
    say(f"compat: running {suite.name} {suite.version} on {library}")
    python = environment_python(suite.name, (suite.requirements.read_text(), suite.sha256))
    results = WORK / "results" / f"{suite.name}-{library}"
    junit, log = results.with_suffix(".xml"), results.with_suffix(".log")
    results.parent.mkdir(exist_ok=True)
    junit.unlink(missing_ok=True)
    started = time.monotonic()
    with log.open("w") as output:
        finished = subprocess.run(
            [
                *(python, "-m", "pytest", "-ra", "-p", "no:cacheprovider", "-p", "compat_jwt"),
                *("--rootdir=.", "-o", "junit_family=xunit2", f"--junitxml={junit}", "tests"),
            ],
            cwd=suite.folder,
            env=test_environment(suite, library, overlay),
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    # 0: all passed; 1: some failed; everything else: the suite did not run.
    if finished.returncode not in {0, 1} or not junit.exists():
        message = f"{suite.name} did not run on {library}:\n{tail(log)}"
        raise CompatError(message)
    outcomes = read_junit(junit)
    seconds = time.monotonic() - started
    say(f"compat:   {passed(outcomes)} of {len(outcomes)} passed in {seconds:.0f} s ({log.name})")
    return outcomes


def test_environment(suite: Suite, library: str, overlay: Path) -> dict[str, str]:
    """Return an environment in which only `overlay` can be imported as `jwt`."""
    inherited = {name: value for name, value in os.environ.items() if name[:6] != "PYTEST"}
    folders = (HERE / "plugin", overlay.resolve(), *suite.pythonpath)
    return {
        **inherited,
        **dict(suite.environment),
        "COMPAT_JWT": library,
        "PYTHONPATH": os.pathsep.join(map(str, folders)),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def read_junit(file: Path) -> dict[str, str]:
    """Return the outcome of each test of a JUnit report: passed, skipped, failed or error."""
    outcomes: dict[str, str] = {}
    for case in ET.parse(file).iter("testcase"):
        test = f"{case.get('classname')}::{case.get('name')}"
        kinds = {child.tag for child in case} & {"failure", "error", "skipped"}
        outcome = {"failure": "failed"}.get(min(kinds), min(kinds)) if kinds else "passed"
        # A test that passes but whose clean-up fails is reported twice.
        if outcomes.get(test, "passed") == "passed":
            outcomes[test] = outcome
    return outcomes


def report(results: dict[Suite, dict[str, dict[str, str]]]) -> int:
    """Print the table and the tests that rapidjwt fails; return the exit status."""
    lost = {suite: lost_tests(outcomes) for suite, outcomes in results.items()}
    row = "{:<38}{:>15}{:>18}{:>8}"
    say("\n" + row.format("suite", "pass on PyJWT", "pass on rapidjwt", "lost"))
    for suite, outcomes in results.items():
        name = f"{suite.name} {suite.version}"
        both = passed(outcomes[PYJWT]), passed(outcomes[RAPIDJWT])
        say(row.format(name, *both, len(lost[suite])))
    for suite, tests in lost.items():
        for test, outcome in tests.items():
            say(f"lost: {suite.name}: {test} ({outcome} on rapidjwt)")
    broken = [suite for suite in results if passed(results[suite][PYJWT]) < suite.passes]
    for suite in broken:
        say(f"compat: on PyJWT itself fewer than {suite.passes} tests of {suite.name} pass")
    total = sum(passed(outcomes[RAPIDJWT]) for outcomes in results.values())
    failed = sum(len(tests) for tests in lost.values())
    say(f"\ncompat: {total} passed, {failed} failed")
    return 1 if failed or broken else 0


def lost_tests(outcomes: dict[str, dict[str, str]]) -> dict[str, str]:
    """Return the tests that pass on PyJWT but not on rapidjwt, with their outcome there."""
    return {
        test: outcomes[RAPIDJWT].get(test, "missing")
        for test, outcome in outcomes[PYJWT].items()
        if outcome == "passed" and outcomes[RAPIDJWT].get(test) != "passed"
    }


def passed(outcomes: dict[str, str]) -> int:
    return sum(outcome == "passed" for outcome in outcomes.values())


def pip(python: Path) -> tuple[str, ...]:
    return (str(python), "-m", "pip", "--disable-pip-version-check", "--quiet")


def run(*command: str | Path) -> None:
    """Run `command`; show its output if it fails."""
    finished = subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if finished.returncode != 0:
        message = f"{' '.join(map(str, command))} failed:\n{finished.stdout}"
        raise CompatError(message)


def tail(file: Path, lines: int = 60) -> str:
    return "\n".join(file.read_text(errors="replace").splitlines()[-lines:])


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
