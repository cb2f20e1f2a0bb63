"""Private RSA keys as JWKs with `d` alone, without the primes (RFC 7518 Section 6.3.2)."""

from __future__ import annotations

import base64
import json
import math
import subprocess
import sys

import jwt as pyjwt
import pytest
import rapidjwt
from cryptography.hazmat.primitives.asymmetric import rsa
from differential.keys import RSA_PRIMES
from rapidjwt import Key, Signer

P, Q = RSA_PRIMES[2048]
#: The modulus of the private exponent: RFC 8017 Section 3.2 allows both.
MODULI = {"Euler": (P - 1) * (Q - 1), "Carmichael": math.lcm(P - 1, Q - 1)}
MEMBERS = ("n", "e", "d", "p", "q", "dp", "dq", "qi")


def base64url(number):
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwk_of(p, q, exponent, modulus):
    d = pow(exponent, -1, modulus)
    return {"kty": "RSA", "n": base64url(p * q), "e": base64url(exponent), "d": base64url(d)}


def as_pyjwt_reads(jwk):
    loaded = pyjwt.PyJWK(jwk, "RS256").key
    written = pyjwt.algorithms.RSAAlgorithm.to_jwk(loaded, as_dict=True)
    return {name: written[name] for name in MEMBERS}


def as_key_reads(jwk):
    written = Key.from_jwk(jwk).to_jwk(private=True)
    return {name: written[name] for name in MEMBERS}


@pytest.mark.parametrize("exponent", [17, 65537, 2**32 + 15])
@pytest.mark.parametrize("modulus", MODULI)
def test_the_other_members_are_those_that_pyjwt_computes(modulus, exponent):
    jwk = jwk_of(P, Q, exponent, MODULI[modulus])
    assert as_key_reads(jwk) == as_pyjwt_reads(jwk)
    assert as_key_reads(jwk)["d"] == jwk["d"]


@pytest.mark.parametrize("size", [2048, 3072])
def test_any_key_is_completed(size):
    numbers = rsa.generate_private_key(65537, size).private_numbers()
    for modulus in ((numbers.p - 1) * (numbers.q - 1), math.lcm(numbers.p - 1, numbers.q - 1)):
        jwk = jwk_of(numbers.p, numbers.q, 65537, modulus)
        assert as_key_reads(jwk) == as_pyjwt_reads(jwk)


def test_it_signs():
    jwk = jwk_of(P, Q, 65537, MODULI["Carmichael"])
    key = Key.from_jwk(json.dumps(jwk))
    token = Signer(key, "RS256").encode({"sub": "x"})
    assert pyjwt.decode(token, key.to_pem(), ["RS256"]) == {"sub": "x"}


WITHOUT_CRYPTOGRAPHY = """
import sys

sys.modules["cryptography"] = None
import rapidjwt

key = rapidjwt.PyJWK.from_json(sys.argv[1], "RS256")
print(rapidjwt.encode({"sub": "x"}, key, "RS256"))
"""


def test_pyjwk_reads_it_without_cryptography():
    jwk = json.dumps(jwk_of(P, Q, 65537, MODULI["Euler"]))
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_CRYPTOGRAPHY, jwk],
        capture_output=True,
        check=True,
        text=True,
    )
    public = Key.from_jwk(jwk).public()
    assert rapidjwt.decode(done.stdout.strip(), public, ["RS256"]) == {"sub": "x"}
