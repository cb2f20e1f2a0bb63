"""The guide, docs/command-line.md: its console blocks run, and its tables are complete."""

from __future__ import annotations

import doctest
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import rapidjwt
from rapidjwt.cli.exit_code import ExitCode
from rapidjwt.cli.program import program

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
MARK = "next command"


def steps():
    """Return each command of the console blocks with the output that the guide shows."""
    blocks = "".join(re.findall(r"^```console\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL))
    parts = re.split(r"^\$ (.*)\n", blocks, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


@pytest.mark.skipif(shutil.which("bash") is None, reason="the blocks are written for bash")
def test_the_console_blocks_show_what_happens(tmp_path):
    lines = [f"{command}\n__code=$?; echo '{MARK}'; (exit $__code)" for command, _ in steps()]
    done = subprocess.run(
        ["bash", "-c", "exec 2>&1\n" + "\n".join(lines)],
        cwd=tmp_path,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    shown = done.stdout.split(f"{MARK}\n")[:-1]
    assert len(shown) == len(steps()) >= 12
    for (command, expected), output in zip(steps(), shown, strict=True):
        fits = doctest.OutputChecker().check_output(expected, output, doctest.ELLIPSIS)
        assert fits, f"$ {command}\n{output}"


def test_the_table_of_exit_codes_is_complete():
    written = [int(code) for code in re.findall(r"^\| (\d+) \|", GUIDE, re.MULTILINE)]
    assert written == [code.value for code in ExitCode]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["verify", "--key", "public.pem", "--alg", "ES256", "TOKEN"], ExitCode.OK),
        (["inspect", "TOKEN"], ExitCode.OK),
        (["verify", "--key", "public.pem", "--alg", "ES256", "x.y.z"], ExitCode.REFUSED),
        (["inspect", "x.y.z"], ExitCode.REFUSED),
        (["inspect", "--tokens", "tokens"], ExitCode.REFUSED),
        (["verify", "TOKEN"], ExitCode.USAGE),
        ([], ExitCode.USAGE),
        (["sign", "--key", "missing"], ExitCode.UNUSABLE),
        (["thumbprint", "tokens", "--password-env", "MISSING"], ExitCode.UNUSABLE),
        (["inspect", "--tokens", "empty"], ExitCode.UNUSABLE),
        (["keygen", "ES256", "--out", "public.pem"], ExitCode.UNUSABLE),
        (["keygen", "ES256", "--out", "missing/key"], ExitCode.UNUSABLE),
        (["verify", "--jwks", "http://127.0.0.1:1/", "--allow-http", "TOKEN"], ExitCode.PROVIDER),
    ],
)
def test_each_exit_code_means_what_the_table_says(run, key, public_file, tmp_path, arguments, code):
    """Those of processes, 5, 130 and 141, are tested in test_process.py."""
    made = rapidjwt.encode({}, key, "ES256")
    (tmp_path / "tokens").write_text(f"{made}\nx.y.z\n")
    (tmp_path / "empty").touch()
    result = run(*(made if argument == "TOKEN" else argument for argument in arguments))
    assert result.code == code
    if code not in {ExitCode.OK, ExitCode.REFUSED}:
        assert result.out == ""
        assert result.err.startswith("rapidjwt: ") or arguments == []


def test_the_table_of_commands_is_complete():
    written = re.findall(r"^\| `([a-z-]+)` \| ", GUIDE, re.MULTILINE)
    assert set(program.commands) <= set(written)


def test_every_code_of_a_finding_is_documented():
    source = (ROOT / "python/rapidjwt/_inspection/unverified.py").read_text(encoding="utf-8")
    literal = re.findall(r'"(?:token|header|claims|signature)", "([a-z-]+)"', source)
    assert len(literal) > 8
    assert [code for code in literal if f"`{code}`" not in GUIDE] == []
