"""Every error that a token, a key or a call can cause, with PyJWT's hierarchy and messages.

Every error has a `code`, which programs can count and compare. This module imports nothing, so that
the native module and every other one can import it first.
"""

from __future__ import annotations

TYPE_CHECKING = False  # like typing's, whose import takes longer than ours
if TYPE_CHECKING:
    from typing import Any, TypeVar

    ErrorT = TypeVar("ErrorT", bound="PyJWTError")

#: What each `code` means. docs/error-codes/ has a page for each, with what helps.
CODES = {
    "malformed_token": "The token is not a compact JWS, or its header or payload is not JSON",
    "token_too_large": "The token has more bytes, or its payload nests deeper, than is allowed",
    "invalid_header": "A parameter of the header is malformed or not supported",
    "wrong_algorithm": "The `alg` is missing, unknown or not allowed",
    "missing_algorithms": "The call does not say which algorithms are allowed",
    "wrong_type": "The `typ` is not that of a token of the profile",
    "unknown_key": "No key has the `kid` of the token, or it is not valid at this time",
    "missing_key_id": "The token has no `kid`, and several keys fit its `alg`",
    "bad_signature": "The signature does not belong to this token and this key",
    "decryption_failed": "A JWE cannot be decrypted with the keys that were passed",
    "missing_claim": "A claim that is required is absent or null",
    "invalid_claim": "A claim is of the wrong type, or the conversion of the claims refused them",
    "claims_misfit": "The claims do not fit the type of the verifier",
    "forbidden_claim": "A claim is present that must not be",
    "wrong_claim": "A claim does not follow a rule of the verifier or its profile",
    "too_old": "The token, or the login that it tells of, is too long ago",
    "lives_too_long": "The time from `iat` to `exp` is longer than is allowed",
    "expired": "The time in `exp` has passed",
    "not_yet_valid": "The time in `nbf` or `iat` is in the future",
    "wrong_issuer": "`iss` is not an expected issuer",
    "wrong_audience": "`aud` contains none of the expected audiences",
    "wrong_subject": "`sub` is not the expected subject",
    "invalid_token": "The token is refused for another reason, for example by a verifier of yours",
    "invalid_key": "A key cannot be read, or does not fit the algorithm",
    "password_required": "A private key is encrypted, and no password was passed",
    "invalid_jwk": "No algorithm is known for a JWK",
    "missing_cryptography": "The algorithm of a JWK needs the package cryptography",
    "invalid_key_set": "A JWK Set does not contain a usable key",
    "keys_unavailable": "The answer or the address of a JWKS endpoint cannot be used",
    "keys_unreachable": "The request to a JWKS endpoint failed",
    "remote_service": "A service that signs has failed",
    "remote_signature": "What a service returned is not a signature under its public key",
    "replayed_token": "A one-time token was used before",
    "revoked_token": "The token was revoked",
    "store_unavailable": "A store of one-time or revoked tokens, or of a key ring, cannot be asked",
    "key_ring": "The state of a key ring cannot be used, or lacks what was asked for",
    "wrong_binding": "The request does not prove that it has what the token is bound to",
    "invalid_dpop_proof": "A DPoP proof is refused",
    "use_dpop_nonce": "A DPoP proof needs the server's nonce",
    "missing_token": "A request has no bearer token",
    "invalid_request": "The `Authorization` header of a request is malformed",
    "insufficient_scope": "The token does not grant the scopes or roles that a request needs",
    "csrf_failed": "A request with a cookie may be another site's",
    "error": "An error of another class",
}

#: Where the documentation site has the page of a code.
_HELP = "error-codes/{}/"

#: How many characters of a text, and how many items of a list, `details` contains.
_MOST_CHARACTERS = 200
_MOST_ITEMS = 10


class PyJWTError(Exception):
    """The base of every error of this package.

    `code` is the kind of error, one of `CODES`. Where they apply, `claim` is the name of the claim
    that is wrong, `expected` what the caller accepts, `actual` what the token has instead and
    `expired_at` the time in `exp`, in seconds since the epoch; otherwise they are None.
    """

    code: str = "error"
    claim: str | None = None
    expected: Any = None
    actual: Any = None
    expired_at: int | None = None

    def details(self) -> dict[str, Any]:
        """Return the attributes that are not None, shortened, for logs: never a token or a key.

        `help` is the path of the page about `code` in the documentation.
        """
        names = ("code", "claim", "expected", "actual", "expired_at")
        found = {name: getattr(self, name) for name in names}
        details = {name: _shortened(value) for name, value in found.items() if value is not None}
        return with_help(details)


def with_help(details: dict[str, Any]) -> dict[str, Any]:
    """Return the details of an error with `help`, if its `code` is one of `CODES`."""
    code = details.get("code")
    return {**details, "help": _HELP.format(code)} if str(code) in CODES else details


def described(error: ErrorT, *, expected: object = None, **attributes: Any) -> ErrorT:
    """Set attributes of an error and return it, where it is raised.

    `expected` is a text, or a container of several; an iterator, which reading uses up, is left
    out.
    """
    if isinstance(expected, (list, tuple, set, frozenset)):
        attributes["expected"] = list(expected)
    elif isinstance(expected, str):
        attributes["expected"] = expected
    vars(error).update(attributes)
    return error


def _shortened(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_shortened_item(item) for item in value[:_MOST_ITEMS]]
    return _shortened_item(value)


