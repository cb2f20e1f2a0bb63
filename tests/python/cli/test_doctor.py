"""`rapidjwt doctor`: what is installed, and what is wrong with it."""

from __future__ import annotations

import email.utils
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
import rapidjwt
from jwks.provider import running_provider
from rapidjwt.cli import installation
from rapidjwt.cli.clock_skew import Skew, _measure
from rapidjwt.exceptions import PyJWKClientError
from rapidjwt.jwks.messages import Request, Response

from .conftest import is_one_line

NOW = "Sun, 06 Nov 1994 08:49:37 GMT"


def doctor(*arguments):
    """Run it in a process of its own, because --import changes the process."""
    done = subprocess.run(
        [sys.executable, "-m", "rapidjwt", "doctor", "--json", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_names_python_the_build_and_the_packages(run):
    result = run("doctor", "--json")
    assert (result.code, result.err) == (0, "")
    facts = result.json
    assert facts["python"]["executable"] == sys.executable
    assert facts["rapidjwt"]["version"] == rapidjwt.__version__
    assert facts["rapidjwt"]["crypto_library"] in {"aws-lc-rs", "ring"}
    assert facts["rapidjwt"]["optimized"] is True
    assert type(facts["rapidjwt"]["profile_guided"]) is bool
    assert all(type(here) is bool for here in facts["rapidjwt"]["cpu_features"].values())
    packages = {package["name"]: package for package in facts["packages"]}
    assert packages["click"]["extra"] == "cli"
    assert packages["click"]["version"]
    assert "pytest" not in packages
    assert facts["fast_path"] == {"clear": True, "obstacles": []}
    assert facts["clock"] is None


def test_the_report_for_people_has_a_heading_for_each_part(run):
    lines = run("doctor").out.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == [
        "Python",
        "rapidjwt",
        "Optional packages",
        "The module jwt",
        "Fast path",
        "Problems",
    ]


@pytest.mark.parametrize(
    ("source", "replaced", "line"),
    [
        (
            "import rapidjwt\n\ndef decode(self, *_): ...\n\nrapidjwt.PyJWT.decode = decode\n",
            "rapidjwt.api_jwt.PyJWT.decode",
            3,
        ),
        ("import rapidjwt, json\n\njson.loads = lambda *_, **__: {}\n", "json.loads", 3),
    ],
)
def test_code_that_keeps_calls_off_the_fast_path_is_named(tmp_path, source, replaced, line):
    (tmp_path / "app.py").write_text(source)
    facts = doctor("--import", "app")
    (obstacle,) = facts["fast_path"]["obstacles"]
    assert obstacle["replaced"] == replaced
    assert obstacle["by"] == f"{tmp_path / 'app.py'}:{line}"
    assert facts["problems"] == [
        "Parts were replaced: plain encode and decode go through the fallback."
    ]


def test_a_registered_algorithm_is_named(tmp_path):
    source = "import rapidjwt\nfrom rapidjwt.algorithms import NoneAlgorithm\n"
    (tmp_path / "app.py").write_text(f"{source}rapidjwt.register_algorithm('X', NoneAlgorithm())\n")
    facts = doctor("--import", "app")
    assert facts["fast_path"]["obstacles"] == [
        {"replaced": "X in the table of algorithms", "by": None}
    ]


def test_a_module_that_cannot_be_imported_is_one_line(run, tmp_path):
    (tmp_path / "broken_app.py").write_text("1 / 0\n")
    result = run("doctor", "--import", "broken_app")
    assert (result.code, result.out) == (3, "")
    assert is_one_line(result.err)
    assert "broken_app cannot be imported: ZeroDivisionError" in result.err


def test_a_file_that_hides_pyjwt_is_a_problem(tmp_path):
    (tmp_path / "jwt.py").write_text("")
    facts = doctor()
    assert facts["jwt"]["path"] == str(tmp_path / "jwt.py")
    assert facts["problems"] == [f"{tmp_path / 'jwt.py'} is imported as jwt, and hides PyJWT."]


def test_install_as_jwt_is_not_a_problem(tmp_path):
    (tmp_path / "app.py").write_text("import rapidjwt\nrapidjwt.install_as_jwt()\n")
    facts = doctor("--import", "app")
    assert facts["jwt"]["installed_as_jwt"] is True
    assert facts["problems"] == []


@pytest.mark.parametrize(
    ("owners", "path", "words"),
    [
        (["PyJWT", "jwt"], None, "PyJWT and jwt both install a package named jwt: remove one."),
        (["jwt"], None, "The package jwt is that of jwt, not that of PyJWT."),
        ([], "/app/jwt.py", "/app/jwt.py is imported as jwt: it is not PyJWT."),
    ],
)
def test_another_package_named_jwt_is_a_problem(owners, path, words):
    found = {"installed_as_jwt": False, "distributions": owners, "path": path, "pyjwt": None}
    assert installation.jwt_problems(found) == [words]


def test_the_clock_of_an_issuer_on_this_machine_agrees(run):
    with running_provider() as provider:
        arguments = ["doctor", "--issuer", provider.origin, "--allow-http"]
        result = run(*arguments, "--json")
        assert (result.code, result.err) == (0, "")
        assert result.json["clock"]["off"] is False
        assert "This clock agrees with the issuer's" in run(*arguments).out


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"Date": -3600}, "This clock is 3600 s ahead of the issuer's. Synchronize it"),
        ({"Date": 90}, "This clock is 90 s behind the issuer's. Synchronize it"),
        ({"Date": -3600, "Age": "3600"}, "This clock agrees with the issuer's, within"),
    ],
)
def test_a_clock_that_is_off_is_measured(headers, words):
    sent = email.utils.formatdate(time.time() + headers["Date"], usegmt=True)
    answer = Response(404, headers | {"Date": sent}, b"")
    assert _measure(lambda _: answer, Request("https://id.example", {})).words.startswith(words)


@pytest.mark.parametrize("headers", [{}, {"Date": "yesterday"}, {"Date": NOW, "Age": "x"}])
def test_an_answer_without_a_date_is_an_error(headers):
    with pytest.raises(PyJWKClientError, match="The issuer's answer has no date"):
        _measure(lambda _: Response(200, headers, b""), Request("https://id.example", {}))


def test_a_slow_answer_makes_the_measurement_uncertain():
    assert not Skew(ahead=3, within=2.5).is_off
    assert Skew(ahead=-4, within=2.5).is_off


def test_an_issuer_that_cannot_be_reached_has_its_exit_code_after_the_report(run):
    result = run("doctor", "--issuer", "http://127.0.0.1:1", "--allow-http")
    assert result.code == 4
    assert is_one_line(result.err)
    assert result.out.startswith("Python\n")


def test_http_needs_its_option(run):
    result = run("doctor", "--issuer", "http://id.example")
    assert (result.code, result.out) == (2, "")
    assert "--allow-http" in result.err


def test_the_package_is_where_it_says(run):
    assert Path(run("doctor", "--json").json["rapidjwt"]["path"]) == Path(rapidjwt.__file__).parent
