"""Selective disclosure for JSON Web Tokens: SD-JWT (RFC 9901). See docs/sd-jwt.md.

An issuer conceals claims and signs their digests (`issue`), the holder presents some of the claims
(`present`), and a verifier checks that they are the issuer's (`SDJWTVerifier`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ._rapidjwt import (
    SDJWT,
    Disclosure,
    Key,
    PresentationPolicy,
    Signer,
    Verifier,
    conceal,
    sign_general,
    typed_claims,
)
from .typed_claims import claims_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import timedelta
    from typing import Literal, TypeAlias

    from ._rapidjwt import JSONSigner, _Strings
    from .remote import RemoteKey
    from .types import Algorithm, DecodedToken

    #: The name of a claim; or names, indexes of lists and None for each element of a list.
    ClaimPath: TypeAlias = str | Sequence[str | int | None]
    _HashAlgorithm: TypeAlias = Literal["sha-256", "sha-384", "sha-512"]

__all__ = [
    "SDJWT",
    "Disclosure",
    "SDJWTVerifier",
    "VerifiedSDJWT",
    "conceal",
    "issue",
    "issue_general",
    "present",
]


def issue(
    claims: Mapping[str, Any] | object,
    signer: Signer,
    disclosable: Iterable[ClaimPath],
    *,
    holder_key: Key | None = None,
    decoys: int = 0,
    hash_algorithm: _HashAlgorithm = "sha-256",
) -> str:
    """Issue an SD-JWT and return its compact form, with all disclosures, for the holder.

    `holder_key` is the public key of the holder, who must then prove that it is theirs: it becomes
    `cnf`. The other arguments and the errors are those of `conceal`. Claims that the signer adds,
    such as `exp`, are never concealed.
    """
    claims = _bound(claims, holder_key)
    payload, disclosures = conceal(
        claims, disclosable, decoys=decoys, hash_algorithm=hash_algorithm
    )
    return "~".join([signer.encode(payload), *disclosures, ""])


def issue_general(
    claims: Mapping[str, Any] | object,
    signers: Sequence[JSONSigner],
    disclosable: Iterable[ClaimPath],
    *,
    holder_key: Key | None = None,
    decoys: int = 0,
    hash_algorithm: _HashAlgorithm = "sha-256",
) -> dict[str, Any]:
    """Do what `issue` does with several signatures, in the general JSON serialization.

    `signers` are those of `rapidjwt.jws_json`, whose payload gets no claims of their own.
    """
    claims = _bound(claims, holder_key)
    payload, disclosures = conceal(
        claims, disclosable, decoys=decoys, hash_algorithm=hash_algorithm
    )
    jws = sign_general(signers, json.dumps(payload, separators=(",", ":")))
    jws["signatures"][0].setdefault("header", {})["disclosures"] = disclosures
    return jws


def present(
    sd_jwt: SDJWT | str | bytes | dict[str, Any],
    disclose: Iterable[ClaimPath],
    *,
    key: Key | RemoteKey | None = None,
    algorithm: Algorithm | None = None,
    nonce: str | None = None,
    audience: str | None = None,
) -> str:
    """Return the compact form of an SD-JWT that discloses only the claims at these paths.

    A path discloses what is inside the claim too; those around it are disclosed as far as they are
    needed. With `key`, the private key of the holder, it gets a key binding JWT for the verifier
    with this `audience`, which chose `nonce`.

    Raises ValueError for a path that leads to no claim, DecodeError for what is not an SD-JWT,
    InvalidKeyError for a key that cannot sign.
    """
    if any((key is None) != (argument is None) for argument in (nonce, audience)):
        raise TypeError("key, nonce and audience belong together: pass all or none")
    parsed = sd_jwt if isinstance(sd_jwt, SDJWT) else SDJWT.parse(sd_jwt)
    selected = parsed.select(disclose)
    if key is None:
        return str(selected)
    signer = Signer(key, algorithm, headers={"typ": "kb+jwt"}, issued_at=True)
    claims = {"nonce": nonce, "aud": audience, "sd_hash": selected.sd_hash()}
    return str(selected.with_key_binding(signer.encode(claims)))


@dataclass(frozen=True)
class VerifiedSDJWT:
    """An SD-JWT that was verified."""

    #: The claims that the issuer signed and the holder disclosed: a dict, or an object of the type
    #: of `Verifier(claims=...)`.
    claims: Any = field(repr=False)
    #: The header of the issuer-signed JWT.
    header: dict[str, Any]
    #: The claims of the key binding JWT; None if there is none.
    key_binding: dict[str, Any] | None = field(repr=False)


class SDJWTVerifier:
    """A verifier of SD-JWTs. It is immutable and safe to share between threads.

    The `Verifier` says which issuers, keys and claims are accepted: its policy, its profile, its
    rules and its stores apply to the claims after the disclosed ones have replaced their digests.
    """

    def __init__(
        self,
        verifier: Verifier,
        *,
        key_binding: Literal["required", "optional", "refused"] = "required",
        key_binding_algorithms: _Strings | None = None,
        max_age: float | timedelta = 300,
        max_disclosures: int = 256,
        max_nesting: int = 32,
        max_token_size: int = 1_048_576,
    ) -> None:
        """Set the policy; raise TypeError and ValueError for wrong arguments.

        Arguments:
            verifier: the verifier of the issuer-signed JWT.
            key_binding: whether the holder must prove that the key in `cnf` is theirs. "optional"
                verifies a proof if there is one: `key_binding` of the result says whether.
                "refused" is for holders, who get SD-JWTs without one, and for bearers.
            key_binding_algorithms: the algorithms of the proof that are accepted; None accepts all
                that have a private key.
            max_age: the seconds from the `iat` of the proof during which it is accepted.
            max_disclosures: the maximum number of disclosures.
            max_nesting: the maximum depth of nested lists and objects, disclosed ones included.
            max_token_size: the maximum number of bytes.

        """
        if not isinstance(verifier, Verifier):
            found = type(verifier).__name__
            raise TypeError(f"An SDJWTVerifier takes a Verifier, got {found}")
        self._verifier = verifier
        self._policy = PresentationPolicy(
            key_binding,
            key_binding_algorithms,
            max_age,
            max_disclosures,
            max_nesting,
            max_token_size,
        )

    def verify(
        self,
        sd_jwt: str | bytes | dict[str, Any],
        *,
        nonce: str | None = None,
        audience: str | None = None,
    ) -> VerifiedSDJWT:
        """Verify an SD-JWT: compact, or in a JSON serialization, as a dict or as its text.

        `nonce` is what this verifier chose for this presentation, and `audience` is its own
        identifier. Both are needed unless key binding is refused. Of several signatures the first
        is verified.

        Raises the exceptions of `Verifier.decode` for the issuer-signed JWT and the claims;
        DecodeError for disclosures that do not belong to it and beyond the limits;
        TokenBindingError for the key binding.
        """
        verifier, token = self._prepared(sd_jwt, nonce, audience)
        return self._result(verifier.decode_complete(token))

    async def verify_async(
        self,
        sd_jwt: str | bytes | dict[str, Any],
        *,
        nonce: str | None = None,
        audience: str | None = None,
    ) -> VerifiedSDJWT:
        """Do what `verify` does without blocking the event loop."""
        verifier, token = self._prepared(sd_jwt, nonce, audience)
        return self._result(await verifier.decode_complete_async(token))

    def _prepared(
        self, sd_jwt: str | bytes | dict[str, Any], nonce: str | None, audience: str | None
    ) -> tuple[Verifier, str | bytes]:
        verifier = self._policy.verifier(self._verifier, nonce, audience)
        return verifier, self._policy.compact(sd_jwt)

    def _result(self, token: DecodedToken) -> VerifiedSDJWT:
        found: dict[str, Any] = {**token}
        claims = typed_claims(self._verifier, token["payload"])
        return VerifiedSDJWT(claims, token["header"], found["key_binding"])


def _bound(claims: Any, holder_key: Key | None) -> Any:
    """Return the claims with the public key of their holder (RFC 7800 Section 3.2)."""
    if holder_key is None:
        return claims
    if not isinstance(holder_key, Key):
        raise TypeError(f"holder_key must be a Key, got {type(holder_key).__name__}")
    members = claims if isinstance(claims, dict) else claims_of(claims)
    if members is None:
        return claims  # which `conceal` refuses
    if "cnf" in members:
        raise ValueError("The claims have a cnf already: leave it or holder_key out")
    return {**members, "cnf": {"jwk": holder_key.public().to_jwk()}}