def _shortened_item(value: Any) -> Any:
    """Return a text, cut off, or a number; of anything else, the name of its type."""
    if isinstance(value, str):
        return value if len(value) <= _MOST_CHARACTERS else f"{value[:_MOST_CHARACTERS]}..."
    is_number = isinstance(value, float) or (isinstance(value, int) and abs(value) < 1 << 63)
    return value if is_number else type(value).__name__


class InvalidTokenError(PyJWTError):
    """A token is refused. `except InvalidTokenError` catches every reason for a refusal."""

    code = "invalid_token"


class DecodeError(InvalidTokenError):
    """A token is malformed: its segments, its header, its payload or a time claim."""

    code = "malformed_token"


class InvalidSignatureError(DecodeError):
    """The signature does not belong to this token and this key."""

    code = "bad_signature"


class DecryptionError(InvalidTokenError):
    """A JWE cannot be decrypted. The reasons are not told apart (RFC 7516 Section 11.5)."""

    code = "decryption_failed"


class ExpiredSignatureError(InvalidTokenError):
    """The time in `exp` has passed (RFC 7519 Section 4.1.4)."""

    code = "expired"
    claim = "exp"


class InvalidAudienceError(InvalidTokenError):
    """`aud` contains none of the expected audiences (RFC 7519 Section 4.1.3)."""

    code = "wrong_audience"
    claim = "aud"


class InvalidIssuerError(InvalidTokenError):
    """`iss` is not an expected issuer (RFC 7519 Section 4.1.1)."""

    code = "wrong_issuer"
    claim = "iss"


class InvalidIssuedAtError(InvalidTokenError):
    """`iat` is not a number (RFC 7519 Section 4.1.6)."""

    code = "invalid_claim"
    claim = "iat"


class ImmatureSignatureError(InvalidTokenError):
    """The time in `nbf` or `iat` is in the future (RFC 7519 Sections 4.1.5 and 4.1.6)."""

    code = "not_yet_valid"


class InvalidKeyError(PyJWTError):
    """A key cannot be read, or does not fit the algorithm."""

    code = "invalid_key"


class PasswordRequiredError(InvalidKeyError):
    """A private key is encrypted, and its password was not given. PyJWT does not have it."""

    code = "password_required"


class InvalidAlgorithmError(InvalidTokenError):
    """The token's `alg` is missing, unknown or not allowed by the caller."""

    code = "wrong_algorithm"


class MissingRequiredClaimError(InvalidTokenError):
    """The token lacks a claim that the caller requires; `claim` is its name."""

    code = "missing_claim"
    claim: str

    def __init__(self, claim: str) -> None:
        """Store the name of the missing claim."""
        self.claim = claim  # pyright: ignore[reportIncompatibleVariableOverride]

    def __str__(self) -> str:
        """Return a message that names the missing claim."""
        return f'Token is missing the "{self.claim}" claim'


class PyJWKError(PyJWTError):
    """No algorithm is known for a JSON Web Key."""

    code = "invalid_jwk"


class MissingCryptographyError(PyJWKError):
    """The key's algorithm needs a part that is not installed."""

    code = "missing_cryptography"


class PyJWKSetError(PyJWTError):
    """A JWK Set does not contain a usable key."""

    code = "invalid_key_set"


class PyJWKClientError(PyJWTError):
    """A JWKS endpoint cannot be used: wrong address, wrong content, no such key."""

    code = "keys_unavailable"


class PyJWKClientConnectionError(PyJWKClientError):
    """The request to a JWKS endpoint failed."""

    code = "keys_unreachable"


class RemoteKeyError(PyJWTError):
    """A key service failed, or what it returned is not a signature of its key."""

    code = "remote_service"


class InvalidSubjectError(InvalidTokenError):
    """`sub` is not a string, or not the expected subject (RFC 7519 Section 4.1.2)."""

    code = "wrong_subject"
    claim = "sub"


class InvalidJTIError(InvalidTokenError):
    """`jti` is not a string (RFC 7519 Section 4.1.7)."""

    code = "invalid_claim"
    claim = "jti"


class ReplayedTokenError(InvalidTokenError):
    """A one-time token, or a proof of possession, was used before; see `rapidjwt.replay`."""

    code = "replayed_token"


class RevokedTokenError(InvalidTokenError):
    """A token was revoked before its time; see `rapidjwt.revocation`."""

    code = "revoked_token"


class StoreUnavailableError(PyJWTError):
    """A store that a decision about a token needs cannot be asked; the token may be valid.

    Or the store of a key ring cannot be asked, or changed.
    """

    code = "store_unavailable"


class KeyRingError(PyJWTError):
    """The state of a key ring (`rapidjwt.keyring`) cannot be used, or lacks what was asked for."""

    code = "key_ring"


class TokenBindingError(InvalidTokenError):
    """A token is bound to a key or a certificate, and the request does not prove that it has it."""

    code = "wrong_binding"


class InvalidDPoPProofError(InvalidTokenError):
    """A DPoP proof is refused (RFC 9449 Section 4.3). The message never quotes the proof."""

    code = "invalid_dpop_proof"


class UseDPoPNonceError(InvalidDPoPProofError):
    """A DPoP proof needs a newer nonce of the server, which is `nonce` (RFC 9449 Section 9)."""

    code = "use_dpop_nonce"

    def __init__(self, nonce: str) -> None:
        """Store the nonce."""
        super().__init__(nonce)
        self.nonce = nonce

    def __str__(self) -> str:
        """Return a message without the nonce."""
        return "The DPoP proof needs the nonce of the DPoP-Nonce header"
