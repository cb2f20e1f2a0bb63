"""Typical mistakes with the native API, and the error for each.

`docs/errors.md` is written from this table by `python tests/python/mistakes.py`.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from differential.keys import private_pem, public_pem
from rapidjwt import (
    DecodeError,
    InvalidAlgorithmError,
    InvalidAudienceError,
    InvalidKeyError,
    JWKSClient,
    Key,
    KeySet,
    PasswordRequiredError,
    PyJWKSetError,
    Signer,
    Verifier,
)
from rapidjwt.profiles import ACCESS_TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"
SECRET = "a secret of at least thirty-two bytes, from a vault"
RSA, EC = private_pem("RSA-2048"), private_pem("P-256")
EC_KEY = Key.from_pem(EC)
ES256_KEY = Key.generate("ES256")
BODY = "".join(RSA.splitlines()[1:-1])
ENCRYPTED = EC_KEY.to_pem(private=True, password="hunter2")
JWK = EC_KEY.to_jwk() | {"kid": "a"}
PRIVATE_JWK = EC_KEY.to_jwk(private=True)
JWKS = {"keys": [JWK]}
CLIENT = JWKSClient("https://issuer.example/jwks")
SIGNER = Signer(SECRET, "HS256")
VERIFIER = Verifier(SECRET, algorithms=["HS256"])
TOKEN = SIGNER.encode({"sub": "alice"})
HS256 = ["HS256"]
NAMES = (
    "HS256, RS256, ES256, EdDSA, HS384, HS512, RS384, RS512, PS256, PS384, PS512, ES384, ES512, "
    "ES256K, Ed25519, Ed448, ML-DSA-44, ML-DSA-65, ML-DSA-87"
)
UNKNOWN = f"unknown algorithm: a token is signed with one of {NAMES}"
NO_PEM = 'The key is not in PEM format: there is no "-----BEGIN ...-----" line'
LINE_ENDS = (
    "The PEM key holds the two characters \\n where line ends belong, as happens in environment "
    'variables: replace them, for example with key.replace("\\\\n", "\\n")'
)
PATH = (
    "Expected a key in PEM format, got what looks like a path: pass the text that the file holds, "
    "for example Path(...).read_text()"
)
PASSWORD = "The private key is encrypted: pass its password, as in Key.from_pem(data, password=...)"
RSA_NAMES = "RS256, RS384, RS512, PS256, PS384, PS512"
KINDS = (
    "The key must be a Key, a PyJWK, PEM or OpenSSH text, a secret or a key object of cryptography,"
)
SEVERAL = "A Signer signs with one key, got several: pass the newest, for example keys[0]"
A_JWK_SET = "This is a JWK Set: use KeySet.from_jwks(...)"
A_JWK = "This is a JWK: use Key.from_jwk(...)"


class Mistake(NamedTuple):
    """What was written, in the words of the page, and what is raised for it."""

    written: str
    call: Callable[[], object]
    error: type[Exception]
    message: str


def signing_with(key: object, algorithm: object = "RS256", **arguments: object) -> Callable:
    return lambda: Signer(key, algorithm, **arguments)


def verifying_with(key: object, algorithms: object = ("RS256",), **arguments: object) -> Callable:
    return lambda: Verifier(key, algorithms=algorithms, **arguments)


def policy(**arguments: object) -> Callable:
    return lambda: Verifier(SECRET, algorithms=HS256, **arguments)


def decoding(token: object) -> Callable:
    return lambda: VERIFIER.decode(token)


#: By the heading of the page.
MISTAKES = {
    "The key of a Signer or a Verifier": [
        Mistake(
            "`Signer(pem)` with the characters `\\n` in place of line ends",
            signing_with(RSA.replace("\n", "\\n")),
            InvalidKeyError,
            LINE_ENDS,
        ),
        Mistake(
            "`Signer(ec_pem)` with them",
            signing_with(EC.replace("\n", "\\n"), "ES256"),
            InvalidKeyError,
            LINE_ENDS,
        ),
        Mistake("`Signer(path)`", signing_with("keys/private.pem"), InvalidKeyError, PATH),
        Mistake(
            "`Signer(Path(...))`",
            signing_with(Path("private.pem")),
            TypeError,
            "Expected a key, got a path: pass what the file holds, path.read_bytes()",
        ),
        Mistake("`Signer(base64)` without armour", signing_with(BODY), InvalidKeyError, NO_PEM),
        Mistake(
            "`Signer(der)`",
            signing_with(base64.b64decode(BODY)),
            InvalidKeyError,
            "Expected a key in PEM format, got what looks like DER: Key.from_der reads it",
        ),
        Mistake(
            '`Signer(ec_pem, "RS256")`',
            signing_with(EC),
            InvalidKeyError,
            "RS256 needs an RSA key, this is an EC key on P-256: use ES256",
        ),
        Mistake(
            '`Signer(rsa_pem, "ES256")`',
            signing_with(RSA, "ES256"),
            InvalidKeyError,
            f"ES256 needs an EC key on P-256, this is an RSA key: use {RSA_NAMES}",
        ),
        Mistake(
            '`Signer(p256_key, "ES384")`',
            signing_with(EC_KEY, "ES384"),
            InvalidKeyError,
            "ES384 needs an EC key on P-384, this is an EC key on P-256: use ES256",
        ),
        Mistake(
            '`Signer(ec_pem, "HS256")`',
            signing_with(EC, "HS256"),
            InvalidKeyError,
            "HS256 needs a shared secret, this is an EC key on P-256: use ES256",
        ),
        Mistake(
            '`Signer(Key.from_secret(...), "RS256")`',
            signing_with(Key.from_secret(SECRET)),
            InvalidKeyError,
            "RS256 needs an RSA key, this is a shared secret: use HS256, HS384, HS512",
        ),
        Mistake('`Signer(secret, "RS256")`', signing_with(SECRET), InvalidKeyError, NO_PEM),
        Mistake(
            '`Signer(key_for_es256, "RS256")`',
            signing_with(ES256_KEY),
            InvalidKeyError,
            "The key is for ES256 (its own alg), RS256 was asked for",
        ),
        Mistake(
            "`Signer(public_pem, ...)`",
            signing_with(public_pem("RSA-2048")),
            InvalidKeyError,
            "Signing needs a private key, got a public key",
        ),
        Mistake(
            "`Signer(encrypted_pem)`",
            signing_with(ENCRYPTED, "ES256"),
            PasswordRequiredError,
            PASSWORD,
        ),
        Mistake("`Signer([key])`", signing_with([EC_KEY], None), TypeError, SEVERAL),
        Mistake("`Signer(key_set)`", signing_with(KeySet([EC_KEY])), TypeError, SEVERAL),
        Mistake("`Signer(jwk_dict)`", signing_with(PRIVATE_JWK, "ES256"), TypeError, A_JWK),
        Mistake(
            "`Signer(client)`",
            signing_with(CLIENT),
            TypeError,
            "This is a client for public keys, which cannot sign: pass a private key",
        ),
        Mistake("`Signer(None, ...)`", signing_with(None), TypeError, f"{KINDS} got None"),
        Mistake("`Signer(12345, ...)`", signing_with(12345), TypeError, f"{KINDS} got int"),
        Mistake("`Verifier(jwks_dict)`", verifying_with(JWKS, None), TypeError, A_JWK_SET),
        Mistake("`Verifier(jwk_dict)`", verifying_with(JWK), TypeError, A_JWK),
        Mistake("`Verifier([jwk_dict])`", verifying_with([JWK]), TypeError, A_JWK),
        Mistake(
            "`Verifier(client)`",
            verifying_with(CLIENT, None),
            TypeError,
            "This is a client: pass it as jwks=..., with algorithms=[...]",
        ),
        Mistake(
            "`Verifier(jwk_text)`",
            verifying_with('{"kty": "RSA"}'),
            InvalidKeyError,
            "Expected a key in PEM format, got what looks like a JWK: Key.from_jwk reads it",
        ),
        Mistake(
            '`Verifier(public_pem, algorithms=["HS256"])`',
            verifying_with(public_pem("P-256"), HS256),
            InvalidKeyError,
            "HS256 needs a shared secret, this is an EC key on P-256: use ES256",
        ),
        Mistake(
            '`Verifier(key_for_es256, algorithms=["RS256"])`',
            verifying_with(ES256_KEY),
            InvalidKeyError,
            "The key is for ES256 (its own alg), which is not among the allowed algorithms: RS256",
        ),
        Mistake("`Verifier([])`", verifying_with([]), ValueError, "A Verifier needs a key"),
        Mistake(
            "`Verifier(None, ...)`",
            verifying_with(None),
            TypeError,
            "A Verifier takes either key or jwks, got neither (or None: is a setting missing?)",
        ),
        Mistake(
            "`Verifier(key, jwks=client)`",
            verifying_with(SECRET, jwks=CLIENT),
            TypeError,
            "A Verifier takes either key or jwks, got both: the keys of a client need no key",
        ),
        Mistake(
            '`Verifier(jwks="https://...")`',
            lambda: Verifier(jwks="https://issuer.example/jwks", algorithms=["RS256"]),
            TypeError,
            "jwks must be a JWKSClient or an AsyncJWKSClient, got text: pass jwks=JWKSClient(url)",
        ),
        Mistake(
            "`Verifier(jwks=jwks_dict)`",
            lambda: Verifier(jwks=JWKS, algorithms=["RS256"]),
            TypeError,
            "jwks must be a JWKSClient or an AsyncJWKSClient, got a dict: pass "
            "KeySet.from_jwks(...) as key",
        ),
        Mistake(
            "`Verifier(jwks=key_set)`",
            lambda: Verifier(jwks=KeySet([EC_KEY]), algorithms=["ES256"]),
            TypeError,
            "jwks must be a JWKSClient or an AsyncJWKSClient, got a KeySet: pass it as key, "
            "Verifier(key_set, ...)",
        ),
    ],
    "Algorithms": [
        Mistake(
            '`Signer(pem, "rs256")`',
            signing_with(RSA, "rs256"),
            ValueError,
            'unknown algorithm "rs256": did you mean "RS256"?',
        ),
        Mistake(
            '`Signer(pem, "RS255")`',
            signing_with(RSA, "RS255"),
            ValueError,
            'unknown algorithm "RS255": did you mean "RS256"?',
        ),
        Mistake('`Signer("HS256", secret)`', signing_with("HS256", SECRET), ValueError, UNKNOWN),
        Mistake(
            '`Signer(key, "none")`',
            signing_with(RSA, "none"),
            ValueError,
            'algorithm "none" has no signature: it can neither sign nor verify a token',
        ),
        Mistake(
            "`Signer(key, 256)`",
            signing_with(RSA, 256),
            TypeError,
            "algorithm must be a string, got int",
        ),
        Mistake(
            "`Signer(pem)`",
            signing_with(RSA, None),
            ValueError,
            'algorithm is needed, for example Signer(key, "RS256"): a text does not say what it is '
            "for",
        ),
        Mistake(
            "`Verifier(pem)`",
            verifying_with(RSA, None),
            ValueError,
            'algorithms is needed, for example algorithms=["RS256"]: the key does not say what it '
            "is for",
        ),
        Mistake(
            "`Verifier(jwks=client)`",
            lambda: Verifier(jwks=CLIENT),
            ValueError,
            'algorithms is needed, for example algorithms=["RS256"]: keys are not fetched yet',
        ),
        Mistake(
            '`Verifier(key, algorithms="HS256")`',
            verifying_with(SECRET, "HS256"),
            TypeError,
            'algorithms must be a list of names, for example ["RS256"]',
        ),
        Mistake(
            "`Verifier(key, algorithms=[])`",
            verifying_with(SECRET, []),
            ValueError,
            "algorithms is empty",
        ),
        Mistake(
            '`Verifier(key, algorithms=["hs256"])`',
            verifying_with(SECRET, ["hs256"]),
            ValueError,
            'unknown algorithm "hs256": did you mean "HS256"?',
        ),
        Mistake(
            '`Verifier(jwks=client, algorithms=["HS256"])`',
            lambda: Verifier(jwks=CLIENT, algorithms=HS256),
            ValueError,
            "A key that a provider publishes is not a shared secret: HS algorithms cannot be used "
            "with jwks",
        ),
        Mistake('`Key.generate("RSA")`', lambda: Key.generate("RSA"), ValueError, UNKNOWN),
        Mistake(
            '`Key.generate("es-256")`',
            lambda: Key.generate("es-256"),
            ValueError,
            'unknown algorithm "es-256": did you mean "ES256"?',
        ),
    ],
    "Other arguments": [
        Mistake(
            '`Signer(..., lifetime="15m")`',
            signing_with(SECRET, "HS256", lifetime="15m"),
            ValueError,
            "lifetime must be a number of seconds, at least one, or a timedelta; for example 900 "
            "or timedelta(minutes=15)",
        ),
        Mistake(
            '`Signer(..., audience={"a"})`',
            signing_with(SECRET, "HS256", audience={"a"}),
            TypeError,
            "audience must be a string or a list of strings, got set",
        ),
        Mistake(
            '`Verifier(..., profile="access-token")`',
            policy(profile="access-token"),
            TypeError,
            "profile must be a Profile, such as rapidjwt.profiles.ACCESS_TOKEN, got str",
        ),
        Mistake(
            "`Verifier(..., profile=ACCESS_TOKEN)` without `audience`",
            policy(profile=ACCESS_TOKEN, issuer="https://auth.example"),
            ValueError,
            "The profile access-token needs audience=...",
        ),
        Mistake(
            "`Verifier(..., rules=[...])`",
            policy(rules=["sub"]),
            TypeError,
            "rules must be a dict of claims and rules, got list",
        ),
        Mistake(
            '`Verifier(..., rules={"tenant": None})`',
            policy(rules={"tenant": None}),
            TypeError,
            'the rule for "tenant" must be a JSON value, a rule of rapidjwt.rules or a function, '
            "got None",
        ),
        Mistake(
            '`Verifier(..., max_age="5m")`',
            policy(max_age="5m"),
            TypeError,
            "max_age must be a number of seconds or a timedelta, not negative",
        ),
        Mistake(
            "`Signer(..., profile=ACCESS_TOKEN).encode({...})` without `client_id`",
            lambda: Signer(SECRET, "HS256", profile=ACCESS_TOKEN).encode(
                {"iss": "i", "sub": "alice", "aud": "a", "exp": 4_000_000_000}
            ),
            ValueError,
            'The profile access-token refuses these claims: Token is missing the "client_id" claim',
        ),
        Mistake(
            "`Signer(..., issuer=5)`",
            signing_with(SECRET, "HS256", issuer=5),
            TypeError,
            "issuer must be a string, got int",
        ),
        Mistake(
            "`Signer(..., headers=[...])`",
            signing_with(SECRET, "HS256", headers=["kid"]),
            TypeError,
            "headers must be a dict, got list",
        ),
        Mistake(
            '`Signer(..., headers={"alg": ...})`',
            signing_with(SECRET, "HS256", headers={"alg": "HS512"}),
            ValueError,
            'headers cannot have "alg": use rapidjwt.encode() for that',
        ),
        Mistake(
            "`Verifier(..., audience=5)`",
            policy(audience=5),
            TypeError,
            "audience must be a string, or a list, tuple or set of strings, got int",
        ),
        Mistake(
            '`Verifier(..., require="exp")`',
            policy(require="exp"),
            TypeError,
            "require must be a list, tuple or set of strings, got str",
        ),
        Mistake(
            '`Verifier(..., leeway="5")`',
            policy(leeway="5"),
            TypeError,
            "leeway must be a number of seconds or a timedelta, got str",
        ),
        Mistake(
            "`Verifier(..., subject=5)`",
            policy(subject=5),
            TypeError,
            "subject must be a string, got int",
        ),
        Mistake(
            '`Verifier(..., options={"requires": ...})`',
            policy(options={"requires": ["exp"]}),
            ValueError,
            'unknown option "requires": did you mean "require"?',
        ),
        Mistake(
            '`Verifier(..., options={"verify_signature": False})`',
            policy(options={"verify_signature": False}),
            ValueError,
            "A Verifier always verifies; to read a token without verifying it, call "
            'rapidjwt.decode(token, options={"verify_signature": False})',
        ),
        Mistake(
            "`Verifier(..., cache_size=-1)`",
            policy(cache_size=-1),
            ValueError,
            "cache_size cannot be negative",
        ),
        Mistake(
            "`verifier.decode_many(token)`",
            lambda: VERIFIER.decode_many(TOKEN),
            TypeError,
            "decode_many takes an iterable of tokens, got one str or bytes: pass [token]",
        ),
        Mistake(
            '`signer.encode({"iat": "now"})` with a lifetime',
            lambda: Signer(SECRET, "HS256", lifetime=9).encode({"iat": "now"}),
            TypeError,
            "iat must be an int or a datetime where exp is computed from it",
        ),
    ],
    "Tokens": [
        Mistake(
            "`decode(None)`",
            decoding(None),
            DecodeError,
            "The token must be str or bytes, got None",
        ),
        Mistake(
            "`decode([token])`",
            decoding([TOKEN]),
            DecodeError,
            "The token must be str or bytes, got list",
        ),
        Mistake('`decode("")`', decoding(""), DecodeError, "The token is empty"),
        Mistake(
            '`decode("Bearer eyJ...")`',
            decoding(f"Bearer {TOKEN}"),
            DecodeError,
            'The token starts with "Bearer ": pass the token alone',
        ),
        Mistake(
            "a token in quotation marks",
            decoding(f'"{TOKEN}"'),
            DecodeError,
            "The token is in quotation marks: pass it without them",
        ),
        Mistake(
            "`decode(str(token_bytes))`",
            decoding(str(TOKEN.encode())),
            DecodeError,
            "The token is what str() makes of bytes, b'...': pass the bytes themselves",
        ),
        Mistake(
            "a token with a line end",
            decoding(f"{TOKEN}\n"),
            DecodeError,
            "The token has white space around it: pass token.strip()",
        ),
        Mistake(
            "an encrypted token",
            decoding("eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..aaaa.bbbb.cccc"),
            DecodeError,
            "This is an encrypted token (JWE, five parts): pass a decrypter to Verifier, or "
            "decrypt it with rapidjwt.jwe",
        ),
        Mistake(
            "an SD-JWT",
            decoding(f"{TOKEN}~"),
            DecodeError,
            'This is an SD-JWT, a token with disclosures ("~"): verify it with '
            "rapidjwt.sd_jwt.SDJWTVerifier",
        ),
        Mistake("an opaque access token", decoding("6f1b3c2d"), DecodeError, "Not enough segments"),
        Mistake(
            "a token signed with another algorithm",
            decoding(Signer(SECRET * 2, "HS512").encode({})),
            InvalidAlgorithmError,
            "The token's alg HS512 is not allowed: this verifier accepts HS256",
        ),
        Mistake(
            "a token with `aud`, and a Verifier without `audience`",
            decoding(Signer(SECRET, "HS256", audience="api").encode({})),
            InvalidAudienceError,
            "The token is for 'api' (aud), and the verifier was made without an audience: pass "
            "audience=...",
        ),
    ],
    "Key and KeySet": [
        Mistake("`Key.from_jwk(jwks)`", lambda: Key.from_jwk(JWKS), InvalidKeyError, A_JWK_SET),
        Mistake(
            "`Key.from_jwk([...])`",
            lambda: Key.from_jwk([JWK]),
            TypeError,
            "Expected a string or bytes value, got list",
        ),
        Mistake(
            "`Key.from_jwk(pem)`",
            lambda: Key.from_jwk(EC),
            InvalidKeyError,
            "Key is not valid JSON but PEM text: use Key.from_pem(...)",
        ),
        Mistake(
            "`Key.from_pem(None)`",
            lambda: Key.from_pem(None),
            TypeError,
            "Expected a string or bytes value, got None",
        ),
        Mistake(
            "`Key.from_pem(encrypted_pem)`",
            lambda: Key.from_pem(ENCRYPTED),
            PasswordRequiredError,
            PASSWORD,
        ),
        Mistake(
            "`Key.from_der(pem)`",
            lambda: Key.from_der(EC),
            TypeError,
            "Expected bytes, got str: Key.from_pem reads text",
        ),
        Mistake(
            '`key_for_es256.sign(message, "ES384")`',
            lambda: ES256_KEY.sign(b"", "ES384"),
            InvalidKeyError,
            "The key is for ES256 (its own alg), ES384 was asked for",
        ),
        Mistake(
            "`public_key.to_pem(private=True)`",
            lambda: EC_KEY.public().to_pem(private=True),
            InvalidKeyError,
            "The key is public: it has no private part to write",
        ),
        Mistake(
            "`key.to_pem(password=...)`",
            lambda: EC_KEY.to_pem(password="hunter2"),
            ValueError,
            "A password is for private keys: pass private=True, or no password",
        ),
        Mistake(
            "`KeySet(jwks)`",
            lambda: KeySet(JWKS),
            PyJWKSetError,
            "Expected a list of keys, got a JWK Set: use KeySet.from_jwks(...)",
        ),
        Mistake(
            "`KeySet(jwk)`",
            lambda: KeySet(JWK),
            PyJWKSetError,
            "Expected a list of keys, got a JWK: pass [jwk]",
        ),
        Mistake(
            "`KeySet(json_text)`",
            lambda: KeySet('{"keys": []}'),
            PyJWKSetError,
            "Expected a list of keys, got text: KeySet.from_jwks reads JSON",
        ),
        Mistake(
            "`KeySet(key)`",
            lambda: KeySet(EC_KEY),
            TypeError,
            "Expected a list of keys, got one Key: pass [key]",
        ),
        Mistake(
            "`KeySet([pem])`",
            lambda: KeySet([EC]),
            PyJWKSetError,
            "The JWK Set did not contain any usable keys: member 0: A JWK must be a JSON object: "
            "Key.from_pem reads PEM text",
        ),
        Mistake(
            "`KeySet.from_jwks([jwk])`",
            lambda: KeySet.from_jwks([JWK]),
            PyJWKSetError,
            'Invalid JWK Set value: a list, not {"keys": [...]}; use KeySet(keys)',
        ),
        Mistake(
            "`KeySet.from_jwks(jwk)`",
            lambda: KeySet.from_jwks(JWK),
            PyJWKSetError,
            "Invalid JWK Set value: this is a JWK; use KeySet([jwk])",
        ),
        Mistake(
            "`KeySet.from_jwks(url)`",
            lambda: KeySet.from_jwks("https://issuer.example/jwks"),
            PyJWKSetError,
            "The JWK Set is not valid JSON: JWKSClient(url) fetches it",
        ),
        Mistake(
            "`KeySet.from_jwks(None)`",
            lambda: KeySet.from_jwks(None),
            PyJWKSetError,
            "Invalid JWK Set value: NoneType is not a dict",
        ),
    ],
}

INTRODUCTION = """# Error messages

