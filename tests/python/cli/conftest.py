"""The command line in this process, and keys for it."""

from __future__ import annotations

import io
import json
import sys
from typing import NamedTuple

import pytest
from rapidjwt import Key
from rapidjwt.cli import main


class Result(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture(autouse=True)
def plain_surroundings(monkeypatch, tmp_path):
    """Set up an empty folder, and an environment that requests neither colours nor proxies."""
    monkeypatch.chdir(tmp_path)
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("TZ", "UTC")


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a command; `stdin` is text or bytes."""

    def run(*arguments, stdin=b""):
        data = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def key():
    return Key.generate("ES256")


@pytest.fixture
def private_file(key, tmp_path):
    path = tmp_path / "private.pem"
    path.write_text(key.to_pem(private=True))
    return path


@pytest.fixture
def public_file(key, tmp_path):
    path = tmp_path / "public.pem"
    path.write_text(key.to_pem())
    return path


def is_one_line(text):
    return text.startswith("rapidjwt: ") and text.count("\n") == 1 and text.endswith("\n")
