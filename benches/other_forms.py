"""Compare JWE, JWS in JSON and ML-DSA with other libraries: `make bench-jose`.

Every result is checked before it is timed. Contestants take turns; a figure is the first decile of
many short rounds, because other programs only ever add time. The tables replace the marked part of
docs/benchmarks.md, with `--dry-run` they are only printed.
"""

from __future__ import annotations

import argparse
import json
import timeit
import warnings
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, mldsa, padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fixtures import CLAIMS
from machine import cpu_model, installed_versions, today
from rapidjwt import Key, Signer, Verifier, jwe, jws_json
from rapidjwt.utils import base64url_decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
START, END = "<!-- jose:start -->", "<!-- jose:end -->"
CONTENT = json.dumps(CLAIMS).encode()
JWE_CASES = [
    ("dir", "A256GCM", {}),
    ("dir", "A128CBC-HS256", {}),
    ("A256KW", "A256GCM", {}),
    ("RSA-OAEP-256", "A256GCM", {}),
    ("ECDH-ES", "A256GCM", {"curve": "P-256"}),
    ("ECDH-ES", "A256GCM", {"curve": "X25519"}),
]
JWS_CASES = ["HS256", "RS256", "ES256", "EdDSA"]
MLDSA_CASES = ["ML-DSA-44", "ML-DSA-65", "ML-DSA-87"]
RAW = "cryptography, raw"
#: Many short rounds: even on a busy machine some of them are not interrupted.
ROUNDS = 200
SECONDS_PER_ROUND = 0.005

#: What makes tokens, and what reads the token that it made.
Calls = tuple["Callable[[], Any]", "Callable[[], Any]"]


def bare(jwk: dict[str, Any]) -> dict[str, Any]:
    """Return a JWK without `alg`, which some libraries read as an algorithm of signatures."""
    return {name: jwk[name] for name in jwk if name != "alg"}


# --- JWE ---


def rapidjwt_jwe(jwk: dict[str, Any], alg: str, enc: str) -> Calls:
    """Encrypt and decrypt with prepared objects."""
    encrypter = jwe.Encrypter(jwk, alg, enc)
    decrypter = jwe.Decrypter(jwk, algorithms=[alg], encryptions=[enc])
    token = encrypter.encrypt(CONTENT)
    return lambda: encrypter.encrypt(CONTENT), lambda: decrypter.decrypt(token)


def joserfc_jwe(jwk: dict[str, Any], alg: str, enc: str) -> Calls:
    """Encrypt and decrypt with a key object."""
    from joserfc import jwe as theirs
    from joserfc.jwk import import_key

    key, header, names = import_key(bare(jwk)), {"alg": alg, "enc": enc}, [alg, enc]
    token = theirs.encrypt_compact(header, CONTENT, key, algorithms=names)
    return (
        lambda: theirs.encrypt_compact(header, CONTENT, key, algorithms=names),
        lambda: theirs.decrypt_compact(token, key, algorithms=names).plaintext,
    )


def like_jwcrypto_jwe(module: Any, jwk: dict[str, Any], alg: str, enc: str) -> Calls:
    """Encrypt and decrypt with a key object and the classes that jwcrypto and pyjosers have."""
    key, header, names = module.JWK(**bare(jwk)), json.dumps({"alg": alg, "enc": enc}), [alg, enc]

    def encrypt() -> str:
        token = module.JWE(CONTENT, header, algs=names)
        token.add_recipient(key)
        return token.serialize(compact=True)

    token = encrypt()

    def decrypt() -> bytes:
        read = module.JWE(algs=names)
        read.deserialize(token, key=key)
        return read.payload

    return encrypt, decrypt


def jwcrypto_jwe(jwk: dict[str, Any], alg: str, enc: str) -> Calls:
    """Encrypt and decrypt with a key object."""
    return like_jwcrypto_jwe(jwcrypto_classes(), jwk, alg, enc)


def pyjosers_jwe(jwk: dict[str, Any], alg: str, enc: str) -> Calls:
    """Encrypt and decrypt with a key object."""
    import pyjosers

    return like_jwcrypto_jwe(pyjosers, jwk, alg, enc)


