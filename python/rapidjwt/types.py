"""The types of option dictionaries and JSON Web Keys."""

from collections.abc import Callable, Coroutine
from typing import Any, Literal, Protocol, TypeAlias, TypedDict

JWKDict = dict[str, Any]

HashlibHash = Callable[..., Any]

# Type checkers need the literal names here; a test compares them with the native algorithm table.
AlgorithmName: TypeAlias = Literal[
    "HS256",
    "HS384",
    "HS512",
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "ES256K",
    "EdDSA",
    "Ed25519",
    "Ed448",
    "ML-DSA-44",
    "ML-DSA-65",
    "ML-DSA-87",
]
"""The names of the built-in algorithms."""

Algorithm: TypeAlias = AlgorithmName | str
"""The name of an algorithm: an editor suggests the built-in ones, and any str is accepted."""


class DecodedToken(TypedDict):
    """What `Verifier.decode_complete` returns."""

    header: dict[str, Any]
    """The JOSE header."""
    payload: dict[str, Any]
    """The claims."""
    signature: bytes
    """The signature."""


class SigOptions(TypedDict, total=False):
    """The options of `PyJWS`: those that concern the signature."""

    verify_signature: bool
    """Whether the signature is checked. Default: True."""
    enforce_minimum_key_length: bool
    """Whether a key that is too short is refused with InvalidKeyError instead of warned about.
    Default: False."""


class Options(TypedDict, total=False):
    """The options of `decode` and `decode_complete`; omitted ones have their defaults.

    A claim that is absent passes its check, except `aud` and `iss` if the call passes an audience
    or an issuer. Name claims in `require` to insist on their presence.
    """

    verify_signature: bool
    """Whether the signature is checked. False also turns off every other check that is not
    turned on explicitly. Default: True."""
    require: list[str]
    """Claims that must be present and not null; their values are not checked. Default: []."""
    strict_aud: bool
    """Whether `aud` must be one string that equals `audience`, itself one string.
    Default: False."""
    verify_aud: bool
    """Whether `aud` must contain an expected audience. Default: `verify_signature`."""
    verify_exp: bool
    """Whether `exp` must be in the future. Default: `verify_signature`."""
    verify_iat: bool
    """Whether `iat` must be a number and not be in the future. Default: `verify_signature`."""
    verify_iss: bool
    """Whether `iss` must be an expected issuer. Default: `verify_signature`."""
    verify_jti: bool
    """Whether `jti` must be a string. Default: `verify_signature`."""
    verify_nbf: bool
    """Whether `nbf` must not be in the future. Default: `verify_signature`."""
    verify_sub: bool
    """Whether `sub` must be a string, and the expected one. Default: `verify_signature`."""
    enforce_minimum_key_length: bool
    """Whether a key that is too short is refused with InvalidKeyError instead of warned about.
    Default: False."""


class FullOptions(TypedDict):
    """`Options` with every default filled in."""

    verify_signature: bool
    require: list[str]
    strict_aud: bool
    verify_aud: bool
    verify_exp: bool
    verify_iat: bool
    verify_iss: bool
    verify_jti: bool
    verify_nbf: bool
    verify_sub: bool
    enforce_minimum_key_length: bool


class TokenVerifier(Protocol):
    """What verifies tokens: a `Verifier`, a `MultiIssuerVerifier` or an object of a test.

    Annotate arguments with it, so that a test can pass an object of its own.
    """

    def decode(self, token: str, /) -> dict[str, Any]:
        """Verify a token and return its claims; raise InvalidTokenError to refuse it."""
        ...

    def decode_async(self, token: str, /) -> Coroutine[Any, Any, dict[str, Any]]:
        """Return a coroutine that does the same: `async def`."""
        ...
