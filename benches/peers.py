"""The contestants: each library's own way to encode and decode, as source text.

They are source text, so that the very expression that is checked is also timed, without a wrapper
around it, and so that a fresh process can run it to measure the first call. They may use the names
in `fixtures.namespace`.
"""

from __future__ import annotations

from dataclasses import dataclass

HMAC = frozenset({"oct"})
ASYMMETRIC = frozenset({"RSA", "EC", "OKP"})
ALL = HMAC | ASYMMETRIC


@dataclass(frozen=True)
class Code:
    """One timed expression: `setup` runs once, `expression` is timed, `expect` must be true."""

    expression: str
    expect: str
    setup: str = ""


@dataclass(frozen=True)
class Contestant:
    """A library, used in one way.

    `kind` is "library", or "raw" for the bare operation on which a JWT library is built. `key` is
    what each call receives: key text (PEM or secret), a key object, or a prepared object.
    `payloads` restricts raw operations to small or large payloads.
    """

    name: str
    distribution: str
    module: str
    key: str
    encode: Code | None
    decode: Code | None
    kty: frozenset[str] = ALL
    kind: str = "library"
    payloads: frozenset[str] = frozenset({"small", "large"})
    minimum_python: tuple[int, int] = (3, 10)

    def code(self, operation: str) -> Code | None:
        """Return the code for "encode" or "decode"."""
        return self.encode if operation == "encode" else self.decode


def encodes(expression: str, setup: str = "") -> Code:
    """Return code whose result is a token that the reference implementation must accept."""
    return Code(expression, "reference_decode(result, alg) == claims", setup)


def decodes(expression: str, setup: str = "") -> Code:
    """Return code whose result must be the claims."""
    return Code(expression, "result == claims", setup)


def pyjwt_shaped(
    name: str, distribution: str, module: str, key: str, setup: str = "", kty: frozenset[str] = ALL
) -> Contestant:
    """Return a contestant with PyJWT's call, whose keys are those that `setup` leaves."""
    lines = f"import {module} as jwt\n{setup}"
    return Contestant(
        name,
        distribution,
        module,
        key,
        encodes("jwt.encode(claims, private, algorithm=alg)", lines),
        decodes(
            "jwt.decode(token, public, algorithms=[alg], audience=audience, issuer=issuer)", lines
        ),
        kty,
    )


CRYPTOGRAPHY_KEYS = """
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
private = load_pem_private_key(private.encode(), None)
public = load_pem_public_key(public.encode())
"""

RAPIDJWT_KEYS = """
import rapidjwt
parse = rapidjwt.Key.from_secret if kty == "oct" else rapidjwt.Key.from_pem
private, public = parse(private), parse(public)
"""

RAPIDJWT_VERIFIER = (
    "verifier = rapidjwt.Verifier("
    "public, algorithms=[alg], audience=audience, issuer=issuer, cache_size={cache_size})"
)

OXYJWT_KEYS = """
family = {"RSA": "rsa", "EC": "ec", "OKP": "ed"}[kty]
private = getattr(jwt.EncodingKey, f"from_{family}_pem")(private)
public = getattr(jwt.DecodingKey, f"from_{family}_pem")(public)
"""

RYJWT_KEYS = """
import ryjwt
if kty == "oct":
    private = public = ryjwt.SecretKey(
        private, algorithms=[alg], audience=audience, issuer=issuer)
else:
    private = ryjwt.PrivateKey(private, algorithms=[alg])
    public = ryjwt.PublicKey(public, algorithms=[alg], audience=audience, issuer=issuer)
"""

JOSERFC = """
from joserfc import jwt
from joserfc.jwk import import_key
private, public = import_key(private, kty), import_key(public, kty)
registry = jwt.JWTClaimsRegistry(
    iss={"essential": True, "value": issuer}, aud={"essential": True, "value": audience})
def decode(token):
    claims = jwt.decode(token, public, algorithms=[alg]).claims
    registry.validate(claims)
    return claims
"""

AUTHLIB = """
from authlib.jose import JsonWebKey, JsonWebToken
jwt = JsonWebToken([alg])
private = JsonWebKey.import_key(private, {"kty": kty})
public = JsonWebKey.import_key(public, {"kty": kty})
rules = {
    "iss": {"essential": True, "value": issuer},
    "aud": {"essential": True, "value": audience},
}
def decode(token):
    claims = jwt.decode(token, public, claims_options=rules)
    claims.validate()
    return claims
"""

JWCRYPTO = """
import json
from jwcrypto import jwt
from jwcrypto.common import base64url_encode
from jwcrypto.jwk import JWK
if kty == "oct":
    private = public = JWK(kty="oct", k=base64url_encode(private))
else:
    private, public = JWK.from_pem(private.encode()), JWK.from_pem(public.encode())
rules = {"iss": issuer, "aud": audience, "exp": None, "nbf": None}
def encode(claims):
    token = jwt.JWT(header={"alg": alg, "typ": "JWT"}, claims=claims, algs=[alg])
    token.make_signed_token(private)
    return token.serialize()
def decode(token):
    return json.loads(jwt.JWT(jwt=token, key=public, algs=[alg], check_claims=rules).claims)
"""

