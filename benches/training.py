"""The calls that the compiler sees before it optimizes a wheel: `maturin build --pgo` runs this.

A compiler that has seen a program run puts what is used often into short, straight code, and what
is not out of the way (profile-guided optimization). So everything that a server does for a request
has to occur here, and refusals too: attackers choose those. The shares of algorithms are those of
servers; keys and verifiers are made more often than there. The claims are those of several
providers, and none is a token that `compare.py` times.

It needs rapidjwt, msgspec and pyarrow. `--rounds` has another number of rounds, for a test.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

import msgspec
import pyarrow as pa
import rapidjwt
from rapidjwt import Key, Signer, Verifier, arrow, jwe, jws_json, profiles, sd_jwt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ISSUERS = ("https://tenant-17.auth.example.org/", "https://sts.example.net/9f1c/v2.0")
AUDIENCE = "urn:example:orders"
ISSUED, EXPIRES = 1_720_000_000, 4_070_908_800

#: How often a server meets each algorithm, in hundredths of the rounds.
SHARES = {"HS256": 50, "RS256": 20, "ES256": 15, "EdDSA": 10, "HS512": 3, "PS256": 1, "ES384": 1}


def claims_of_users() -> Iterator[dict[str, Any]]:
    """Yield claims of different providers, sizes and types."""
    dates = {"exp": EXPIRES, "iat": ISSUED}
    yield {"iss": ISSUERS[0], "sub": "auth0|64b1f0c2", "aud": AUDIENCE, **dates, "scope": "a b"}
    yield {
        "iss": ISSUERS[1],
        "aud": [AUDIENCE, "https://graph.example"],
        **dates,
        "nbf": ISSUED,
        "sub": "kR3-x9",
        "oid": "3f2e8c1a-77aa-4b0e-9a53-5d1f8f2c9b10",
        "name": "Zoë Müller",
        "roles": ["Orders.Read", "Orders.Write"],
        "ver": "2.0",
        "email_verified": True,
        "amr": ["pwd", "mfa"],
        "auth_time": ISSUED - 31.5,
    }
    yield {
        "iss": ISSUERS[0],
        "sub": "service-7",
        "aud": AUDIENCE,
        **dates,
        "jti": "c0ffee",
        "client_id": "batch",
        "acr": None,
        "realm_access": {"roles": ["offline_access", "user"]},
        "resource_access": {"account": {"roles": ["manage", "view"]}, "shop": {"roles": []}},
        "groups": [f"/teams/{number}" for number in range(20)],
        "note": 'quoted "text"\n',
    }


class User(msgspec.Struct):
    """Claims that a Struct holds as they are."""

    iss: str
    sub: str
    exp: int
    iat: int
    scope: str | None = None
    jti: str | None = None
    roles: list[str] = []
    email_verified: bool = False


class Nested(msgspec.Struct):
    """Claims that msgspec's decoder reads."""

    sub: str
    realm_access: dict[str, list[str]] | None = None


@dataclass
class Account:
    """Claims of a dataclass."""

    sub: str
    exp: int
    scope: str = ""


class Subject(TypedDict):
    """Claims of a TypedDict."""

    iss: str
    sub: str


TYPES = (User, Nested, Account, Subject)


class Pair(NamedTuple):
    """A key to sign and one to verify, as a program has them: text for a call, objects before."""

    algorithm: str
    private: Key
    public: Key
    private_text: str
    public_text: str


def pair(algorithm: str) -> Pair:
    """Return new keys."""
    if algorithm.startswith("HS"):
        secret = "a secret that is as long as HS512 wants it to be: sixty-four bytes"
        key = Key.from_secret(secret)
        return Pair(algorithm, key, key, secret, secret)
    key = Key.generate(algorithm)
    return Pair(algorithm, key, key.public(), key.to_pem(private=True), key.public().to_pem())


def refused(call: Callable[[], object]) -> None:
    """Make a call that must be refused."""
    try:
        call()
    except rapidjwt.PyJWTError as error:
        str(error)
    else:
        raise AssertionError("accepted what must be refused")


