"""Try the guides to web frameworks as a new user would: by copy and paste, from nothing.

Each trial is a section of a page. It gets an empty virtual environment and an empty folder; its
Python blocks are saved in the files that the page names, and its shell blocks are run as written,
with `dist/`'s wheel as rapidjwt. A comment behind a command is what it must show: for a request,
the status and text of the response; for a program, the text that it prints. Give the names of
trials to run only those.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
GUIDES = ROOT / "docs" / "guides"
PATIENCE = 300  # seconds for a trial, most of which pip needs
#: The ports that the commands of the guides use.
PORTS = (5000, 8000)
#: The trials by name: the page and those of its sections that are pasted one after the other. The
#: text before the first heading is the section "".
TRIALS = {
    "flask": ("flask.md", [""]),
    "fastapi": ("fastapi.md", [""]),
    "starlette": ("fastapi.md", ["Starlette"]),
    "django": ("django.md", [""]),
    "drf": ("django.md", ["", "Django REST framework"]),
    "asgi": ("frameworks.md", ["Any ASGI application"]),
    "wsgi": ("frameworks.md", ["Any WSGI application"]),
    "litestar": ("frameworks.md", ["Litestar"]),
    "aiohttp": ("frameworks.md", ["aiohttp"]),
    "grpc": ("frameworks.md", ["gRPC"]),
    "quart": ("frameworks.md", ["Quart"]),
    "sanic": ("frameworks.md", ["Sanic"]),
    "falcon": ("frameworks.md", ["Falcon"]),
    "strawberry": ("frameworks.md", ["Strawberry"]),
    "channels": ("frameworks.md", ["Django Channels"]),
    "mcp": ("mcp.md", ["The official SDK"]),
    "fastmcp": ("mcp.md", ["FastMCP"]),
    "protected resource": ("mcp.md", ["Any API"]),
}
#: Commands that the examples of a page share: those before an example, and those after one that
#: sends no requests of its own.
SHARED = {"frameworks.md": "Try one"}

BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: "Save this as `app.py`" is about the next block, "Save it" about the one before.
FILE = re.compile(r"\b(Save this as|Add this to|Save it as)\s+`([^`]+\.py)`")
EXPECTED = re.compile(r"^(?:(?:curl|get|ask)\b.*?    # (\d{3}) ?|python .*?    # )(.*)$")
MARK = "--- the end of what was shown for line"


class Step(NamedTuple):
    """A block of a page: a file, or commands if `file` is None."""

    text: str
    file: str | None = None
    appends: bool = False


def sections(page: str) -> dict[str, str]:
    """Return the sections of a page by their headings."""
    text = (GUIDES / page).read_text(encoding="utf-8")
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(["", *parts[1::2]], parts[::2], strict=True))


def steps(section: str) -> Iterator[Step]:
    """Yield the commands of a section, and the blocks that it says to save, in their order."""
    blocks = list(BLOCK.finditer(section))
    starts = [0, *(block.end() for block in blocks)]
    ends = [*(block.start() for block in blocks), len(section)]
    prose = [section[start:end] for start, end in zip(starts, ends, strict=True)]
    for block, before, after in zip(blocks, prose, prose[1:], strict=False):
        language, text = block.groups()
        if language == "sh":
            yield Step(text)
            continue
        this = [found for found in FILE.findall(before) if found[0] != "Save it as"]
        it = [found for found in FILE.findall(after) if found[0] == "Save it as"]
        for verb, file in this[-1:] or it[:1]:
            yield Step(text, file, verb == "Add this to")


def trial_steps(name: str) -> Iterator[list[Step]]:
    """Yield the steps of each section of a trial."""
    page, headings = TRIALS[name]
    found = sections(page)
    own = [list(steps(found[heading])) for heading in headings]
    if page not in SHARED:
        yield from own
        return
    before, after = steps(found[SHARED[page]])
    yield [before]
    yield from own
    if not any(expectations(step.text) for part in own for step in part if step.file is None):
        yield [after]


def expectations(commands: str) -> list[tuple[str, str | None, str]]:
    """Return the lines that must show something: the line, the status, the text."""
    found = [EXPECTED.match(line) for line in commands.splitlines()]
    return [(line[0], line[1], line[2]) for line in found if line]


def script(parts: list[list[Step]]) -> str:
    """Return the steps as one program for bash, which marks where what a command shows ends."""
    lines = ["set -e"]
    number = 0
    for part in parts:
        for step in part:
            if step.file is not None:
                direction = ">>" if step.appends else ">"
                lines += [f"cat {direction} {step.file} <<'END OF FILE'", step.text, "END OF FILE"]
                continue
            for line in step.text.splitlines():
                lines.append(line)
                if line.startswith("kill "):
                    lines.append("wait")  # until the port is free for the next server
                if EXPECTED.match(line):
                    lines.append(f"echo; echo '{MARK} {number}'")
                    number += 1
    return "\n".join(lines) + "\n"


def complaint(shown: str, status: str | None, text: str) -> str | None:
    """Return what is wrong with what a command has shown, if something is."""
    if status is not None:
        statuses = re.findall(r"^HTTP/\S+ (\d{3})", shown, re.MULTILINE)
        if statuses[-1:] != [status]:
            return f"status {statuses}"
    # Several lines of a program are written behind it with spaces between them.
    return None if text in " ".join(shown.split()) else "another text"


def run(name: str, folder: Path, wheel: Path) -> list[str]:
    """Run a trial in a folder; return what is wrong."""
    for port in PORTS:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return [f"Port {port} is in use: the guide's server needs it"]
    parts = list(trial_steps(name))
    environment, files = folder / "environment", folder / "files"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    files.mkdir()
    constraint = folder / "constraint.txt"
    constraint.write_text(f"rapidjwt=={wheel.name.split('-')[1]}\n", encoding="utf-8")
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    variables = {
        "PATH": f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PIP_CONSTRAINT": str(constraint),
        # pip prefers a file here to one of the same version in an index.
        "PIP_FIND_LINKS": f"{wheel.parent} {os.environ.get('PIP_FIND_LINKS', '')}",
        "PIP_QUIET": "1",
        "VIRTUAL_ENV": str(environment),
    }
    output, log = folder / "output", folder / "log"
    with output.open("wb") as stdout, log.open("wb") as stderr:
        running = subprocess.Popen(
            ["bash", "-c", script(parts)],
            cwd=files,
            env=kept | variables,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
        try:
            code: int | str = running.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            code = f"none after {PATIENCE} s"
        finally:
            end(running)
    shown = output.read_text(encoding="utf-8", errors="replace")
    wrong = problems(parts, shown, code)
    return [*wrong, shown, log.read_text(encoding="utf-8", errors="replace")] if wrong else []


def end(running: subprocess.Popen[bytes]) -> None:
    """End what a trial has left running: its processes are a group."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(running.pid, number)
        except ProcessLookupError:
            break
        time.sleep(1)
    running.wait()


