"""The demonstration in examples/rotation, for some seconds."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")

PROGRAM = Path(__file__).parents[2] / "examples" / "rotation" / "rotation.py"
pytestmark = pytest.mark.skipif(
    shutil.which("softhsm2-util") is None,
    reason="SoftHSM 2 is not installed (Debian: apt-get install softhsm2)",
)


def test_no_valid_token_is_refused_and_none_is_signed_by_an_unpublished_key():
    done = subprocess.run(
        [sys.executable, str(PROGRAM), "--seconds", "16", "--every", "4"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    counts = {
        name: int(count.replace(",", ""))
        for count, name in re.findall(r"^ *([\d,]+)  (.*)$", done.stdout, re.MULTILINE)
    }
    assert counts.pop("keys that have signed") >= 3
    assert counts.pop("tokens signed") > 100
    assert counts.pop("verifications") > 200
    assert counts == dict.fromkeys(
        [
            "valid tokens refused",
            "tokens signed by an unpublished key",
            "keys that signed when another one was current",
            "moments with two keys that have no end",
        ],
        0,
    )
    assert done.stdout.count("killed in the middle of a rotation; it is started again") == 1
    assert done.stdout.count("killed at any moment; it is started again") == 1