def calls_of_pyjwt(keys: Pair, claims: dict[str, Any]) -> None:
    """Sign and verify with keys per call, as a program that was written for PyJWT."""
    algorithms, options = [keys.algorithm], {"require": ["exp", "sub"]}
    token = rapidjwt.encode(claims, keys.private_text, algorithm=keys.algorithm)
    with_key_id = rapidjwt.encode(claims, keys.private, keys.algorithm, headers={"kid": "2026-11"})
    rapidjwt.decode(token, keys.public_text, algorithms=algorithms, audience=AUDIENCE)
    rapidjwt.decode(
        with_key_id.encode(),
        keys.public,
        algorithms=algorithms,
        audience=[AUDIENCE],
        issuer=list(ISSUERS),
        leeway=30,
        options=options,
    )
    rapidjwt.decode_complete(token, keys.public, algorithms=algorithms, audience=AUDIENCE)
    assert rapidjwt.get_unverified_header(with_key_id)["kid"] == "2026-11"
    rapidjwt.decode(token, options={"verify_signature": False})


def prepared_calls(keys: Pair, claims: dict[str, Any]) -> None:
    """Make verifiers, and verify tokens that are sound and tokens that are not."""
    algorithms = [keys.algorithm]
    policy = {"algorithms": algorithms, "audience": AUDIENCE, "issuer": ISSUERS}
    signer = Signer(keys.private, keys.algorithm, lifetime=600, jwt_id=True)
    verifiers: list[Verifier[Any]] = [
        Verifier(keys.public, **policy),
        Verifier(keys.public, **policy, leeway=10, require=["iat"], max_lifetime=10**10),
        Verifier(keys.public, **policy, cache_size=8, profile=profiles.ACCESS_TOKEN_LENIENT),
        Verifier(keys.public, **policy, rules={"sub": claims["sub"]}),
        *(Verifier(keys.public, **policy, claims=kind) for kind in TYPES),
    ]
    token = signer.encode(claims)
    expired = signer.encode(claims | {"exp": ISSUED + 1})
    for verifier in verifiers:
        for _ in range(4):
            verifier.decode(token)
        refused(lambda decode=verifier.decode: decode(expired))
        refused(lambda decode=verifier.decode: decode(token[:-9] + token[-6:]))


def profiled_calls(keys: Pair) -> None:
    """Sign and verify access tokens of RFC 9068."""
    policy = {"audience": AUDIENCE, "issuer": ISSUERS[0], "profile": profiles.ACCESS_TOKEN}
    signer = Signer(keys.private, keys.algorithm, lifetime=600, **policy)
    verifier = Verifier(keys.public, algorithms=[keys.algorithm], **policy)
    for number in range(4):
        token = signer.encode({"sub": f"user-{number}", "client_id": "web", "scope": "read"})
        verifier.decode(token)


def refusals(keys: Pair, claims: dict[str, Any]) -> None:
    """Verify what servers are sent that is no good."""
    verifier = Verifier(keys.public, algorithms=[keys.algorithm], audience=AUDIENCE)
    other = rapidjwt.encode(claims | {"aud": "others"}, keys.private, keys.algorithm)
    header, payload, signature = other.split(".")
    changed = "A" if signature[20] != "A" else "B"
    for bad in (
        other,
        "",
        "no token",
        f"{header}.{payload}",
        f"{header}.{payload}.",
        f"{header}.{payload}.{signature[:20]}{changed}{signature[21:]}",
        f"!{header}.{payload}.{signature}",
        f"eyJhbGciOiJub25lIn0.{payload}.",
        rapidjwt.encode({"sub": "nobody"}, keys.private, keys.algorithm),
    ):
        refused(lambda token=bad: verifier.decode(token))
        refused(
            lambda token=bad: rapidjwt.decode(
                token, keys.public_text, algorithms=[keys.algorithm], audience=AUDIENCE
            )
        )