def problems(parts: list[list[Step]], shown: str, code: int | str) -> list[str]:
    """Return what is wrong with what a trial has shown."""
    wrong = [] if code == 0 else [f"The exit code is {code}"]
    expected = [
        line
        for part in parts
        for step in part
        if step.file is None
        for line in expectations(step.text)
    ]
    if not expected:
        wrong.append("No command says what it shows")
    results = re.split(rf"^{MARK} \d+\n", shown, flags=re.MULTILINE)[:-1]
    for (line, status, text), result in zip(expected, results, strict=False):
        said = complaint(result, status, text)
        if said is not None:
            wrong.append(f"{line}\n    but it shows {said}")
    if len(results) < len(expected):
        wrong.append(f"It ended before: {expected[len(results)][0]}")
    return wrong


def main() -> int:
    """Run the trials that are named, or all; return the number of those that fail."""
    names = sys.argv[1:] or list(TRIALS)
    unknown = sorted(set(names) - TRIALS.keys())
    if unknown:
        sys.exit(f"There are no trials {unknown}, only {list(TRIALS)}")
    (wheel,) = (ROOT / "dist").glob("*.whl")
    failed = 0
    for name in names:
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="rapidjwt-guide-") as folder:
            wrong = run(name, Path(folder), wheel)
        took = f"{time.monotonic() - started:.0f} s"
        print(f"{name}: {'FAILED' if wrong else 'works'} ({took})", *wrong, sep="\n  ", flush=True)
        failed += bool(wrong)
    return failed


if __name__ == "__main__":
    sys.exit(main())