def jwskate_jwe(jwk: dict[str, Any], alg: str, enc: str) -> Calls:
    """Encrypt and decrypt with a key object."""
    from jwskate import JweCompact, Jwk

    key = Jwk(bare(jwk))
    public = key if jwk["kty"] == "oct" else key.public_jwk()
    token = str(JweCompact.encrypt(CONTENT, public, enc=enc, alg=alg))
    return (
        lambda: str(JweCompact.encrypt(CONTENT, public, enc=enc, alg=alg)),
        lambda: JweCompact(token).decrypt(key, alg=alg),
    )


def raw_jwe(jwk: dict[str, Any], alg: str, enc: str) -> Calls | None:
    """Do what such tokens need at least, with OpenSSL; None for the cases that show no more."""
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
        return (
            lambda: ec.generate_private_key(ec.SECP256R1()).exchange(ec.ECDH(), public),
            lambda: own.exchange(ec.ECDH(), public),
        )
    return None


def check_jwe(name: str, jwk: dict[str, Any], alg: str, enc: str, calls: Calls) -> None:
    """Raise AssertionError unless a library decrypts its own token, and rapidjwt does."""
    encrypt, decrypt = calls
    if name == RAW:
        return
    if decrypt() != CONTENT or jwe.decrypt(encrypt(), jwk, [alg], [enc]) != CONTENT:
        raise AssertionError(f"{name}: a token of {alg} {enc} does not decrypt")


# --- JWS in JSON, flattened ---


def rapidjwt_jws(jwk: dict[str, Any], alg: str) -> Calls:
    """Sign and verify with prepared objects; a dict is not JSON text yet, so it is written."""
    key = Key.from_jwk(jwk)
    signer, verifier = jws_json.JSONSigner(key, alg), jws_json.JSONVerifier(key, algorithms=[alg])
    text = json.dumps(signer.sign_flattened(CONTENT))
    return (
        lambda: json.dumps(signer.sign_flattened(CONTENT)),
        lambda: verifier.verify(text).payload,
    )


def joserfc_jws(jwk: dict[str, Any], alg: str) -> Calls:
    """Sign and verify with a key object."""
    from joserfc import jws as theirs
    from joserfc.jwk import import_key

    key, member, names = import_key(bare(jwk)), {"protected": {"alg": alg}}, [alg]
    text = json.dumps(theirs.serialize_json(member, CONTENT, key, algorithms=names))
    return (
        lambda: json.dumps(theirs.serialize_json(member, CONTENT, key, algorithms=names)),
        lambda: theirs.deserialize_json(json.loads(text), key, algorithms=names).payload,
    )


def like_jwcrypto_jws(module: Any, jwk: dict[str, Any], alg: str) -> Calls:
    """Sign and verify with a key object and the classes that jwcrypto and pyjosers have."""
    key, header = module.JWK(**bare(jwk)), json.dumps({"alg": alg})

    def sign() -> str:
        token = module.JWS(CONTENT)
        token.add_signature(key, alg, header)
        return token.serialize()

    text = sign()

    def verify() -> bytes:
        read = module.JWS()
        read.deserialize(text, key, alg)
        return read.payload

    return sign, verify


def jwcrypto_jws(jwk: dict[str, Any], alg: str) -> Calls:
    """Sign and verify with a key object."""
    return like_jwcrypto_jws(jwcrypto_classes(), jwk, alg)


def pyjosers_jws(jwk: dict[str, Any], alg: str) -> Calls:
    """Sign and verify with a key object."""
    import pyjosers

    return like_jwcrypto_jws(pyjosers, jwk, alg)


def jwskate_jws(jwk: dict[str, Any], alg: str) -> Calls:
    """Sign and verify with a key object."""
    from jwskate import Jwk, JwsJsonFlat

    key = Jwk(bare(jwk))
    text = JwsJsonFlat.sign(CONTENT, key, alg=alg).to_json()

    def verify() -> bytes | None:
        read = JwsJsonFlat.from_json(text)
        return bytes(read.payload) if read.verify_signature(key, alg=alg) else None

    return lambda: JwsJsonFlat.sign(CONTENT, key, alg=alg).to_json(), verify


