"""`rapidjwt bench` measures what it reports. Speed itself is not tested."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import jwt
import pytest
import rapidjwt

from .conftest import is_one_line

QUICK = ["bench", "--seconds", "0"]


def test_it_measures_both_libraries(run):
    result = run(*QUICK, "--json")
    assert result.code == 0
    assert is_one_line(result.err)
    rows = result.json["per_second"]
    assert [(row["algorithm"], row["operation"]) for row in rows] == [
        (algorithm, operation)
        for algorithm in ("HS256", "RS256", "ES256")
        for operation in ("encode", "decode")
    ]
    assert all(row["rapidjwt"] > 0 and row["pyjwt"] > 0 for row in rows)
    assert result.json["versions"] == {"rapidjwt": rapidjwt.__version__, "pyjwt": jwt.__version__}


def test_it_shows_a_table(run):
    result = run(*QUICK, "--alg", "HS512", "--alg", "EdDSA")
    assert result.code == 0
    assert [line for line in result.out.splitlines() if "HS512" in line and "encode" in line]
    assert "PyJWT" in result.out


@pytest.mark.parametrize("module", [None, rapidjwt], ids=["missing", "install_as_jwt"])
def test_it_does_without_pyjwt(run, monkeypatch, module):
    monkeypatch.setitem(sys.modules, "jwt", module)
    result = run(*QUICK, "--alg", "HS256", "--json")
    assert result.json["versions"]["pyjwt"] is None
    assert [row["pyjwt"] for row in result.json["per_second"]] == [None, None]
    assert "PyJWT is not installed" in result.err
    assert run(*QUICK, "--alg", "HS256").code == 0


def test_a_wrong_answer_gets_no_timing(run, monkeypatch):
    wrong = SimpleNamespace(
        __name__="jwt", __version__="0", encode=jwt.encode, decode=lambda *_, **__: {}
    )
    monkeypatch.setitem(sys.modules, "jwt", wrong)
    result = run(*QUICK, "--alg", "HS256")
    assert (result.code, result.out) == (3, "")
