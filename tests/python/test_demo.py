"""The demonstration in examples/demo, run as a user runs it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

DEMO = Path(__file__).parents[2] / "examples" / "demo"
SECONDS = 60

pytestmark = pytest.mark.skipif(os.name == "nt", reason="process groups are POSIX")


@contextmanager
def started(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run the demonstration in `folder`, as the leader of a process group of its own."""
    with subprocess.Popen(
        [sys.executable, "-u", str(folder / "demo.py")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if group_lives(process):
                os.killpg(process.pid, signal.SIGKILL)


def group_lives(process: subprocess.Popen[str]) -> bool:
    """Return whether any process of the group is left."""
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True


def ports_when_both_answer(demo: subprocess.Popen[str]) -> list[int]:
    """Wait for both servers and return their ports."""
    ports = []
    for program in ("authorization_server.py", "api.py"):
        announcement = demo.stdout.readline()
        assert announcement.startswith(f"{program} answers at http://127.0.0.1:")
        ports.append(int(announcement.rpartition(":")[2]))
    return ports


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=SECONDS).close()
    except ConnectionError:
        return False
    return True


def test_each_request_is_answered_as_the_story_says() -> None:
    with started(DEMO) as demo:
        output, errors = demo.communicate(timeout=SECONDS)
        assert demo.returncode == 0, output + errors
        assert not group_lives(demo)
    assert errors == ""
    table = output.split("\n\n")[1].splitlines()
    assert table[0].split() == ["GET", "/orders", "with", "alg", "status", "reason"]
    assert [tuple(row[30:].split()[:2]) for row in table[1:]] == [
        ("RS256", "200"),
        ("-", "401"),
        ("ES256", "401"),
        ("RS256", "401"),
        ("ES256", "403"),
        ("ES256", "401"),
        ("none", "401"),
    ]
    assert "time per decode" in output
    assert "\033" not in output


def test_an_answer_other_than_told_gives_exit_code_1(tmp_path: Path) -> None:
    folder = shutil.copytree(DEMO, tmp_path / "demo")
    api = folder / "api.py"
    careless = api.read_text().replace(
        "claims = verifier.decode(token)", 'claims = {"sub": "alice"}'
    )
    assert careless != api.read_text()
    api.write_text(careless)
    with started(folder) as demo:
        output, errors = demo.communicate(timeout=SECONDS)
        assert demo.returncode == 1, output + errors
        assert not group_lives(demo)
    assert "must be 401 Signature has expired" in output
    assert "time per decode" not in output


def test_a_server_that_does_not_start_ends_the_demonstration(tmp_path: Path) -> None:
    folder = shutil.copytree(DEMO, tmp_path / "demo")
    (folder / "api.py").write_text("raise SystemExit('no')")
    with started(folder) as demo:
        _, errors = demo.communicate(timeout=SECONDS)
        assert demo.returncode == 1
        assert not group_lives(demo)
    assert errors.splitlines() == ["no", "api.py did not start"]


@pytest.mark.usefixtures("_interruptible")
def test_an_interrupt_stops_the_servers_too() -> None:
    with started(DEMO) as demo:
        ports_when_both_answer(demo)
        demo.send_signal(signal.SIGINT)
        _, errors = demo.communicate(timeout=SECONDS)
        assert demo.returncode == 130
        assert not group_lives(demo)
    assert errors == ""


def test_the_servers_do_not_outlive_a_killed_demonstration() -> None:
    with started(DEMO) as demo:
        ports = ports_when_both_answer(demo)
        demo.kill()
        demo.wait(timeout=SECONDS)
        deadline = time.monotonic() + SECONDS
        while any(answers(port) for port in ports):
            assert time.monotonic() < deadline
            time.sleep(0.01)