def check_jws(name: str, jwk: dict[str, Any], alg: str, calls: Calls) -> None:
    """Raise AssertionError unless a library verifies its own JWS, and rapidjwt does."""
    sign, verify = calls
    ours = jws_json.JSONVerifier(Key.from_jwk(jwk), algorithms=[alg])
    if verify() != CONTENT or ours.verify(sign()).payload != CONTENT:
        raise AssertionError(f"{name}: a JWS of {alg} does not verify")


# --- ML-DSA ---


def rapidjwt_mldsa(key: Key, alg: str) -> Calls:
    """Sign and verify a token of the claims with prepared objects."""
    signer = Signer(key, alg)
    verifier = Verifier(key.public(), algorithms=[alg], options={"verify_aud": False})
    token = signer.encode(CLAIMS)
    return lambda: signer.encode(CLAIMS), lambda: verifier.decode(token)


def jwcrypto_mldsa(key: Key, alg: str) -> Calls:
    """Sign and verify a compact JWS of the claims as JSON."""
    module, header = jwcrypto_classes(), json.dumps({"alg": alg})
    own = module.JWK(**key.to_jwk(private=True))

    def sign() -> str:
        token = module.JWS(json.dumps(CLAIMS))
        token.allowed_algs = [alg]
        token.add_signature(own, alg, header)
        return token.serialize(compact=True)

    token = sign()

    def verify() -> Any:
        read = module.JWS()
        read.allowed_algs = [alg]
        read.deserialize(token, own, alg)
        return json.loads(read.payload)

    return sign, verify


def raw_mldsa(key: Key, alg: str) -> Calls:
    """Sign and verify as many bytes as a token signs."""
    private = getattr(mldsa, f"{alg.replace('-', '')}PrivateKey")
    private = private.from_seed_bytes(base64url_decode(key.to_jwk(private=True)["priv"]))
    public, message = private.public_key(), bytes(400)
    signature = private.sign(message)
    return lambda: private.sign(message), lambda: public.verify(signature, message)


def check_mldsa(name: str, key: Key, alg: str, calls: Calls) -> None:
    """Raise AssertionError unless a library verifies its own token, and rapidjwt does."""
    sign, verify = calls
    if name == RAW:
        return
    ours = Verifier(key.public(), algorithms=[alg], options={"verify_aud": False})
    if verify() != CLAIMS or ours.decode(sign()) != CLAIMS:
        raise AssertionError(f"{name}: a token of {alg} does not verify")


# --- measuring ---


def jwcrypto_classes() -> Any:
    """Return an object with the classes of jwcrypto, which are in a module each."""
    from jwcrypto import jwe as theirs_jwe
    from jwcrypto import jwk as theirs_jwk
    from jwcrypto import jws as theirs_jws

    return SimpleNamespace(JWE=theirs_jwe.JWE, JWK=theirs_jwk.JWK, JWS=theirs_jws.JWS)


