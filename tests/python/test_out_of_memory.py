"""Calls on large input in a process whose memory is limited: MemoryError, as in PyJWT, or a result.

Each call runs in a process of its own, whose limit is a number of megabytes above what it uses when
the call begins. An abort, a panic, another exception or a call that does not return is a failure.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

resource = pytest.importorskip("resource")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and RLIMIT_AS")

#: Megabytes above the memory in use. All of them are for `make test-memory-limits`.
LIMITS = range(1, 51) if os.environ.get("RAPIDJWT_ALL_LIMITS") else (1, 5, 12, 17, 24, 33, 50)
MEMORY_ERROR, REFUSED = 10, 11

PROGRAM = """
import base64, hashlib, hmac, json, os, resource, sys
import rapidjwt as jwt
from rapidjwt import Key, Signer, Verifier

SIZE = 12 << 20
SECRET = "a secret of more than thirty-two bytes"
HS = ["HS256"]

def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

def signed(payload):
    text = base64url(b'{"alg":"HS256"}') + "." + base64url(payload)
    return text + "." + base64url(hmac.digest(SECRET.encode(), text.encode(), "sha256"))

large = {"x": "a" * SIZE}
SETUP

statm = open("/proc/self/statm").read()
used = int(statm.split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (int(sys.argv[1]) << 20),) * 2)
status = 0
try:
    CALL
except MemoryError:
    status = 10
except jwt.PyJWTError:
    status = 11
