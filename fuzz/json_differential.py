# A script like a test, whose chance is no secret.
# ruff: noqa: D101, D102, D103, D107, INP001, PLR2004, S311, T201
"""Differential fuzzing of the native JSON reader and writer against Python's json.

The extension has no function that only reads or writes JSON, so both go through tokens: what
`decode` makes of a payload must be what `json.loads` makes of it, or its error in its words; the
payload that `encode` writes must be byte for byte what `json.dumps` writes.

    python fuzz/json_differential.py --seconds 60 [--seed 1]

prints how many inputs were compared and ends with status 1 at the first difference, which it
prints. The mutations are pseudo-random: a seed names a run.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import random
import sys
import time
from typing import Any

import rapidjwt

SECRET = b"0123456789abcdef0123456789abcdef0123456789abcdef"
HEADER = base64.urlsafe_b64encode(b'{"alg":"HS256"}').rstrip(b"=")
# Read and write only: no rule for claims is in the way.
OPTIONS: Any = {
    f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")
}

TEXTS = [
    "", "a", "exp", "\u00e9", "\u20ac", "\U0001f600", "\ud800", "\udfff", "\x00", "\x1f", "\x7f",
    '"', "\\", "/", "\b\f\n\r\t", "\u2028", "x" * 70, "\u00ff" * 20, "\ufeff", "key with spaces",
]  # fmt: skip
NUMBERS = [
    0, 1, -1, 10**17, 10**18 - 1, 10**18, 2**63 - 1, 2**63, -(2**63), 2**64, 10**40, -(10**400),
    0.0, -0.0, 1.5, 1e16, 1e-7, 1e22, 1e23, 5e-324, 1.7976931348623157e308, 0.1, 1234567.1234567,
    float("inf"), float("-inf"), float("nan"),
]  # fmt: skip
FRAGMENTS = [
    b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\\u", b"\\ud83d\\ude00", b"\\ud800",
    b"\\udc00", b"\\u0000", b"-", b"+", b".", b"e", b"E5", b"0", b"00", b"1e999", b"-0", b"9" * 25,
    b"9" * 4301, b"NaN", b"Infinity", b"-Infinity", b"nan", b"true", b"false", b"null", b"tru",
    b" ", b"\t\r\n", b"\x00", b"\x1f", b"\x7f", b"\x0b", b"\xc2\xa0", b"\xef\xbb\xbf", b"\xff\xfe",
    b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"[" * 70,
    b'{"a":' * 70, b"//x", b"'", b"0.1", b"1.", b".5", b"1E-400", b"0.30000000000000004",
    b'"a":1', b'"exp":1,', b'"iss":"a"', b'"iss":"a\\""', b'"aud":"a"', b'"aud" : "ab",',
]  # fmt: skip


class Fuzzer:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def value(self, depth: int) -> Any:
        kind = self.random.randrange(9 if depth else 6)
        if kind == 0:
            return self.random.choice([True, False, None])
        if kind in {1, 2}:
            return self.number()
        if kind in {3, 4, 5}:
            return self.text()
        size = self.random.randrange(6)
        if kind == 6:
            return [self.value(depth - 1) for _ in range(size)]
        return {self.text(): self.value(depth - 1) for _ in range(size)}

    def number(self) -> int | float:
        kind = self.random.randrange(4)
        if kind == 0:
            return self.random.choice(NUMBERS)
        if kind == 1:
            return self.random.getrandbits(self.random.choice([8, 31, 53, 63, 64, 130]))
        if kind == 2:
            return -self.random.getrandbits(self.random.choice([8, 63, 64]))
        return self.random.uniform(-1, 1) * 10 ** self.random.randrange(-320, 308)

    def text(self) -> str:
        kind = self.random.randrange(3)
        if kind == 0:
            return "".join(self.random.choice(TEXTS) for _ in range(self.random.randrange(4)))
        top = [0x80, 0x250, 0x110000][self.random.randrange(3)]
        return "".join(chr(self.random.randrange(top)) for _ in range(self.random.randrange(12)))

    def claims(self) -> dict[str, Any]:
        claims = {self.text(): self.value(3) for _ in range(self.random.randrange(8))}
        # The reader keeps the newest of each.
        for name in ("iss", "aud"):
            if self.random.random() < 0.3:
                claims[name] = self.random.choice(TEXTS)
        return claims

    def json(self) -> bytes:
        """Return JSON in one of many spellings, damaged more often than not."""
        claims = self.claims()
        spelled = json.dumps(
            claims,
            ensure_ascii=self.random.random() < 0.5,
            indent=self.random.choice([None, None, 1]),
            separators=self.random.choice([None, (",", ":")]),
        )
        encoding = self.random.choice(["utf-8"] * 20 + ["utf-16", "utf-32", "utf-8-sig"])
        text = bytearray(spelled.encode(encoding, "surrogatepass"))
        for _ in range(self.random.choice([0, 0, 1, 1, 2, 4])):
            at = self.random.randrange(len(text) + 1)
            kind = self.random.randrange(5)
            if kind == 0:
                text[at:at] = self.random.choice(FRAGMENTS)
            elif kind == 1:
                del text[at : at + self.random.randrange(1, 8)]
            elif kind == 2:
                text[at : at + 1] = bytes([self.random.randrange(256)])
            elif kind == 3:
                text[at : at + self.random.randrange(4)] = self.random.choice(FRAGMENTS)
            else:
                text[at:at] = text[at : at + self.random.randrange(20)]
        return bytes(text)


def shown(value: Any) -> str:
    """Return `value` as text: 1, 1.0 and True differ, members keep their order, NaN is NaN."""
    return ascii(value)


def expected_claims(payload: bytes) -> str:
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError) as error:
        return f"DecodeError: Invalid payload string: {error}"
    if not isinstance(value, dict):
        return "DecodeError: Invalid payload string: must be a json object"
    return shown(value)


def token_of(payload: bytes) -> bytes:
    signing_input = HEADER + b"." + base64.urlsafe_b64encode(payload).rstrip(b"=")
    tag = hmac.digest(SECRET, signing_input, hashlib.sha256)
    return signing_input + b"." + base64.urlsafe_b64encode(tag).rstrip(b"=")


def read_claims(decode: Any, token: bytes) -> str:
    try:
        return shown(decode(token))
    except rapidjwt.DecodeError as error:
        return f"DecodeError: {error}"


def difference_in_reading(payload: bytes, ways: dict[str, Any]) -> str | None:
    expected, token = expected_claims(payload), token_of(payload)
    for name, decode in ways.items():
        actual = read_claims(decode, token)
        # Which bracket was one too many depends on the depth of the caller.
        if actual != expected and "recursion" not in expected:
            return f"{name} reads {payload!a}\n  json:     {expected}\n  rapidjwt: {actual}"
    return None


def difference_in_writing(claims: dict[str, Any]) -> str | None:
    expected = json.dumps(claims, separators=(",", ":")).encode()
    token = rapidjwt.encode(claims, SECRET, algorithm="HS256")
    segment = token.split(".")[1]
    actual = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    if actual != expected:
        return f"encode writes {claims!a}\n  json:     {expected!a}\n  rapidjwt: {actual!a}"
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description="Fuzz the JSON reader and writer.")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**32)
    arguments = parser.parse_args()
    fuzzer = Fuzzer(arguments.seed)
    verifier = rapidjwt.Verifier(SECRET, algorithms=["HS256"], options=OPTIONS)
    ways = {
        "decode": lambda token: rapidjwt.decode(token, SECRET, ["HS256"], options=OPTIONS),
        "Verifier.decode": verifier.decode,
    }
    end, read, written = time.monotonic() + arguments.seconds, 0, 0
    while time.monotonic() < end:
        found = difference_in_reading(fuzzer.json(), ways)
        read += 1
        claims = {f"_{name}": value for name, value in fuzzer.claims().items()}
        found = found or difference_in_writing(claims)
        written += 1
        if found:
            print(f"json differential: seed {arguments.seed}, input {read}\n{found}")
            return 1
    print(
        f"json differential: seed {arguments.seed}, {read} read, {written} written, 0 differences"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