def times_of(calls: dict[str, Callable[[], Any] | None]) -> dict[str, float]:
    """Return the microseconds of each call, the first decile of its rounds; calls take turns."""
    timers = {name: timeit.Timer(call) for name, call in calls.items() if call is not None}
    numbers = {}
    for name, timer in timers.items():
        number, took = timer.autorange()
        numbers[name] = max(1, int(number * SECONDS_PER_ROUND / took))
    samples: dict[str, list[float]] = {name: [] for name in timers}
    for _ in range(ROUNDS):
        for name, timer in timers.items():
            samples[name].append(timer.timeit(numbers[name]) / numbers[name] * 1e6)
    return {name: sorted(times)[ROUNDS // 10] for name, times in samples.items()}


def installed(makers: dict[str, Any]) -> dict[str, Any]:
    """Return the contestants whose library can be imported."""
    return {name: make for name, make in makers.items() if find_spec(name.partition(",")[0])}


def rows(label: str, operations: tuple[str, str], calls: dict[str, Calls | None]) -> Iterator[str]:
    """Time both operations and return a line of the table for each."""
    for index, operation in enumerate(operations):
        times = times_of({name: made and made[index] for name, made in calls.items()})
        cells = [f"{times[name]:.2f}" if name in times else "" for name in calls]
        yield f"| {operation} {label} | " + " | ".join(cells) + " |"


def folded(title: str, makers: dict[str, Any], lines: Iterator[str]) -> Iterator[str]:
    """Yield a table that is hidden until it is asked for."""
    names = " | ".join(makers)
    yield from ("", "<details markdown>", f"<summary>{title}</summary>", "")
    yield from (f"| operation | {names} |", "| --- |" + " ---: |" * len(makers))
    yield from lines
    yield from ("", "</details>")


def jwe_rows(makers: dict[str, Any]) -> Iterator[str]:
    for alg, enc, options in JWE_CASES:
        jwk = jwe.generate_key(alg, encryption=enc, **options)
        calls = {name: make(jwk, alg, enc) for name, make in makers.items()}
        for name, made in calls.items():
            if made is not None:
                check_jwe(name, jwk, alg, enc, made)
        label = " ".join([alg, *options.values(), enc])
        yield from rows(label, ("encrypt", "decrypt"), calls)


def jws_rows(makers: dict[str, Any]) -> Iterator[str]:
    for alg in JWS_CASES:
        jwk = Key.generate(alg).to_jwk(private=True)
        calls = {name: make(jwk, alg) for name, make in makers.items()}
        for name, made in calls.items():
            check_jws(name, jwk, alg, made)
        yield from rows(alg, ("sign", "verify"), calls)


def mldsa_rows(makers: dict[str, Any]) -> Iterator[str]:
    for alg in MLDSA_CASES:
        key = Key.generate(alg)
        calls = {name: make(key, alg) for name, make in makers.items()}
        for name, made in calls.items():
            check_mldsa(name, key, alg, made)
        yield from rows(alg, ("sign", "verify"), calls)


def tables() -> Iterator[str]:
    """Check, then time everything, and return the lines of the page."""
    versions = installed_versions(["joserfc", "jwcrypto", "jwskate", "pyjosers", "cryptography"])
    found = ", ".join(f"{name} {version}" for name, version in versions.items())
    yield f"Measured on {today()}, {cpu_model()}, with {found}."
    makers = installed(
        {
            "rapidjwt": rapidjwt_jwe,
            "joserfc": joserfc_jwe,
            "jwcrypto": jwcrypto_jwe,
            "jwskate": jwskate_jwe,
            "pyjosers": pyjosers_jwe,
            RAW: raw_jwe,
        }
    )
    yield from folded("JWE, 8 claims, microseconds", makers, jwe_rows(makers))
    makers = installed(
        {
            "rapidjwt": rapidjwt_jws,
            "joserfc": joserfc_jws,
            "jwcrypto": jwcrypto_jws,
            "jwskate": jwskate_jws,
            "pyjosers": pyjosers_jws,
        }
    )
    title = "JWS in JSON, flattened, 8 claims, microseconds"
    yield from folded(title, makers, jws_rows(makers))
    makers = installed({"rapidjwt": rapidjwt_mldsa, "jwcrypto": jwcrypto_mldsa, RAW: raw_mldsa})
    title = "Tokens with ML-DSA, 8 claims, microseconds"
    yield from folded(title, makers, mldsa_rows(makers))


def main() -> None:
    """Print the tables, and write them to the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dry-run", action="store_true", help="print the tables only")
    dry_run = parser.parse_args().dry_run
    warnings.simplefilter("ignore")
    lines = []
    for line in tables():
        print(line, flush=True)
        lines.append(line)
    if not dry_run:
        page = PAGE.read_text(encoding="utf-8")
        before, _, rest = page.partition(START)
        _, _, after = rest.partition(END)
        text = "\n".join(lines)
        PAGE.write_text(f"{before}{START}\n\n{text}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