os._exit(status)
"""

LONG_HEADER = (
    'token = base64url(json.dumps({"alg": "HS256"} | large).encode()) + ".e30.AAAA"; del large'
)
TOKEN = "token = signed(json.dumps(large).encode()); del large"
LIST = 'token = signed(json.dumps({"x": list(range(SIZE // 40))}).encode()); del large'
ESCAPES = r"""token = signed(b'{"x":"' + b'\\u00e9' * (SIZE // 6) + b'"}'); del large"""
VERIFIER = "\nverifier = Verifier(SECRET, algorithms=HS)"
JWE = """
from rapidjwt import jwe
content = b"a" * SIZE; del large
key = jwe.generate_key("dir", encryption="ENC")
encrypter = jwe.Encrypter(key, "dir", "ENC")
decrypter = jwe.Decrypter(key, algorithms=["dir"], encryptions=["ENC"], decompress=True,
                          max_decompressed_size=SIZE, max_token_size=1 << 31)
"""
ENCRYPTED = "token = encrypter.encrypt(content); del content"
ENCRYPTED_JSON = "token = encrypter.encrypt_flattened(content); del content"
#: What joserfc encrypts, because rapidjwt does not compress.
ZIPPED = """
from joserfc import jwe as other
from joserfc.jwk import OctKey
registry = other.JWERegistry(algorithms=["dir", "ENC", "DEF"])
header = {"alg": "dir", "enc": "ENC", "zip": "DEF"}
token = other.encrypt_compact(header, content, OctKey.import_key(key), registry=registry)
del content
"""
JWS_JSON = """
from rapidjwt.jws_json import JSONSigner, JSONVerifier
content = b"a" * SIZE; del large
signer = JSONSigner(SECRET, "HS256")
verifier = JSONVerifier(SECRET, algorithms=HS, max_token_size=1 << 31)
"""
CALLS = {
    "encode": ("", "jwt.encode(large, SECRET)"),
    "encode non-ASCII": ('large = {"x": "\\u00e9" * (SIZE // 2)}', "jwt.encode(large, SECRET)"),
    "encode a list": ('large = {"x": list(range(SIZE // 40))}', "jwt.encode(large, SECRET)"),
    "encode a header": ("", "jwt.encode({}, SECRET, headers=large)"),
    "encode under a large secret": ('key = "s" * SIZE', "jwt.encode({}, key)"),
    "decode": (TOKEN, "jwt.decode(token, SECRET, HS)"),
    "decode a list": (LIST, "jwt.decode(token, SECRET, HS)"),
    "decode escapes": (ESCAPES, "jwt.decode(token, SECRET, HS)"),
    "decode a large header": (LONG_HEADER, "jwt.decode(token, SECRET, HS)"),
    "decode_complete": (TOKEN, "jwt.decode_complete(token, SECRET, HS)"),
    "get_unverified_header": (LONG_HEADER, "jwt.get_unverified_header(token)"),
    "Signer": ('signer = Signer(SECRET, "HS256")', "signer.encode(large)"),
    "Signer with headers": ("", 'Signer(SECRET, "HS256", headers=large)'),
    "Verifier": (TOKEN + VERIFIER, "verifier.decode(token)"),
    "Verifier, a list": (LIST + VERIFIER, "verifier.decode(token)"),
    "Verifier, escapes": (ESCAPES + VERIFIER, "verifier.decode(token)"),
    "Verifier, a large header": (LONG_HEADER + VERIFIER, "verifier.decode(token)"),
    "Verifier, with a cache": (
        TOKEN + "\nverifier = Verifier(SECRET, algorithms=HS, cache_size=4)",
        "verifier.decode(token)",
    ),
    "decode_many": (TOKEN + VERIFIER, "assert list(verifier.decode_many([token] * 3))"),
    "decode_many, a list": (LIST + VERIFIER, "assert list(verifier.decode_many([token] * 3))"),
    "Key.from_secret": ('key = "s" * SIZE', "Key.from_secret(key)"),
    "Key.from_pem": (
        'key = "-----BEGIN PUBLIC KEY-----\\n" + "A" * SIZE + "\\n-----END PUBLIC KEY-----\\n"',
        "Key.from_pem(key)",
    ),
    "Key.from_der": (
        'key = b"\\x30\\x84\\x00\\xc0\\x00\\x00" + b"\\x00" * SIZE',
        "Key.from_der(key)",
    ),
    "Key.from_ssh": ('key = "ssh-rsa " + "A" * SIZE', "Key.from_ssh(key)"),
    "Key.from_jwk": ('jwk = {"kty": "oct", "k": "A" * SIZE}', "Key.from_jwk(jwk)"),
    "Key.from_jwk, text": (
        """jwk = json.dumps({"kty": "oct", "k": "A" * SIZE})""",
        "Key.from_jwk(jwk)",
    ),
    "PyJWK": ('jwk = {"kty": "oct", "k": "A" * SIZE}', "jwt.PyJWK(jwk, 'HS256')"),
    **{
        f"{name}, {encryption}": ((JWE + setup).replace("ENC", encryption), call)
        for name, encryption, setup, call in (
            ("encrypt", "A256GCM", "", "encrypter.encrypt(content)"),
            ("encrypt", "A256CBC-HS512", "", "encrypter.encrypt(content)"),
            ("encrypt_flattened", "A256GCM", "", "encrypter.encrypt_flattened(content)"),
            ("decrypt", "A256GCM", ENCRYPTED, "decrypter.decrypt(token)"),
            ("decrypt", "A256CBC-HS512", ENCRYPTED, "decrypter.decrypt_complete(token).plaintext"),
            ("decrypt_json", "A256GCM", ENCRYPTED_JSON, "decrypter.decrypt_json(token)"),
            ("decompress", "A256GCM", ZIPPED, "decrypter.decrypt(token)"),
        )
    },
    "JSONSigner": (JWS_JSON, "signer.sign_flattened(content)"),
    "JSONSigner, detached": (JWS_JSON, "signer.sign_flattened(content, detached=True)"),
    "JSONVerifier": (
        JWS_JSON + "jws = signer.sign_flattened(content); del content",
        "verifier.verify(jws).payload",
    ),
    "JSONVerifier, detached": (
        JWS_JSON + "jws = signer.sign_flattened(content, detached=True)",
        "verifier.verify(jws, content)",
    ),
    "base64url_decode": ('text = "A" * SIZE', "jwt.utils.base64url_decode(text)"),
}
#: What no key is, however much memory there is.
ALWAYS_REFUSED = {
    "Key.from_pem", "Key.from_der", "Key.from_ssh", "Key.from_jwk, text",
    "decode a large header", "Verifier, a large header",
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_want_of_memory_is_a_memory_error(name):
    setup, call = CALLS[name]
    program = PROGRAM.replace("SETUP", setup).replace("CALL", call)
    succeeded = REFUSED if name in ALWAYS_REFUSED else 0
    for limit in LIMITS:
        done = subprocess.run(
            [sys.executable, "-c", program, str(limit)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=os.environ | {"RUST_BACKTRACE": "1"},
        )
        context = f"{limit} MB: exit status {done.returncode}\n{done.stderr[-2000:]}"
        assert done.returncode in (succeeded, MEMORY_ERROR), context
        assert "panicked" not in done.stderr, context
