"""Every error that a token, a key or a call can cause, with PyJWT's hierarchy and messages.

This module imports nothing, so that the native module and every other one can import it first.
"""


class PyJWTError(Exception):
    """The base of every error of this package."""


class InvalidTokenError(PyJWTError):
    """A token is refused. `except InvalidTokenError` catches every reason for a refusal."""


class DecodeError(InvalidTokenError):
    """A token is malformed: its segments, its header, its payload or a time claim."""


class InvalidSignatureError(DecodeError):
    """The signature does not belong to this token and this key."""


class DecryptionError(InvalidTokenError):
    """A JWE cannot be decrypted. The reasons are not told apart (RFC 7516 Section 11.5)."""


class ExpiredSignatureError(InvalidTokenError):
    """The time in `exp` has passed (RFC 7519 Section 4.1.4)."""


class InvalidAudienceError(InvalidTokenError):
    """`aud` contains none of the expected audiences (RFC 7519 Section 4.1.3)."""


class InvalidIssuerError(InvalidTokenError):
    """`iss` is not an expected issuer (RFC 7519 Section 4.1.1)."""


class InvalidIssuedAtError(InvalidTokenError):
    """`iat` is not a number (RFC 7519 Section 4.1.6)."""


class ImmatureSignatureError(InvalidTokenError):
    """The time in `nbf` or `iat` is in the future (RFC 7519 Sections 4.1.5 and 4.1.6)."""


class InvalidKeyError(PyJWTError):
    """A key cannot be read, or does not fit the algorithm."""


class InvalidAlgorithmError(InvalidTokenError):
    """The token's `alg` is missing, unknown or not allowed by the caller."""


class MissingRequiredClaimError(InvalidTokenError):
    """The token lacks a claim that the caller requires; `claim` is its name."""

    def __init__(self, claim: str) -> None:
        """Store the name of the missing claim."""
        self.claim = claim

    def __str__(self) -> str:
        """Return a message that names the missing claim."""
        return f'Token is missing the "{self.claim}" claim'


class PyJWKError(PyJWTError):
    """No algorithm is known for a JSON Web Key."""


class MissingCryptographyError(PyJWKError):
    """The key's algorithm needs a part that is not installed."""


class PyJWKSetError(PyJWTError):
    """A JWK Set does not contain a usable key."""


class PyJWKClientError(PyJWTError):
    """A JWKS endpoint cannot be used: wrong address, wrong content, no such key."""


class PyJWKClientConnectionError(PyJWKClientError):
    """The request to a JWKS endpoint failed."""


class InvalidSubjectError(InvalidTokenError):
    """`sub` is not a string, or not the expected subject (RFC 7519 Section 4.1.2)."""


class InvalidJTIError(InvalidTokenError):
    """`jti` is not a string (RFC 7519 Section 4.1.7)."""


class ReplayedTokenError(InvalidTokenError):
    """A one-time token, or a proof of possession, was used before; see `rapidjwt.replay`."""


class RevokedTokenError(InvalidTokenError):
    """A token was revoked before its time; see `rapidjwt.revocation`."""


class StoreUnavailableError(PyJWTError):
    """A store that a decision about a token needs cannot be asked; the token may be valid."""


class TokenBindingError(InvalidTokenError):
    """A token is bound to a key or a certificate, and the request does not prove that it has it."""


class InvalidDPoPProofError(InvalidTokenError):
    """A DPoP proof is refused (RFC 9449 Section 4.3). The message never quotes the proof."""


class UseDPoPNonceError(InvalidDPoPProofError):
    """A DPoP proof needs a newer nonce of the server, which is `nonce` (RFC 9449 Section 9)."""

    def __init__(self, nonce: str) -> None:
        """Store the nonce."""
        super().__init__(nonce)
        self.nonce = nonce

    def __str__(self) -> str:
        """Return a message without the nonce."""
        return "The DPoP proof needs the nonce of the DPoP-Nonce header"
