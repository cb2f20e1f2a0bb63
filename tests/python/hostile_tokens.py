"""Tokens that an API must refuse, beside one that it accepts."""

from __future__ import annotations

import hashlib
import time
from base64 import urlsafe_b64encode

import rapidjwt
from rapidjwt import Key

ISSUER, AUDIENCE = "https://auth.example", "https://orders.example"


def signed(key, *, algorithm="HS256", without=(), headers=None, **claims):
    """Sign an access token as RFC 9068 has it, with these differences."""
    now = int(time.time())
    usual = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "alice",
        "client_id": "web",
        "iat": now,
        "exp": now + 60,
        "jti": "1",
        "scope": "orders:read orders:write",
    }
    chosen = {name: value for name, value in (usual | claims).items() if name not in without}
    return rapidjwt.encode(chosen, key, algorithm, {"typ": "at+jwt"} | (headers or {}))


def hostile_tokens(key, algorithm="HS256", **usual):
    """Return, by what is wrong with it, tokens that differ from `signed(key, ...)` in one thing."""

    def token(with_key=key, algorithm=algorithm, **different):
        return signed(with_key, algorithm=algorithm, **(usual | different))

    good, other = token(), token(sub="mallory")
    header, _, signature = good.split(".")
    return {
        "of another issuer": token(iss="https://mallory.example"),
        "of an issuer that begins alike": token(iss=f"{ISSUER}.mallory.example"),
        "of an issuer that is written otherwise": token(iss=f"{ISSUER}/"),
        "without an issuer": token(without=["iss"]),
        "for another audience": token(aud="https://mallory.example"),
        "for several other audiences": token(aud=["https://a.example", f"{AUDIENCE}/"]),
        "for no audience": token(aud=[]),
        "without an audience": token(without=["aud"]),
        "expired": token(exp=int(time.time()) - 1),
        "without an expiry": token(without=["exp"]),
        "not valid yet": token(nbf=int(time.time()) + 60),
        "without a subject": token(without=["sub"]),
        "of another key": token("a secret that the API does not know, of 32 bytes", "HS256"),
        "unsigned": token(None, "none"),
        "with other claims": ".".join([header, other.split(".")[1], signature]),
        "without a signature": good.rpartition(".")[0] + ".",
        "cut off": good[:-1],
        "nothing like a token": "a.b.c",
    }


def hostile_proofs(access_token, url, **more):
    """Return DPoP proofs with these claims too, each with the reason why it is refused."""
    key = Key.generate("ES256")
    digest = hashlib.sha256(access_token.encode()).digest()
    ath = urlsafe_b64encode(digest).rstrip(b"=").decode()
    now = int(time.time())

    def made(signing=key, algorithm="ES256", jwk=None, **claims):
        usual = {"jti": "1", "htm": "GET", "htu": url, "iat": now, "ath": ath} | more
        header = {"typ": "dpop+jwt", "jwk": jwk or key.public().to_jwk()}
        return rapidjwt.encode(usual | claims, signing, algorithm, headers=header)

    secret = Key.generate("HS256")
    return {
        made(iat=now - 100): "The DPoP proof is too old (iat)",
        made(iat=now + 100): "The time (iat) of the DPoP proof is in the future",
        made(secret, "HS256"): "The algorithm (alg) of the DPoP proof is not accepted",
        made(jwk=key.to_jwk(private=True)): "The key (jwk) of the DPoP proof is not a public one",
        made(Key.generate("ES256")): "The signature of the DPoP proof is not valid",
        "garbage": "The DPoP proof is not a token",
    }