RAW_HMAC = "import hmac\nsecret = private.encode()"

RAW_CRYPTOGRAPHY = (
    CRYPTOGRAPHY_KEYS
    + """
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
sha256 = hashes.SHA256()
how = {
    "RS256": (padding.PKCS1v15(), sha256),
    "PS256": (padding.PSS(padding.MGF1(sha256), sha256.digest_size), sha256),
    "ES256": (ec.ECDSA(sha256),),
    "ES384": (ec.ECDSA(hashes.SHA384()),),
    "EdDSA": (),
}[alg]
if kty == "EC":
    half = len(signature) // 2
    signature = utils.encode_dss_signature(
        int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big"))
def verifies(signature):
    return public.verify(signature, signing_input, *how) is None
"""
)

CONTESTANTS: tuple[Contestant, ...] = (
    Contestant(
        "rapidjwt prepared",
        "rapidjwt",
        "rapidjwt",
        "prepared",
        encodes(
            "signer.encode(claims)",
            RAPIDJWT_KEYS + "signer = rapidjwt.Signer(private, algorithm=alg)",
        ),
        decodes("verifier.decode(token)", RAPIDJWT_KEYS + RAPIDJWT_VERIFIER.format(cache_size=0)),
    ),
    Contestant(
        "rapidjwt repeated token",
        "rapidjwt",
        "rapidjwt",
        "prepared, cache",
        None,
        decodes(
            "verifier.decode(token)", RAPIDJWT_KEYS + RAPIDJWT_VERIFIER.format(cache_size=1024)
        ),
        ASYMMETRIC,
    ),
    pyjwt_shaped("rapidjwt", "rapidjwt", "rapidjwt", "text"),
    pyjwt_shaped(
        "rapidjwt key object", "rapidjwt", "rapidjwt", "object", CRYPTOGRAPHY_KEYS, ASYMMETRIC
    ),
    pyjwt_shaped("PyJWT", "PyJWT", "jwt", "text"),
    pyjwt_shaped("PyJWT key object", "PyJWT", "jwt", "object", CRYPTOGRAPHY_KEYS, ASYMMETRIC),
    pyjwt_shaped("pyjwt-rs", "pyjwt-rs", "jwt_rs", "text"),
    pyjwt_shaped(
        "pyjwt-rs key object", "pyjwt-rs", "jwt_rs", "object", CRYPTOGRAPHY_KEYS, ASYMMETRIC
    ),
    pyjwt_shaped("oxyjwt", "oxyjwt", "oxyjwt", "text", kty=HMAC),
    pyjwt_shaped("oxyjwt key object", "oxyjwt", "oxyjwt", "object", OXYJWT_KEYS, ASYMMETRIC),
    Contestant(
        "ryjwt",
        "ryjwt",
        "ryjwt",
        "prepared",
        encodes("private.encode(claims)", RYJWT_KEYS),
        decodes("public.decode(token)", RYJWT_KEYS),
        minimum_python=(3, 12),
    ),
    pyjwt_shaped("python-jose", "python-jose", "jose.jwt", "text"),
    Contestant(
        "joserfc",
        "joserfc",
        "joserfc.jwt",
        "object",
        encodes('jwt.encode({"alg": alg}, claims, private, algorithms=[alg])', JOSERFC),
        decodes("decode(token)", JOSERFC),
    ),
    Contestant(
        "Authlib",
        "Authlib",
        "authlib.jose",
        "object",
        encodes('jwt.encode({"alg": alg}, claims, private)', AUTHLIB),
        decodes("decode(token)", AUTHLIB),
    ),
    Contestant(
        "jwcrypto",
        "jwcrypto",
        "jwcrypto.jwt",
        "object",
        encodes("encode(claims)", JWCRYPTO),
        decodes("decode(token)", JWCRYPTO),
    ),
    Contestant(
        "raw: hmac.digest",
        "",
        "hmac",
        "raw",
        Code('hmac.digest(secret, signing_input, "sha256")', "result == signature", RAW_HMAC),
        Code('hmac.digest(secret, signing_input, "sha256")', "result == signature", RAW_HMAC),
        HMAC,
        "raw",
        frozenset({"small"}),
    ),
    Contestant(
        "raw: orjson + hmac.digest",
        "orjson",
        "orjson",
        "raw",
        Code(
            '(orjson.dumps(claims), hmac.digest(secret, signing_input, "sha256"))',
            "result == (payload, signature)",
            RAW_HMAC + "\nimport orjson",
        ),
        Code(
            '(orjson.loads(payload), hmac.digest(secret, signing_input, "sha256"))',
            "result == (claims, signature)",
            RAW_HMAC + "\nimport orjson",
        ),
        HMAC,
        "raw",
        frozenset({"large"}),
    ),
    Contestant(
        "raw: cryptography",
        "cryptography",
        "cryptography",
        "raw",
        Code("private.sign(signing_input, *how)", "verifies(result)", RAW_CRYPTOGRAPHY),
        Code("public.verify(signature, signing_input, *how)", "result is None", RAW_CRYPTOGRAPHY),
        ASYMMETRIC,
        "raw",
    ),
    Contestant(
        "raw: rapidjwt.Key",
        "rapidjwt",
        "rapidjwt",
        "raw",
        Code(
            "private.sign(signing_input, alg)",
            "public.verify(signing_input, result, alg)",
            RAPIDJWT_KEYS,
        ),
        Code("public.verify(signing_input, signature, alg)", "result is True", RAPIDJWT_KEYS),
        ALL,
        "raw",
        frozenset({"small"}),
    ),
)

