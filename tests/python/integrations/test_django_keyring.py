"""The management command that rotates keys, in this project and as `manage.py` runs it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("rest_framework")

from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import RequestFactory, override_settings
from rapidjwt import Verifier
from rapidjwt.integrations.django import jwks_response, key_ring
from rapidjwt.integrations.django import settings as read_settings
from rapidjwt.keyring import DirectoryStore, KeyRing, Schedule

from . import django_project  # noqa: F401 - the settings

APP = "rapidjwt.integrations.django"


@pytest.fixture
def ring(tmp_path):
    ring = KeyRing(DirectoryStore(tmp_path), schedule=Schedule(), passphrase="a passphrase")
    with override_settings(RAPIDJWT={"KEY_RING": ring}, INSTALLED_APPS=[APP]):
        yield ring


def rotate(*arguments):
    output = io.StringIO()
    call_command("rotate_jwt_keys", *arguments, stdout=output)
    return output.getvalue()


def test_the_command_makes_keys_when_they_are_due(ring):
    made = rotate()
    assert made.startswith(f"Made a key\ncurrent  {ring.current.kid}  signs from ")
    assert rotate() == made.removeprefix("Made a key\n")
    following = rotate("--now").splitlines()
    assert [line.split()[0] for line in following] == ["Made", "current", "next"]
    assert rotate("--verbosity", "0") == ""
    leaked = ring.current.kid
    withdrawn = rotate("--withdraw", leaked)
    assert withdrawn.startswith("Withdrew the key\ncurrent  ")
    assert leaked not in withdrawn


def test_the_keys_are_published_by_a_view(ring):
    rotate()
    response = jwks_response(
        RequestFactory().get("/"), ring.key_set(), max_age=int(ring.schedule.max_age)
    )
    assert response["Cache-Control"] == "public, max-age=300"
    token = ring.signer().encode({"sub": "a"})
    assert Verifier(ring.key_set(), algorithms=["ES256"]).decode(token)["sub"] == "a"


def test_what_is_wrong_is_one_line(ring):
    for kid in ("unknown", "-hyphen", "--two"):
        with pytest.raises(CommandError, match="no key with this kid"):
            rotate("--withdraw", kid)
    with pytest.raises(CommandError, match="expected one argument"):
        rotate("--withdraw")
    with pytest.raises(CommandError, match="not allowed with argument"):
        rotate("--now", "--withdraw", "unknown")


@pytest.mark.parametrize("given", [{}, {"KEY_RING": "a secret"}, {"KEY_RING": object()}])
def test_the_setting_must_be_a_ring(given):
    with override_settings(RAPIDJWT=given), pytest.raises(ImproperlyConfigured) as caught:
        key_ring()
    assert "KEY_RING must be a KeyRing or its import path" in str(caught.value)
    assert "a secret" not in str(caught.value)


def test_the_setting_stands_beside_a_verifier(ring):
    verifier = Verifier("s3cret" * 8, algorithms=["HS256"])
    with override_settings(RAPIDJWT={"KEY_RING": ring, "VERIFIER": verifier}):
        assert read_settings().guard.verifier is verifier
        assert key_ring() is ring


PROJECT = f"""
import os
from rapidjwt.keyring import DirectoryStore, KeyRing, Schedule

SECRET_KEY = "of a project that exists only in tests"
USE_TZ = True  # Django 4.2 warns about its default
INSTALLED_APPS = ["{APP}"]
RAPIDJWT = {{"KEY_RING": "project.ring"}}
ring = KeyRing(DirectoryStore("."), schedule=Schedule(), passphrase="a passphrase")
"""


def test_manage_py_finds_the_command(tmp_path):
    (tmp_path / "project.py").write_text(PROJECT)
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "project", "PYTHONPATH": "."}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "django", "rotate_jwt_keys"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Made a key\ncurrent  ")
    assert Path(tmp_path, "keyring.json").exists()