`Signer`, `Verifier`, `Key` and `KeySet` say what they were given, what they need, and what to write
instead. `rapidjwt.encode`, `rapidjwt.decode` and PyJWT's other names keep PyJWT's texts. No message
contains a token, a key, or the value of a claim other than the audience. The classes are in [Errors
and warnings](api/errors.md).

A test checks every line of these tables.

## Codes

Every error of the package has a `code`, a short name that does not change. Where they apply,
`claim` is the name of the claim that is wrong, `expected` what you accept, `actual` what the token
has instead, and `expired_at` the time in `exp`, in seconds since the epoch. `details()` returns
those that are not None as a dict for logs, and `help`, the address of the page about the code on
this site. Texts and lists are shortened, and it never contains a token, a key, a `sub` or a `jti`.

```python
import rapidjwt

secret = "a secret of at least thirty-two bytes"
verifier = rapidjwt.Verifier(secret, algorithms=["HS256"], audience="https://orders.example")
token = rapidjwt.encode({"sub": "alice", "aud": "https://shop.example"}, secret)

try:
    verifier.decode(token)
except rapidjwt.InvalidTokenError as error:
    assert error.details() == {
        "code": "wrong_audience",
        "claim": "aud",
        "expected": "https://orders.example",
        "actual": "https://shop.example",
        "help": "error-codes/wrong_audience/",
    }
else:
    raise AssertionError
```

The classes, texts and `args` of the errors that PyJWT has are PyJWT's. A class of your own inherits
the `code` of its base, or sets another, which has no page.

[Error codes](error-codes/index.md) lists the codes. Each has a page that says where the error comes
from, what helps, and which messages have the code.

"""


def page() -> str:
    """Return the text of docs/errors.md."""
    parts = [INTRODUCTION]
    for heading, mistakes in MISTAKES.items():
        rows = [
            f"| {one.written} | `{one.error.__name__}` | {cell(one.message)} |" for one in mistakes
        ]
        parts.append(
            "\n".join(
                [f"## {heading}\n", "| written | error | message |", "|---|---|---|", *rows, ""]
            )
        )
    return "\n".join(parts)


def cell(message: str) -> str:
    """Return a message as Markdown shows it unchanged."""
    return f"`{message}`".replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
