"""Comparing secrets takes the same instructions wherever they differ, as valgrind counts them.

test_source_rules.py looks at the source; this looks at what the compiler made of it. Of comparisons
by the C library it notices those of 64 bytes: 32 are compared in one step.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is missing")

VALGRIND = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")
#: A process differs from its like by less than one instruction for each of so many calls.
CALLS = 2000
#: Where bytes differ from the right ones. The names have one length: that of the arguments of a
#: program moves its stack, and copying what is aligned otherwise takes other instructions.
PLACES = ("first", "inner", "final", "every")

PROGRAM = """
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode

from rapidjwt import Key, PyJWTError, jwe


def changed(right):
    size = len(right)
    masks = {{
        "first": bytes([1, *bytes(size - 1)]),
        "inner": bytes([*bytes(size // 2), 1, *bytes(size - size // 2 - 1)]),
        "final": bytes([*bytes(size - 1), 1]),
        "every": bytes([1] * size),
    }}
    return bytes([byte ^ mask for byte, mask in zip(right, masks[sys.argv[1]])])


def base64url(data):
    return urlsafe_b64encode(data).decode().rstrip("=")


{setup}
for _ in range({calls}):
    {call}
"""

OPERATIONS = {
    "the tag of HS512": (
        """
key = Key.from_secret(bytes(range(64)))
tag = changed(key.sign(b"signing input", "HS512"))
""",
        'assert not key.verify(b"signing input", tag, "HS512")',
    ),
    "the secrets of two keys": (
        """
key = Key.from_secret(b"k" * 64)
other = Key.from_secret(changed(b"k" * 64))
""",
        "assert key != other",
    ),
    "the tag of A256CBC-HS512": (
        """
key = {"kty": "oct", "k": base64url(bytes(range(64)))}
decrypter = jwe.Decrypter(key, algorithms=["dir"], encryptions=["A256CBC-HS512"])
token, _, tag = jwe.encrypt(b"text", key, "dir", "A256CBC-HS512").rpartition(".")
token += "." + base64url(changed(urlsafe_b64decode(tag + "=")))
def refused():
    try:
        decrypter.decrypt(token)
    except PyJWTError:
        return True
""",
        "assert refused()",
    ),
}


def run(command: list[str], folder: Path) -> str:
    """Run a program in a folder of its own, and return what it writes to standard error."""
    # The order of a dict must not vary, nor what is in the folder that Python looks through.
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def instructions(program: str, place: str, folder: Path) -> int:
    """Return the instructions that a fresh process executes."""
    counted = run([*VALGRIND, sys.executable, "-c", program, place], folder)
    return int(re.search(r"Collected : (\d+)", counted)[1])


@pytest.mark.parametrize("operation", OPERATIONS)
def test_where_secrets_differ_changes_no_number_of_instructions(operation, tmp_path):
    setup, call = OPERATIONS[operation]
    program = PROGRAM.format(setup=setup, call=call, calls=CALLS)
    # The first process that imports a module compiles it.
    run([sys.executable, "-c", program, PLACES[0]], tmp_path)
    counts = {place: instructions(program, place, tmp_path) for place in PLACES}
    assert max(counts.values()) - min(counts.values()) < CALLS, counts
