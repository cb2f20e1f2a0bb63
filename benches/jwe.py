"""Compare JSON Web Encryption with joserfc, jwcrypto and the raw operations: `make bench-jwe`.

Every result is checked before it is timed. Prints a Markdown table of microseconds per call: the
best of several rounds, because other programs only ever add time.
"""

from __future__ import annotations

import json
import timeit
import warnings
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fixtures import CLAIMS
from joserfc import jwe as joserfc_jwe
from joserfc import jwk as joserfc_jwk
from jwcrypto import jwe as jwcrypto_jwe
from jwcrypto import jwk as jwcrypto_jwk
from rapidjwt import Key, jwe

if TYPE_CHECKING:
    from collections.abc import Callable

CONTENT = json.dumps(CLAIMS).encode()
CASES = [
    ("dir", "A256GCM", {}),
    ("dir", "A128CBC-HS256", {}),
    ("A256KW", "A256GCM", {}),
    ("RSA-OAEP-256", "A256GCM", {}),
    ("ECDH-ES", "A256GCM", {"curve": "P-256"}),
    ("ECDH-ES", "A256GCM", {"curve": "X25519"}),
]
ROUNDS = 7
SECONDS_PER_ROUND = 0.2

Call = tuple["Callable[[], Any]", "Callable[[], Any]"]


def rapidjwt_calls(jwk: dict[str, Any], alg: str, enc: str) -> Call:
    """Return calls that encrypt and decrypt with prepared objects."""
    encrypter = jwe.Encrypter(jwk, alg, enc)
    decrypter = jwe.Decrypter(jwk, algorithms=[alg], encryptions=[enc])
    token = encrypter.encrypt(CONTENT)
    return lambda: encrypter.encrypt(CONTENT), lambda: decrypter.decrypt(token)


def joserfc_calls(jwk: dict[str, Any], alg: str, enc: str) -> Call:
    """Return calls that encrypt and decrypt with a key object of joserfc."""
    key = joserfc_jwk.import_key({name: jwk[name] for name in jwk if name != "alg"})
    header, names = {"alg": alg, "enc": enc}, [alg, enc]
    token = joserfc_jwe.encrypt_compact(header, CONTENT, key, algorithms=names)
    return (
        lambda: joserfc_jwe.encrypt_compact(header, CONTENT, key, algorithms=names),
        lambda: joserfc_jwe.decrypt_compact(token, key, algorithms=names).plaintext,
    )


def jwcrypto_calls(jwk: dict[str, Any], alg: str, enc: str) -> Call:
    """Return calls that encrypt and decrypt with a key object of jwcrypto."""
    key = jwcrypto_jwk.JWK(**{name: jwk[name] for name in jwk if name != "alg"})
    header, algs = json.dumps({"alg": alg, "enc": enc}), [alg, enc]

    def encrypt() -> str:
        token = jwcrypto_jwe.JWE(CONTENT, header, algs=algs)
        token.add_recipient(key)
        return token.serialize(compact=True)

    token = encrypt()

    def decrypt() -> bytes:
        read = jwcrypto_jwe.JWE(algs=algs)
        read.deserialize(token, key=key)
        return read.payload

    return encrypt, decrypt


def raw_calls(jwk: dict[str, Any], alg: str, enc: str) -> Call | None:
    """Return the operations of OpenSSL, through cryptography, that such tokens need at least."""
    if alg == "RSA-OAEP-256":
        pem = Key.from_jwk(jwk).to_pem(private=True).encode()
        private = serialization.load_pem_private_key(pem, None)
        oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
        public, cek = private.public_key(), bytes(32)
        encrypted = public.encrypt(cek, oaep)
        return lambda: public.encrypt(cek, oaep), lambda: private.decrypt(encrypted, oaep)
    if (alg, enc) == ("dir", "A256GCM"):
        key, nonce = AESGCM(bytes(32)), bytes(12)
        sealed = key.encrypt(nonce, CONTENT, b"header")
        return (
            lambda: key.encrypt(nonce, CONTENT, b"header"),
            lambda: key.decrypt(nonce, sealed, b"header"),
        )
    if alg == "ECDH-ES" and jwk["crv"] == "P-256":
        own, other = (
            ec.generate_private_key(ec.SECP256R1()),
            ec.generate_private_key(ec.SECP256R1()),
        )
        public = other.public_key()

        def encrypt() -> bytes:
            return ec.generate_private_key(ec.SECP256R1()).exchange(ec.ECDH(), public)

        return encrypt, lambda: own.exchange(ec.ECDH(), public)
    return None


CONTESTANTS = {
    "rapidjwt": rapidjwt_calls,
    "joserfc": joserfc_calls,
    "jwcrypto": jwcrypto_calls,
    "cryptography, raw": raw_calls,
}


def microseconds(call: Callable[[], Any]) -> float:
    """Return the time of a call in the best round."""
    timer = timeit.Timer(call)
    number, took = timer.autorange()
    number = max(1, int(number * SECONDS_PER_ROUND / took))
    return min(timer.repeat(ROUNDS, number)) / number * 1e6


def check(name: str, jwk: dict[str, Any], alg: str, enc: str, calls: Call) -> None:
    """Raise AssertionError unless others decrypt what a library encrypts, and it decrypts."""
    if name.endswith("raw"):
        return
    encrypt, decrypt = calls
    if decrypt() != CONTENT:
        raise AssertionError(f"{name} does not decrypt {alg} {enc}")
    if jwe.decrypt(encrypt(), jwk, [alg], [enc]) != CONTENT:
        raise AssertionError(f"rapidjwt does not decrypt {alg} {enc} of {name}")


def main() -> None:
    """Print the table."""
    warnings.simplefilter("ignore")
    print("| operation | " + " | ".join(CONTESTANTS) + " |")
    print("| --- |" + " ---: |" * len(CONTESTANTS))
    for alg, enc, options in CASES:
        jwk = jwe.generate_key(alg, encryption=enc, **options)
        calls = {name: make(jwk, alg, enc) for name, make in CONTESTANTS.items()}
        for name, made in calls.items():
            if made is not None:
                check(name, jwk, alg, enc, made)
        curve = f" {options['curve']}" if options else ""
        for index, operation in enumerate(("encrypt", "decrypt")):
            cells = [f"{microseconds(made[index]):.2f}" if made else "" for made in calls.values()]
            print(f"| {operation} {alg}{curve} {enc} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
