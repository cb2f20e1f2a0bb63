"""The types of `Key`, `Signer`, `Verifier` and the caches. Type-checked, never run."""

from datetime import timedelta
from typing import Any

import rapidjwt
from rapidjwt import (
    AsyncJWKSClient,
    CacheInfo,
    JWKSClient,
    Key,
    KeySet,
    MultiIssuerVerifier,
    PyJWK,
    PyJWKSet,
    Signer,
    TokenVerifier,
    Verifier,
    VerifierSpec,
    arrow,
)
from rapidjwt.arrow import VerifiedColumns
from rapidjwt.exceptions import PyJWTError
from rapidjwt.keyring import DirectoryStore, KeyRing, RingKey, RingSigner, Schedule
from rapidjwt.types import DecodedToken
from typing_extensions import assert_type

key = Key.from_pem("text")
assert_type(key, Key)
assert_type(Key.from_pem(b"text", "password"), Key)
assert_type(Key.from_der(b"bytes", password=b"password"), Key)
assert_type(Key.from_ssh(b"bytes"), Key)
assert_type(Key.from_jwk({"kty": "oct"}), Key)
assert_type(Key.from_secret(b"bytes"), Key)
assert_type(key.kty, str)
assert_type(key.curve, str | None)
assert_type(key.size, int)
assert_type(key.kid, str | None)
assert_type(key.alg, str | None)
assert_type(key.use, str | None)
assert_type(key.key_ops, tuple[str, ...] | None)
assert_type(key.is_private, bool)
assert_type(key == key.public(), bool)
assert_type({key: "name"}, dict[Key, str])
assert_type(key.public(), Key)
assert_type(key.to_jwk(private=True), dict[str, Any])
assert_type(key.to_der(), bytes)
assert_type(key.to_pem(), str)
assert_type(key.to_pem(private=True, password="password"), str)
assert_type(key.sign(b"message", "ES256"), bytes)
assert_type(key.verify(b"message", b"signature", "ES256"), bool)

jwk = PyJWK({"kty": "oct", "k": "AAAA"})
signer = Signer(
    key,
    "ES256",
    headers={"typ": "at+jwt"},
    issuer="me",
    audience=["you"],
    lifetime=timedelta(hours=1),
    issued_at=True,
    jwt_id=True,
)
assert_type(signer, Signer)
assert_type(Signer(jwk).encode({"sub": "user"}), str)

verifier = Verifier(
    [key, jwk, "text", b"bytes"],
    algorithms={"ES256"},
    audience=("you", "them"),
    issuer=frozenset({"me"}),
    subject="user",
    leeway=1.5,
    require=["exp"],
    options={"verify_iat": False, "strict_aud": True},
    cache_size=100,
    max_token_size=8192,
    max_nesting=10,
)
assert_type(verifier, Verifier)
assert_type(Verifier(KeySet([key])), Verifier)
assert_type(Verifier(PyJWKSet([])), Verifier)
keys: list[Key] = [key]
assert_type(Verifier(keys), Verifier)
client = JWKSClient("https://id.example/jwks")
assert_type(Verifier(jwks=client, algorithms=["ES256"], audience="you"), Verifier)
async_client = AsyncJWKSClient("https://id.example/jwks")
assert_type(JWKSClient.from_issuer("https://id.example", timeout=3), JWKSClient)
assert_type(AsyncJWKSClient.from_issuer("https://id.example", timeout=3), AsyncJWKSClient)
fetching = Verifier(jwks=async_client, algorithms=("ES256",), max_token_size=None)


async def decode_async() -> None:
    """Await the coroutines of the two methods."""
    assert_type(await fetching.decode_async("token"), dict[str, Any])
    assert_type(await fetching.decode_complete_async(b"token"), DecodedToken)
    async for result in fetching.decode_many_async(["token"]):
        assert_type(result, dict[str, Any] | PyJWTError)


assert_type(verifier.decode("token"), dict[str, Any])
complete = verifier.decode_complete(b"token")
assert_type(complete, DecodedToken)
assert_type(complete["header"], dict[str, Any])
assert_type(complete["signature"], bytes)
assert_type(verifier.cache_info(), CacheInfo)
assert_type(verifier.cache_info().hits, int)
for result in verifier.decode_many(line.strip() for line in ["token"]):
    assert_type(result, dict[str, Any] | PyJWTError)
    if isinstance(result, PyJWTError):
        assert_type(result.code, str)
        assert_type(result.claim, str | None)
        assert_type(result.expired_at, int | None)
        assert_type(result.details(), dict[str, Any])
