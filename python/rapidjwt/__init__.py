"""JSON Web Tokens (RFC 7519) with the interface of PyJWT and a native core.

`encode`, `decode` and `decode_complete` are native functions. If something that they would skip
was overridden, patched or registered, they take the same steps through the Python methods of
`api_jwt` and `api_jws`, which have the names and results of PyJWT's.
"""

from __future__ import annotations

# Imported now: importing takes a lock, and a process forked while it is held never gets it.
from . import _coroutine  # noqa: F401
from ._rapidjwt import (
    CacheInfo,
    Key,
    Signer,
    Verifier,
    __version__,
    clear_key_cache,
    key_cache_info,
    record_originals,
)
from .api_jwk import PyJWK, PyJWKSet
from .api_jws import (
    PyJWS,
    get_algorithm_by_name,
    get_unverified_header,
    register_algorithm,
    unregister_algorithm,
)
from .api_jwt import PyJWT, decode, decode_complete, encode
from .exceptions import (
    DecodeError,
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAlgorithmError,
    InvalidAudienceError,
    InvalidIssuedAtError,
    InvalidIssuerError,
    InvalidKeyError,
    InvalidSignatureError,
    InvalidTokenError,
    MissingRequiredClaimError,
    PasswordRequiredError,
    PyJWKClientConnectionError,
    PyJWKClientError,
    PyJWKError,
    PyJWKSetError,
    PyJWTError,
)
from .warnings import InsecureKeyLengthWarning

TYPE_CHECKING = False  # like typing's, whose import takes longer than ours
if TYPE_CHECKING:
    # Imported by native code or by `_LATE`, where programs such as PyInstaller cannot see it.
    import difflib  # noqa: F401
    from typing import Any

    from . import (  # noqa: F401
        _nested,
        _token_state,
        arrow,
        jws_json,
        keyring,
        profiles,
        remote,
        revocation,
        rules,
        sd_jwt,
        status_list,
        typed_claims,
    )
    from ._install import install_as_jwt
    from .historical_keys import HistoricalKeys
    from .issuers import MultiIssuerVerifier
    from .jwks import AsyncJWKSClient, JWKSClient, RefreshPolicy, UnknownKeyError
    from .jwks_client import PyJWKClient
    from .key_set import KeySet
    from .types import TokenVerifier
    from .verifier_spec import VerifierSpec

__title__ = "rapidjwt"
__description__ = "Fast, safe JSON Web Tokens: a drop-in replacement for PyJWT with a Rust core"
__license__ = "MIT OR Apache-2.0"

__all__ = [
    "AsyncJWKSClient",
    "CacheInfo",
    "DecodeError",
    "ExpiredSignatureError",
    "HistoricalKeys",
    "ImmatureSignatureError",
    "InsecureKeyLengthWarning",
    "InvalidAlgorithmError",
    "InvalidAudienceError",
    "InvalidIssuedAtError",
    "InvalidIssuerError",
    "InvalidKeyError",
    "InvalidSignatureError",
    "InvalidTokenError",
    "JWKSClient",
    "Key",
    "KeySet",
    "MissingRequiredClaimError",
    "MultiIssuerVerifier",
    "PasswordRequiredError",
    "PyJWK",
    "PyJWKClient",
    "PyJWKClientConnectionError",
    "PyJWKClientError",
    "PyJWKError",
    "PyJWKSet",
    "PyJWKSetError",
    "PyJWS",
    "PyJWT",
    "PyJWTError",
    "RefreshPolicy",
    "Signer",
    "TokenVerifier",
    "UnknownKeyError",
    "Verifier",
    "VerifierSpec",
    "__version__",
    "clear_key_cache",
    "decode",
    "decode_complete",
    "encode",
    "get_algorithm_by_name",
    "get_unverified_header",
    "install_as_jwt",
    "key_cache_info",
    "register_algorithm",
    "unregister_algorithm",
]


#: Names that are imported when first used, and their modules: JWKS clients import urllib and ssl,
#: and most programs do not call `install_as_jwt`.
_LATE = {
    "AsyncJWKSClient": "jwks",
    "HistoricalKeys": "historical_keys",
    "JWKSClient": "jwks",
    "KeySet": "key_set",
    "MultiIssuerVerifier": "issuers",
    "PyJWKClient": "jwks_client",
    "RefreshPolicy": "jwks",
    "TokenVerifier": "types",
    "UnknownKeyError": "jwks",
    "VerifierSpec": "verifier_spec",
    "arrow": "arrow",
    "dpop": "dpop",
    "historical_keys": "historical_keys",
    "install_as_jwt": "_install",
    "issuers": "issuers",
    "jwe": "jwe",
    "jwk_set_cache": "jwk_set_cache",
    "jwks": "jwks",
    "jws_json": "jws_json",
    "jwks_client": "jwks_client",
    "key_set": "key_set",
    "keyring": "keyring",
    "mtls": "mtls",
    "profiles": "profiles",
    "remote": "remote",
    "replay": "replay",
    "revocation": "revocation",
    "rules": "rules",
    "sd_jwt": "sd_jwt",
    "status_list": "status_list",
    "types": "types",
    "verifier_spec": "verifier_spec",
}


#: Names that `dir` leaves out: of this file, and a module that looks like Python's.
_UNLISTED = {"TYPE_CHECKING", "annotations", "warnings"}


def __getattr__(name: str) -> Any:
    """Import a name of `_LATE` when it is first used."""
    module = _LATE.get(name)
    if module is None:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib import import_module  # noqa: PLC0415

    found = import_module(f"{__name__}.{module}")
    return found if name == module else getattr(found, name)


def __dir__() -> list[str]:
    """Return the public names, those of `_LATE` and the modules among them."""
    here = (name for name in globals() if not name.startswith("_") or name.endswith("__"))
    return sorted({*__all__, *_LATE, *here} - _UNLISTED)


# Nothing is patched yet: from here on the fast path notices every change.
record_originals()
del record_originals