# A batch of tokens, in a namespace that contains `tokens` and `all_claims`.
BATCH_SETUP = RAPIDJWT_KEYS + RAPIDJWT_VERIFIER.format(cache_size=0)
BATCH_CONTESTANTS: tuple[Contestant, ...] = (
    Contestant(
        "rapidjwt loop",
        "rapidjwt",
        "rapidjwt",
        "prepared",
        None,
        Code("[verifier.decode(token) for token in tokens]", "result == all_claims", BATCH_SETUP),
    ),
    Contestant(
        "rapidjwt decode_many",
        "rapidjwt",
        "rapidjwt",
        "prepared",
        None,
        Code("list(verifier.decode_many(tokens))", "result == all_claims", BATCH_SETUP),
    ),
)


#: The types into which the typed decoders read the claims.
TYPES = """
import msgspec, pydantic
members = {name: type(value) for name, value in claims.items()}
Struct = msgspec.defstruct("Struct", members.items(), module="claims")
Nothing = msgspec.defstruct("Nothing", [], module="claims")
fields = {name: (kind, ...) for name, kind in members.items()}
Model = pydantic.create_model("Model", __module__="claims", **fields)
"""


def _of_rapidjwt(name: str, arguments: str, expect: str = "result == claims") -> Contestant:
    """Return a Verifier with these arguments."""
    made = RAPIDJWT_VERIFIER.format(cache_size=0).removesuffix(")")
    types = TYPES if "claims=" in arguments else ""
    setup = f"{types}{RAPIDJWT_KEYS}from rapidjwt import profiles\n{made}{arguments})"
    code = Code("verifier.decode(token)", expect, setup)
    return Contestant(name, "rapidjwt", "rapidjwt", "prepared", None, code)


#: Verifiers with and without a profile, for a token that RFC 9068 allows.
PROFILE_CONTESTANTS: tuple[Contestant, ...] = (
    _of_rapidjwt("rapidjwt prepared", ""),
    _of_rapidjwt("rapidjwt ACCESS_TOKEN", ", profile=profiles.ACCESS_TOKEN"),
)

_IS_STRUCT = "type(result) is Struct and msgspec.to_builtins(result) == claims"
_IS_MODEL = "type(result) is Model and result.model_dump() == claims"


def _of_ryjwt(name: str, kind: str, expect: str) -> Contestant:
    code = Code(f"public.decode(token, into={kind})", expect, TYPES + RYJWT_KEYS)
    return Contestant(name, "ryjwt", "ryjwt", "prepared", None, code, minimum_python=(3, 12))


#: The claims as a dict, as a Struct of msgspec and as a model of pydantic.
TYPED_CONTESTANTS: tuple[Contestant, ...] = (
    _of_rapidjwt("rapidjwt prepared", ""),
    _of_rapidjwt("rapidjwt Struct", ", claims=Struct", _IS_STRUCT),
    _of_rapidjwt("rapidjwt empty Struct", ", claims=Nothing", "type(result) is Nothing"),
    _of_rapidjwt("rapidjwt model", ", claims=Model", _IS_MODEL),
    _of_ryjwt("ryjwt Struct", "Struct", _IS_STRUCT),
    _of_ryjwt("ryjwt model", "Model", _IS_MODEL),
    Contestant(
        "raw: pydantic",
        "pydantic",
        "pydantic",
        "none",
        None,
        Code(
            "adapter.validate_json(payload)",
            _IS_MODEL,
            TYPES + "adapter = pydantic.TypeAdapter(Model)",
        ),
        kind="raw",
    ),
)


def by_name(name: str) -> Contestant:
    """Return the contestant with this name."""
    return next(contestant for contestant in CONTESTANTS if contestant.name == name)