def batches(keys: Pair, tokens: list[str]) -> None:
    """Verify many tokens at once: as an iterable, and as a column."""
    verifier = Verifier(keys.public, algorithms=[keys.algorithm], audience=AUDIENCE)
    assert len([*verifier.decode_many([*tokens, "no token"])]) == len(tokens) + 1
    claims = {
        "sub": "str",
        "exp": "timestamp",
        "iat": "int",
        "email_verified": "bool",
        ("realm_access", "roles"): "list[str]",
    }
    column = pa.array([*tokens, *tokens[: len(tokens) // 4], "no token", None])
    table = pa.table(arrow.verify(verifier, column, claims=claims))
    assert len(table) == len(column)


def other_forms(keys: Pair, claims: dict[str, Any]) -> None:
    """Make and read what is not a JWS in the compact serialization."""
    signer = jws_json.JSONSigner(keys.private, keys.algorithm)
    jws_json.JSONVerifier(keys.public, algorithms=[keys.algorithm]).verify(
        signer.sign_flattened(b"any payload")
    )
    verifier = Verifier(keys.public, algorithms=[keys.algorithm], audience=AUDIENCE)
    issued = sd_jwt.issue(
        claims, Signer(keys.private, keys.algorithm, headers={"typ": "example+sd-jwt"}), ["sub"]
    )
    sd_jwt.SDJWTVerifier(verifier, key_binding="refused").verify(sd_jwt.present(issued, ["sub"]))


def encryption(algorithm: str, content: str) -> Callable[[], None]:
    """Return what encrypts and decrypts one token."""
    key = jwe.generate_key(algorithm, encryption=content)
    encrypter = jwe.Encrypter(key, algorithm, content)
    decrypter = jwe.Decrypter(key, algorithms=[algorithm], encryptions=[content])

    def both() -> None:
        assert decrypter.decrypt(encrypter.encrypt(b"some claims")) == b"some claims"

    return both


def key_formats(keys: Pair) -> None:
    """Read keys in the formats that programs have them in, as at the start of a process."""
    if keys.private.kty == "oct":
        return
    Key.from_der(keys.private.to_der(private=True))
    jwk = keys.public.to_jwk() | {"kid": "2026-11", "alg": keys.algorithm}
    key_set = rapidjwt.PyJWKSet.from_dict({"keys": [jwk]})
    Verifier(key_set, algorithms=[keys.algorithm], audience=AUDIENCE)
    rapidjwt.clear_key_cache()


def train(rounds: int) -> None:
    """Make all calls, each algorithm in its share of the rounds."""
    users = [*claims_of_users()]
    encryptions = [
        encryption(*names)
        for names in (("dir", "A256GCM"), ("A256KW", "A128CBC-HS256"), ("ECDH-ES", "A256GCM"))
    ]
    for algorithm, share in SHARES.items():
        keys = pair(algorithm)
        for number in range(max(1, rounds * share // 100)):
            claims = users[number % len(users)]
            for _ in range(10):
                calls_of_pyjwt(keys, claims)
            prepared_calls(keys, claims)
            profiled_calls(keys)
            refusals(keys, claims)
            if number % 20 == 0:
                tokens = [rapidjwt.encode(each, keys.private, algorithm) for each in users * 9]
                batches(keys, tokens)
                other_forms(keys, claims)
                key_formats(keys)
                for both in encryptions:
                    both()


def forget_the_build() -> None:
    """Remove what build scripts and macros have counted while the module was compiled.

    The compiler would take what is common in them for common in tokens, and write half a megabyte
    more. They have the default name of such files, maturin gives this process another.
    """
    pattern = os.environ.get("LLVM_PROFILE_FILE")
    for path in Path(pattern).parent.glob("default_*.profraw") if pattern else ():
        path.unlink()


if __name__ == "__main__":
    forget_the_build()
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--rounds", type=int, default=1000, metavar="N")
    train(options.parse_args().rounds)