assert_type(rapidjwt.MissingRequiredClaimError("exp").claim, str)
for whole in verifier.decode_complete_many(["token"]):
    assert_type(whole, DecodedToken | PyJWTError)
assert_type(verifier.algorithms, tuple[str, ...])
assert_type(verifier.audience, str | tuple[str, ...] | None)
assert_type(signer.key_id, str | None)
configured: str = "ES256"
assert_type(Signer(key, configured), Signer)
assert_type(Verifier(key, algorithms=[configured]), Verifier)
names = ["ES256", "ES384"]
assert_type(Verifier(key, algorithms=names), Verifier)
assert_type(Key.generate(configured, kid="1"), Key)

assert_type(rapidjwt.key_cache_info(), CacheInfo)
assert_type(rapidjwt.encode({}, key), str)
assert_type(rapidjwt.decode("token", key, ["ES256"]), dict[str, Any])
assert_type(rapidjwt.decode_complete("token", jwk), dict[str, Any])
assert_type(rapidjwt.decode("token", keys, ["ES256"]), dict[str, Any])
assert_type(rapidjwt.decode("token", KeySet(keys), ["ES256"]), dict[str, Any])
assert_type(rapidjwt.PyJWT().decode("token", (jwk, "text"), ["ES256"]), dict[str, Any])
assert_type(rapidjwt.PyJWT().decode_complete("token", PyJWKSet([])), dict[str, Any])
assert_type(rapidjwt.get_unverified_header("token"), dict[str, Any])

several = MultiIssuerVerifier([verifier], pattern="x", make=lambda issuer: verifier)
assert_type(several.issuers, tuple[str, ...])
assert_type(several.decode("token"), dict[str, Any])
assert_type(several.decode_complete("token"), DecodedToken)
for one in several.decode_many(["token"]):
    assert_type(one, dict[str, Any] | PyJWTError)


class FakeVerifier:
    """A verifier of a test."""

    def decode(self, token: str, /) -> dict[str, Any]:
        """Accept everything."""
        return {"sub": token}

    async def decode_async(self, token: str, /) -> dict[str, Any]:
        """Accept everything."""
        return {"sub": token}


token_verifiers: list[TokenVerifier] = [verifier, several, FakeVerifier()]
assert_type(token_verifiers[0].decode("token"), dict[str, Any])

# Mistakes that a type checker finds: an unneeded comment below would itself be an error.
Key.from_der("text")  # type: ignore[arg-type]
key.kid = "1"  # type: ignore[misc]
Signer("secret", "HS256", {})  # type: ignore[call-arg]
Signer("secret", "HS256", lifetime="1 hour")  # type: ignore[arg-type]
signer.encode("claims")  # type: ignore[arg-type]
Verifier("secret", ["HS256"])  # type: ignore[call-overload]
Verifier("secret", algorithms="HS256")  # type: ignore[call-overload]
Verifier(algorithms=["HS256"])  # type: ignore[call-overload]
Verifier(jwks=client)  # type: ignore[call-overload]
Verifier(key, jwks=client, algorithms=["HS256"])  # type: ignore[call-overload]
Verifier("secret", algorithms=["HS256"], options={"verify_expiry": False})  # type: ignore[call-overload]
verifier.decode(1)  # type: ignore[arg-type]
verifier.decode_many(1)  # type: ignore[arg-type]

ring = KeyRing(DirectoryStore("keys"), schedule=Schedule(every=86400), passphrase="secret")
assert_type(ring.rotate(), RingKey | None)
assert_type(ring.keys, tuple[RingKey, ...])
assert_type(ring.key_set(), KeySet)
assert_type(ring.jwks(), dict[str, Any])
assert_type(ring.signer(issuer="a", lifetime=timedelta(minutes=5)), RingSigner)
assert_type(ring.signer().encode({"sub": "a"}), str)

# Columns and workers.
assert_type(arrow.verify(verifier, object(), claims={"sub": "str"}), VerifiedColumns)
assert_type(arrow.verify(verifier, object(), at=1, threads=2), VerifiedColumns)
arrow.verify(verifier, object(), claims={"sub": 5})  # type: ignore[dict-item]
spec = VerifierSpec({"keys": []}, algorithms=["ES256"])
assert_type(spec.verifier(), Verifier[Any])
VerifierSpec(secret_env=5)  # type: ignore[arg-type]
