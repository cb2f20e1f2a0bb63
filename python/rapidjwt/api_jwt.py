"""JSON Web Tokens (RFC 7519)."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterable

from rapidjwt._rapidjwt import decode, decode_complete, encode

from ._hooks import Hookable, HookableDict, HookableModule
from .api_jws import _ALGORITHM_UNSET, PyJWS, _jws_global_obj
from .exceptions import (
    DecodeError,
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAudienceError,
    InvalidIssuedAtError,
    InvalidIssuerError,
    InvalidJTIError,
    InvalidSubjectError,
    MissingRequiredClaimError,
    described,
)
from .warnings import RemovedInPyjwt3Warning

TYPE_CHECKING = False  # like typing's, whose import takes longer than ours
if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from datetime import datetime, timedelta, timezone
    from time import struct_time
    from typing import Any, TypeAlias

    from rapidjwt._rapidjwt import Key

    from .algorithms import AllowedPrivateKeys, AllowedPublicKeys
    from .api_jwk import PyJWK, PyJWKSet
    from .key_set import KeySet
    from .types import FullOptions, Options, SigOptions

    AllowedPrivateKeyTypes: TypeAlias = AllowedPrivateKeys | Key | PyJWK | str | bytes
    AllowedPublicKeyTypes: TypeAlias = AllowedPublicKeys | Key | PyJWK | str | bytes
    SeveralKeys: TypeAlias = KeySet | PyJWKSet | Sequence[AllowedPublicKeyTypes]
else:
    # These are the classes of the module datetime, which before CPython 3.12 first creates them
    # in Python: a tenth of the time that the import of this package may take.
    from _datetime import datetime, timedelta, timezone

__all__ = ["PyJWT", "decode", "decode_complete", "encode"]


def timegm(time_tuple: struct_time) -> int:
    """Return the Unix time of a UTC time tuple, in seconds, like calendar.timegm.

    Importing the module calendar takes a tenth of the time that the import of this package may
    take.
    """
    import calendar  # noqa: PLC0415 - see above

    return calendar.timegm(time_tuple)


class PyJWT(Hookable):
    """Encodes and decodes JSON Web Tokens with its own options.

    Override `_encode_payload` and `_decode_payload` for payloads that are not plain JSON, or the
    `_validate_*` methods for other rules.
    """

    def __init__(self, options: Options | None = None) -> None:
        """Take options that differ from the default; see `types.Options`."""
        self.options: FullOptions = self._get_default_options()
        if options is not None:
            self.options = self._merge_options(options)
        self._jws = PyJWS(options=self._get_sig_options())

    @staticmethod
    def _get_default_options() -> FullOptions:
        return {
            "verify_signature": True,
            "verify_exp": True,
            "verify_nbf": True,
            "verify_iat": True,
            "verify_aud": True,
            "verify_iss": True,
            "verify_sub": True,
            "verify_jti": True,
            "require": [],
            "strict_aud": False,
            "enforce_minimum_key_length": False,
        }

    def _get_sig_options(self) -> SigOptions:
        return {
            "verify_signature": self.options["verify_signature"],
            "enforce_minimum_key_length": self.options.get("enforce_minimum_key_length", False),
        }

    def _merge_options(self, options: Options | None = None) -> FullOptions:
        """Fill in the options that a call leaves out.

        Without a check of the signature, claims are checked only if the options ask for it.
        """
        if options is None:
            return self.options
        given: dict[str, Any] = dict(options)
        if not given.get("verify_signature", True):
            for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti"):
                given.setdefault(f"verify_{claim}", False)
        merged: Any = {**self.options, **given}
        return merged  # type: ignore[no-any-return]  # cast() would import typing

    def encode(
        self,
        payload: dict[str, Any],
        key: AllowedPrivateKeyTypes,
        algorithm: str | None = _ALGORITHM_UNSET,
        headers: dict[str, Any] | None = None,
        json_encoder: type[json.JSONEncoder] | None = None,
        sort_headers: bool = True,
    ) -> str:
        """Sign claims and return the token.

        `payload` has the claims; `exp`, `nbf` and `iat` may be datetimes, naive ones in UTC, and
        lose their microseconds. `key` is a secret, a private key as PEM text, a key object or a
        PyJWK. `algorithm` is the `alg`: by default that of a PyJWK, else HS256; None means that
        of a PyJWK, else "none". `headers` are added to the header, and an `alg` among them takes
        precedence. `json_encoder` serializes both payload and header, `sort_headers` sorts the
        header's members.

        Raises TypeError for a payload that is not a dictionary and an `iss` that is not a string,
        InvalidKeyError for a key that does not fit, NotImplementedError for an unknown algorithm.
        A key that is too short causes an InsecureKeyLengthWarning or, depending on the options, an
        InvalidKeyError.
        """
        if not isinstance(payload, dict):
            raise TypeError(
                "Expecting a dict object, as JWT only supports JSON objects as payloads."
            )
        payload = payload.copy()
        for claim in ("exp", "iat", "nbf"):
            value = payload.get(claim)
            if isinstance(value, datetime):
                payload[claim] = timegm(value.utctimetuple())
        if "iss" in payload and not isinstance(payload["iss"], str):
            raise TypeError("Issuer (iss) must be a string.")

        json_payload = self._encode_payload(payload, headers=headers, json_encoder=json_encoder)
        return self._jws.encode(
            json_payload, key, algorithm, headers, json_encoder, sort_headers=sort_headers
        )

    def _encode_payload(
        self,
        payload: dict[str, Any],
        headers: dict[str, Any] | None = None,  # noqa: ARG002 - for overriding
        json_encoder: type[json.JSONEncoder] | None = None,
    ) -> bytes:
        """Return claims as the bytes to sign; override to compress or encrypt them, for example."""
        return json.dumps(payload, separators=(",", ":"), cls=json_encoder).encode("utf-8")

    def decode_complete(
        self,
        jwt: str | bytes,
        key: AllowedPublicKeyTypes | SeveralKeys = "",
        algorithms: Sequence[str] | None = None,
        options: Options | None = None,
        verify: bool | None = None,
        detached_payload: bytes | None = None,
        audience: str | Iterable[str] | None = None,
        issuer: str | Container[str] | None = None,
        subject: str | None = None,
        leeway: float | timedelta = 0,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Verify a token and return its `payload` (claims), `header` (dict), `signature` (bytes).

        Arguments and errors are those of `decode`.
        """
        if kwargs:
            warnings.warn(
                "passing additional kwargs to decode_complete() is deprecated "
                "and will be removed in pyjwt version 3. "
                f"Unsupported kwargs: {tuple(kwargs.keys())}",
                RemovedInPyjwt3Warning,
                stacklevel=2,
            )
        verify_signature = True if options is None else options.get("verify_signature", True)
        if verify is not None and verify != verify_signature:
            warnings.warn(
                "The `verify` argument to `decode` does nothing in PyJWT 2.0 and newer. "
                "The equivalent is setting `verify_signature` to False in the `options` "
                "dictionary. "
                "This invocation has a mismatch between the kwarg and the option entry.",
                category=DeprecationWarning,
                stacklevel=2,
            )

        merged_options = self._merge_options(options)
        sig_options: SigOptions = {
            "verify_signature": verify_signature,
            "enforce_minimum_key_length": merged_options.get("enforce_minimum_key_length", False),
        }
        decoded = self._jws.decode_complete(
            jwt,
            key=key,
            algorithms=algorithms,
            options=sig_options,
            detached_payload=detached_payload,
        )
        payload = self._decode_payload(decoded)
        self._validate_claims(
            payload,
            merged_options,
            audience=audience,
            issuer=issuer,
            leeway=leeway,
            subject=subject,
        )
        decoded["payload"] = payload
        return decoded

    def _decode_payload(self, decoded: dict[str, Any]) -> dict[str, Any]:
        """Read the claims from the verified `payload`, `header` and `signature`.

        Override to decompress or decrypt them, for example.
        """
        try:
            payload: dict[str, Any] = json.loads(decoded["payload"])
        except (ValueError, RecursionError) as error:
            raise DecodeError(f"Invalid payload string: {error}") from error
        if not isinstance(payload, dict):
            raise DecodeError("Invalid payload string: must be a json object")
        return payload

    def decode(
        self,
        jwt: str | bytes,
        key: AllowedPublicKeyTypes | SeveralKeys = "",
        algorithms: Sequence[str] | None = None,
        options: Options | None = None,
        verify: bool | None = None,
        detached_payload: bytes | None = None,
        audience: str | Iterable[str] | None = None,
        subject: str | None = None,
        issuer: str | Container[str] | None = None,
        leeway: float | timedelta = 0,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Verify a token and return its claims.

        `key` is a secret, a public key as PEM or OpenSSH text, a key object or a PyJWK. Beyond
        PyJWT it can be several of them in a list, a tuple, a KeySet or a PyJWKSet; the token's
        `kid` and `alg` then select the key (RFC 7515 Section 4.1.4).
        `algorithms` are the allowed `alg` values; they must not come from the token
        (RFC 8725 Section 3.1), and may be left out only with a PyJWK, which has its own.
        `options` are described in `types.Options`. `audience` is the accepted value of `aud`, or
        several; `issuer` that of `iss`, or a container of several; `subject` that of `sub`.
        `leeway` is how far clocks may differ, in seconds or as a timedelta. `detached_payload` is
        the payload of a token whose header has `b64` set to false (RFC 7797). `verify` and
        further keyword arguments have no effect except a warning.

        Raises InvalidTokenError for every fault of the token: DecodeError if it is malformed,
        InvalidSignatureError, InvalidAlgorithmError, and for the claims, in the order of the
        checks, MissingRequiredClaimError, InvalidIssuedAtError, ImmatureSignatureError,
        ExpiredSignatureError, InvalidIssuerError, InvalidAudienceError, InvalidSubjectError and
        InvalidJTIError. Raises InvalidKeyError for a key that does not fit.
        """
        if kwargs:
            warnings.warn(
                "passing additional kwargs to decode() is deprecated "
                "and will be removed in pyjwt version 3. "
                f"Unsupported kwargs: {tuple(kwargs.keys())}",
                RemovedInPyjwt3Warning,
                stacklevel=2,
            )
        decoded = self.decode_complete(
            jwt,
            key,
            algorithms,
            options,
            verify=verify,
            detached_payload=detached_payload,
            audience=audience,
            subject=subject,
            issuer=issuer,
            leeway=leeway,
        )
        claims: dict[str, Any] = decoded["payload"]
        return claims

    def _validate_claims(
        self,
        payload: dict[str, Any],
        options: FullOptions,
        audience: Iterable[str] | str | None = None,
        issuer: Container[str] | str | None = None,
        subject: str | None = None,
        leeway: float | timedelta = 0,
    ) -> None:
        """Check the registered claims (RFC 7519 Section 4.1) according to the options."""
        if isinstance(leeway, timedelta):
            leeway = leeway.total_seconds()
        if audience is not None and not isinstance(audience, (str, Iterable)):
            raise TypeError("audience must be a string, iterable or None")

        self._validate_required_claims(payload, options["require"])

        now = datetime.now(tz=timezone.utc).timestamp()
        if "iat" in payload and options["verify_iat"]:
            self._validate_iat(payload, now, leeway)
        if "nbf" in payload and options["verify_nbf"]:
            self._validate_nbf(payload, now, leeway)
        if "exp" in payload and options["verify_exp"]:
            self._validate_exp(payload, now, leeway)
        if options["verify_iss"]:
            self._validate_iss(payload, issuer)
        if options["verify_aud"]:
            self._validate_aud(payload, audience, strict=options.get("strict_aud", False))
        if options["verify_sub"]:
            self._validate_sub(payload, subject)
        if options["verify_jti"]:
            self._validate_jti(payload)

    def _validate_required_claims(self, payload: dict[str, Any], claims: Iterable[str]) -> None:
        for claim in claims:
            if payload.get(claim) is None:
                raise MissingRequiredClaimError(claim)

    def _validate_sub(self, payload: dict[str, Any], subject: str | None = None) -> None:
        if "sub" not in payload:
            return
        if not isinstance(payload["sub"], str):
            raise described(InvalidSubjectError("Subject must be a string"), code="invalid_claim")
        if subject is not None and payload.get("sub") != subject:
            raise InvalidSubjectError("Invalid subject")

    def _validate_jti(self, payload: dict[str, Any]) -> None:
        if "jti" in payload and not isinstance(payload.get("jti"), str):
            raise InvalidJTIError("JWT ID must be a string")

    def _validate_iat(self, payload: dict[str, Any], now: float, leeway: float) -> None:
        try:
            iat = int(payload["iat"])
        except (ValueError, TypeError, OverflowError):
            error = InvalidIssuedAtError("Issued At claim (iat) must be an integer.")
            raise described(error, actual=payload["iat"]) from None
        if iat > (now + leeway):
            raise _too_early("iat", payload)

    def _validate_nbf(self, payload: dict[str, Any], now: float, leeway: float) -> None:
        try:
            nbf = int(payload["nbf"])
        except (ValueError, TypeError, OverflowError):
            raise _not_a_time("Not Before", "nbf", payload) from None
        if nbf > (now + leeway):
            raise _too_early("nbf", payload)

    def _validate_exp(self, payload: dict[str, Any], now: float, leeway: float) -> None:
        try:
            exp = int(payload["exp"])
        except (ValueError, TypeError, OverflowError):
            raise _not_a_time("Expiration Time", "exp", payload) from None
        if exp <= (now - leeway):
            error = ExpiredSignatureError("Signature has expired")
            raise described(error, actual=payload["exp"], expired_at=exp)

    def _validate_aud(
        self,
        payload: dict[str, Any],
        audience: str | Iterable[str] | None,
        *,
        strict: bool = False,
    ) -> None:
        if "aud" not in payload or not payload["aud"]:
            if audience is None:
                return
            raise MissingRequiredClaimError("aud")
        if audience is None:
            # RFC 7519 Section 4.1.3: a recipient that is not named in `aud` must refuse the token.
            raise described(InvalidAudienceError("Invalid audience"), actual=payload["aud"])

        claimed: list[object] | str = payload["aud"]
        check = _check_same_audience if strict else _check_audience
        try:
            check(claimed, audience)
        except InvalidAudienceError as error:
            described(error, expected=audience, actual=claimed)
            raise

    def _validate_iss(self, payload: dict[str, Any], issuer: Container[str] | str | None) -> None:
        if issuer is None:
            return
        if "iss" not in payload:
            raise MissingRequiredClaimError("iss")
        iss = payload["iss"]
        if not isinstance(iss, str):
            error = InvalidIssuerError("Payload Issuer (iss) must be a string")
            raise described(error, code="invalid_claim", expected=issuer, actual=iss)

        try:
            accepted = iss == issuer if isinstance(issuer, str) else iss in issuer
        except TypeError:
            raise InvalidIssuerError('Issuer param must be "str" or "Container[str]"') from None
        if not accepted:
            raise described(InvalidIssuerError("Invalid issuer"), expected=issuer, actual=iss)


def _check_audience(claimed: Any, audience: str | Iterable[str]) -> None:
    """Check that `aud` contains one of the expected audiences."""
    if isinstance(claimed, str):
        claimed = [claimed]
    if not isinstance(claimed, list) or any(not isinstance(name, str) for name in claimed):
        error = InvalidAudienceError("Invalid claim format in token")
        raise described(error, code="invalid_claim")
    accepted = [audience] if isinstance(audience, str) else audience
    if all(name not in claimed for name in accepted):
        raise InvalidAudienceError("Audience doesn't match")


def _check_same_audience(claimed: Any, audience: str | Iterable[str]) -> None:
    """Check `aud` by the rules of `strict_aud`: it must be one string, the expected one."""
    if not isinstance(audience, str):
        raise InvalidAudienceError("Invalid audience (strict)")
    if not isinstance(claimed, str):
        error = InvalidAudienceError("Invalid claim format in token (strict)")
        raise described(error, code="invalid_claim")
    if audience != claimed:
        raise InvalidAudienceError("Audience doesn't match (strict)")


def _not_a_time(name: str, claim: str, payload: dict[str, Any]) -> DecodeError:
    error = DecodeError(f"{name} claim ({claim}) must be an integer.")
    return described(error, code="invalid_claim", claim=claim, actual=payload[claim])


def _too_early(claim: str, payload: dict[str, Any]) -> ImmatureSignatureError:
    error = ImmatureSignatureError(f"The token is not yet valid ({claim})")
    return described(error, claim=claim, actual=payload[claim])


_jwt_global_obj = PyJWT()
_jwt_global_obj.options = HookableDict(_jwt_global_obj.options)  # type: ignore[assignment]
_jwt_global_obj._jws = _jws_global_obj  # noqa: SLF001 - the two share their algorithms

sys.modules[__name__].__class__ = HookableModule
