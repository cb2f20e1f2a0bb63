"""Every pair of algorithms, with a key for it."""

from __future__ import annotations

from functools import cache

from rapidjwt import _rapidjwt, jwe

KEY_MANAGEMENTS, CONTENT_ENCRYPTIONS = (
    [row["name"] for row in table] for table in _rapidjwt.encryption_tables()
)
CURVES = ["P-256", "P-384", "P-521", "X25519"]
#: Every pair; ECDH-ES with every curve.
PAIRS = [
    (alg, enc, curve)
    for alg in KEY_MANAGEMENTS
    for enc in CONTENT_ENCRYPTIONS
    for curve in (CURVES if alg.startswith("ECDH") else [None])
]
IDS = ["-".join(filter(None, pair)) for pair in PAIRS]
PASSWORD = "correct horse battery staple"
#: A small count, which every library accepts.
P2C = 1000


@cache
def private_jwk(alg, enc, curve):
    """Return a key; those for RSA are generated once."""
    if alg.startswith("RSA"):
        return jwe.generate_key("RSA-OAEP") | {"alg": alg}
    return jwe.generate_key(alg, encryption=enc, **({"curve": curve} if curve else {}))


def keys(alg, enc, curve):
    """Return the key to encrypt with and the one to decrypt with, as JWKs or as a password."""
    if alg.startswith("PBES2"):
        return PASSWORD, PASSWORD
    private = private_jwk(alg, enc if alg == "dir" else None, curve)
    public = {
        name: value
        for name, value in private.items()
        if private["kty"] == "oct" or name not in {"d", "p", "q", "dp", "dq", "qi"}
    }
    return public, private


def encrypter(key, alg, enc, **options):
    if alg.startswith("PBES2"):
        options["p2c"] = P2C
    return jwe.Encrypter(key, alg, enc, **options)


def decrypter(key, alg, enc, **options):
    return jwe.Decrypter(key, algorithms=[alg], encryptions=[enc], **options)
