"""JSON Web Signatures in the compact serialization (RFC 7515 Section 3.1)."""

from __future__ import annotations

import json
import sys
import warnings

from rapidjwt._rapidjwt import decode_segment, get_unverified_header

from ._hooks import Hookable, HookableDict, HookableModule
from ._key_choice import keys_to_try, members
from .algorithms import Algorithm, get_default_algorithms, has_crypto, requires_cryptography
from .api_jwk import PyJWK
from .exceptions import (
    DecodeError,
    InvalidAlgorithmError,
    InvalidKeyError,
    InvalidSignatureError,
    InvalidTokenError,
    described,
)
from .utils import base64url_encode
from .warnings import InsecureKeyLengthWarning, RemovedInPyjwt3Warning

TYPE_CHECKING = False  # like typing's, whose import takes longer than ours
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, TypeAlias

    from rapidjwt._rapidjwt import Key

    from .algorithms import AllowedPrivateKeys, AllowedPublicKeys
    from .api_jwk import PyJWKSet
    from .key_set import KeySet
    from .types import SigOptions

    _Key: TypeAlias = AllowedPublicKeys | Key | PyJWK | str | bytes
    _Keys: TypeAlias = _Key | KeySet | PyJWKSet | Sequence[_Key]

__all__ = [
    "PyJWS",
    "decode",
    "decode_complete",
    "encode",
    "get_algorithm_by_name",
    "get_unverified_header",
    "register_algorithm",
    "unregister_algorithm",
]

#: The default of `algorithm`: the argument was left out, which differs from None.
_ALGORITHM_UNSET: Any = object()


class PyJWS(Hookable):
    """Signs and verifies bytes.

    An instance has its own algorithms and options; the functions of the module are the methods of
    a shared instance.
    """

    #: The header `typ` of what is encoded (RFC 7515 Section 4.1.9).
    header_typ = "JWT"

    #: The supported extensions in the header `crit` (RFC 7515 Section 4.1.11).
    _supported_crit: set[str] = {"b64"}  # noqa: RUF012 - PyJWT's own, patched in tests

    def __init__(
        self, algorithms: Sequence[str] | None = None, options: SigOptions | None = None
    ) -> None:
        """Take the `alg` values to support, by default all, and options to override."""
        available = get_default_algorithms()
        self._valid_algs = set(available if algorithms is None else algorithms)
        self._algorithms = {
            name: algorithm for name, algorithm in available.items() if name in self._valid_algs
        }
        self.options: SigOptions = self._get_default_options()
        if options is not None:
            self.options = {**self.options, **options}

    @staticmethod
    def _get_default_options() -> SigOptions:
        return {"verify_signature": True, "enforce_minimum_key_length": False}

    def register_algorithm(self, alg_id: str, alg_obj: Algorithm) -> None:
        """Add an algorithm under an `alg` value.

        Raises ValueError for a value in use, TypeError for an object that is not an `Algorithm`.
        """
        if alg_id in self._algorithms:
            raise ValueError("Algorithm already has a handler.")
        if not isinstance(alg_obj, Algorithm):
            raise TypeError("Object is not of type `Algorithm`")
        self._algorithms[alg_id] = alg_obj
        self._valid_algs.add(alg_id)

    def unregister_algorithm(self, alg_id: str) -> None:
        """Remove the algorithm of an `alg` value; raise KeyError for an unknown value."""
        if alg_id not in self._algorithms:
            raise KeyError(
                "The specified algorithm could not be removed because it is not registered."
            )
        del self._algorithms[alg_id]
        self._valid_algs.remove(alg_id)

    def get_algorithms(self) -> list[str]:
        """Return the supported `alg` values, in no particular order."""
        return list(self._valid_algs)

    def get_algorithm_by_name(self, alg_name: str) -> Algorithm:
        """Return the algorithm of an `alg` value; raise NotImplementedError for an unknown one."""
        try:
            return self._algorithms[alg_name]
        except KeyError as error:
            message = "Algorithm not supported"
            if not has_crypto and alg_name in requires_cryptography:
                message = (
                    f"Algorithm '{alg_name}' could not be found. "
                    "Do you have cryptography installed?"
                )
            raise NotImplementedError(message) from error

    def encode(
        self,
        payload: bytes,
        key: AllowedPrivateKeys | Key | PyJWK | str | bytes,
        algorithm: str | None = _ALGORITHM_UNSET,
        headers: dict[str, Any] | None = None,
        json_encoder: type[json.JSONEncoder] | None = None,
        is_payload_detached: bool = False,
        sort_headers: bool = True,
    ) -> str:
        """Sign bytes and return the token.

        `algorithm` is the `alg`; by default that of a PyJWK, else HS256. None means that of a
        PyJWK, else "none". `headers` are added to the header; an `alg` among them takes
        precedence, and `b64` set to false detaches the payload, as `is_payload_detached` does
        (RFC 7797): the token does not contain it. `json_encoder` and `sort_headers` control how
        the header is serialized.

        Raises InvalidKeyError for a key that does not fit, NotImplementedError for an unknown
        algorithm, InvalidTokenError for a header that is not allowed. A key that is too short
        causes an InsecureKeyLengthWarning or, depending on the options, an InvalidKeyError.
        """
        algorithm_ = algorithm
        if algorithm is _ALGORITHM_UNSET or algorithm is None:
            if isinstance(key, PyJWK):
                algorithm_ = key.algorithm_name
            else:
                algorithm_ = "none" if algorithm is None else "HS256"
        if headers:
            algorithm_ = headers.get("alg") or algorithm_
            is_payload_detached = is_payload_detached or headers.get("b64") is False

        header = self._compose_header(algorithm_, headers, is_payload_detached)
        json_header = json.dumps(
            header, separators=(",", ":"), cls=json_encoder, sort_keys=sort_headers
        ).encode()
        header_segment = base64url_encode(json_header)
        payload_segment = payload if is_payload_detached else base64url_encode(payload)
        signing_input = b".".join([header_segment, payload_segment])

        alg_obj = self.get_algorithm_by_name(algorithm_)  # type: ignore[arg-type]  # it may be None
        prepared_key = alg_obj.prepare_key(key.key if isinstance(key, PyJWK) else key)
        key_length_msg = alg_obj.check_key_length(prepared_key)
        if key_length_msg:
            if self.options.get("enforce_minimum_key_length", False):
                raise InvalidKeyError(key_length_msg)
            warnings.warn(key_length_msg, InsecureKeyLengthWarning, stacklevel=2)
        signature_segment = base64url_encode(alg_obj.sign(signing_input, prepared_key))

        if is_payload_detached:
            payload_segment = b""
        return b".".join([header_segment, payload_segment, signature_segment]).decode("utf-8")

    def _compose_header(
        self, algorithm: str | None, headers: dict[str, Any] | None, is_payload_detached: bool
    ) -> dict[str, Any]:
        """Return the JOSE header of a token to be signed."""
        header: dict[str, Any] = {"typ": self.header_typ, "alg": algorithm}
        if headers:
            self._validate_headers(headers, encoding=True)
            header.update(headers)
        if not header["typ"]:
            del header["typ"]

        if is_payload_detached:
            header["b64"] = False
            # RFC 7797 Section 6: `b64` must be marked critical, because a verifier that does not
            # know it would read the payload as base64url.
            crit = header.get("crit", [])
            if not isinstance(crit, list):
                raise _invalid_header("Invalid 'crit' header: must be a list")
            if "b64" not in crit:
                header["crit"] = [*crit, "b64"]
        else:
            header.pop("b64", None)  # true is the default
        return header

    def decode_complete(
        self,
        jwt: str | bytes,
        key: _Keys = "",
        algorithms: Sequence[str] | None = None,
        options: SigOptions | None = None,
        detached_payload: bytes | None = None,
        **kwargs: dict[str, Any],
    ) -> dict[str, Any]:
        """Verify a token and return its `payload` (bytes), `header` (dict) and `signature` (bytes).

        `key` is one key or, beyond PyJWT, several, as for `PyJWT.decode`. `algorithms` are the
        allowed `alg` values; they must not come from the token, and may be left out only with a
        PyJWK, which has its own. `options` take precedence over those of the object.
        `detached_payload` is the payload of a token whose header has `b64` set to false
        (RFC 7797). Further keyword arguments are ignored with a warning.

        Raises DecodeError for a malformed token, InvalidSignatureError for a wrong signature,
        InvalidAlgorithmError for an `alg` that is not allowed, InvalidTokenError for a header that
        must not be accepted, InvalidKeyError for a key that does not fit.
        """
        if kwargs:
            warnings.warn(
                "passing additional kwargs to decode_complete() is deprecated "
                "and will be removed in pyjwt version 3. "
                f"Unsupported kwargs: {tuple(kwargs.keys())}",
                RemovedInPyjwt3Warning,
                stacklevel=2,
            )
        merged_options: SigOptions = (
            self.options if options is None else {**self.options, **options}
        )
        verify_signature = merged_options["verify_signature"]  # pyright: ignore[reportTypedDictNotRequiredAccess]
        if verify_signature and not algorithms and not isinstance(key, PyJWK):
            error = DecodeError(
                'It is required that you pass in a value for the "algorithms" argument '
                "when calling decode()."
            )
            raise described(error, code="missing_algorithms")

        payload, signing_input, header, signature = self._load(jwt)
        self._validate_headers(header)

        self._check_detached(header, detached_payload)
        if detached_payload is not None:
            payload = detached_payload
            signing_input = b".".join([signing_input.rsplit(b".", 1)[0], payload])

        if verify_signature:
            self._verify_signature(
                signing_input, header, signature, key, algorithms, options=merged_options
            )
        return {"payload": payload, "header": header, "signature": signature}

    def decode(
        self,
        jwt: str | bytes,
        key: _Keys = "",
        algorithms: Sequence[str] | None = None,
        options: SigOptions | None = None,
        detached_payload: bytes | None = None,
        **kwargs: dict[str, Any],
    ) -> Any:
        """Verify a token and return its payload; arguments and errors as for `decode_complete`."""
        if kwargs:
            warnings.warn(
                "passing additional kwargs to decode() is deprecated "
                "and will be removed in pyjwt version 3. "
                f"Unsupported kwargs: {tuple(kwargs.keys())}",
                RemovedInPyjwt3Warning,
                stacklevel=2,
            )
        decoded = self.decode_complete(
            jwt, key, algorithms, options, detached_payload=detached_payload
        )
        return decoded["payload"]

    def get_unverified_header(self, jwt: str | bytes) -> dict[str, Any]:
        """Return the header of a token whose signature is not checked: do not trust any of it.

        Raises DecodeError for a malformed token, InvalidTokenError for a header that must not be
        accepted.
        """
        header = self._load(jwt)[2]
        self._validate_headers(header)
        return header

    @staticmethod
    def _decode_base64url_segment(segment: bytes, name: str) -> bytes:
        decoded = decode_segment(segment)
        if decoded is None:
            raise DecodeError(f"Invalid {name} padding")
        return decoded

    def _load(self, jwt: str | bytes) -> tuple[bytes, bytes, dict[str, Any], bytes]:
        """Split a token into payload, signing input, header and signature."""
        token = jwt.encode("utf-8") if isinstance(jwt, str) else jwt
        if not isinstance(token, bytes):
            raise DecodeError(f"Invalid token type. Token must be a {bytes}")
        try:
            signing_input, signature_segment = token.rsplit(b".", 1)
            header_segment, payload_segment = signing_input.split(b".", 1)
        except ValueError as error:
            raise DecodeError("Not enough segments") from error

        header_data = self._decode_base64url_segment(header_segment, "header")
        try:
            header: dict[str, Any] = json.loads(header_data)
        except (ValueError, RecursionError) as error:
            raise DecodeError(f"Invalid header string: {error}") from error
        if not isinstance(header, dict):
            raise DecodeError("Invalid header string: must be a json object")

        if header.get("b64", True) is not False:
            payload = self._decode_base64url_segment(payload_segment, "payload")
        elif payload_segment:
            # RFC 7515 Appendix F: the payload of a detached token is sent separately. Anything in
            # its place is refused before any work is done on it.
            raise DecodeError("Payload segment must be empty when 'b64' is false.")
        else:
            payload = b""

        signature = self._decode_base64url_segment(signature_segment, "crypto")
        return payload, signing_input, header, signature

    def _check_detached(self, header: dict[str, Any], detached_payload: bytes | None) -> None:
        """Check that a payload was passed if, and only if, the token does not contain it."""
        if header.get("b64", True) is not False:
            if detached_payload is not None:
                raise DecodeError(
                    'It is only valid to pass "detached_payload" when the protected header '
                    'has "b64" set to false.'
                )
            return
        crit: list[str] = header.get("crit") or []
        if not isinstance(crit, list) or "b64" not in crit:
            raise _invalid_header(
                "The 'b64' header parameter requires 'b64' to be listed in 'crit'."
            )
        if detached_payload is None:
            raise DecodeError(
                'It is required that you pass in a value for the "detached_payload" argument '
                "to decode a message having the b64 header set to false."
            )

    def _verify_signature(
        self,
        signing_input: bytes,
        header: dict[str, Any],
        signature: bytes,
        key: _Keys = "",
        algorithms: Sequence[str] | None = None,
        options: SigOptions | None = None,
    ) -> None:
        if options is None:
            options = self.options
        if algorithms is None and isinstance(key, PyJWK):
            algorithms = [key.algorithm_name]

        try:
            alg = header["alg"]
        except KeyError:
            raise InvalidAlgorithmError("Algorithm not specified") from None
        if not alg or (algorithms is not None and alg not in algorithms):
            error = InvalidAlgorithmError("The specified alg value is not allowed")
            raise described(error, expected=algorithms, actual=alg)

        for one in self._keys_to_try(key, alg, header.get("kid")):
            alg_obj = self._choose_algorithm(alg, one)
            prepared_key = alg_obj.prepare_key(one.key if isinstance(one, PyJWK) else one)
            key_length_msg = alg_obj.check_key_length(prepared_key)
            if key_length_msg:
                if options.get("enforce_minimum_key_length", False):
                    raise InvalidKeyError(key_length_msg)
                warnings.warn(key_length_msg, InsecureKeyLengthWarning, stacklevel=4)
            if alg_obj.verify(signing_input, prepared_key, signature):
                return
        raise InvalidSignatureError("Signature verification failed")

    def _keys_to_try(self, key: Any, alg: str, kid: str | None) -> list[Any]:
        """Return the key, or the keys of a collection that the token may be verified with."""
        if isinstance(key, (str, bytes, PyJWK)):
            return [key]
        keys = members(key)
        if keys is None:
            return [key]
        return keys_to_try(keys, alg, kid, lambda one: self._choose_algorithm(alg, one))

    def _choose_algorithm(self, alg: str, key: _Key) -> Algorithm:
        """Return the algorithm that verifies this `alg`, if the caller has allowed it."""
        if not isinstance(key, PyJWK):
            try:
                return self.get_algorithm_by_name(alg)
            except NotImplementedError as error:
                raise InvalidAlgorithmError("Algorithm not supported") from error
        # RFC 8725 Section 3.1: a key is used with one algorithm, whatever the token says.
        if alg != key.algorithm_name:
            raise InvalidAlgorithmError(
                f"Token algorithm {alg!r} does not match the key's algorithm {key.algorithm_name!r}"
            )
        return key.Algorithm

    def _validate_headers(self, headers: dict[str, Any], *, encoding: bool = False) -> None:
        if "kid" in headers:
            self._validate_kid(headers["kid"])
        if not encoding and "crit" in headers:
            self._validate_crit(headers)

    def _validate_kid(self, kid: Any) -> None:
        if not isinstance(kid, str):
            raise _invalid_header("Key ID header parameter must be a string")

    def _validate_crit(self, headers: dict[str, Any]) -> None:
        crit: list[object] = headers["crit"]
        if not isinstance(crit, list) or not crit:
            raise _invalid_header("Invalid 'crit' header: must be a non-empty list")
        for extension in crit:
            if not isinstance(extension, str):
                raise _invalid_header("Invalid 'crit' header: values must be strings")
            if extension not in self._supported_crit:
                raise _invalid_header(f"Unsupported critical extension: {extension}")
            if extension not in headers:
                raise _invalid_header(f"Critical extension '{extension}' is missing from headers")


def _invalid_header(message: str) -> InvalidTokenError:
    return described(InvalidTokenError(message), code="invalid_header")


_jws_global_obj = PyJWS()
_jws_global_obj.options = HookableDict(_jws_global_obj.options)  # type: ignore[assignment]
_jws_global_obj._algorithms = HookableDict(_jws_global_obj._algorithms)  # noqa: SLF001
encode = _jws_global_obj.encode
decode_complete = _jws_global_obj.decode_complete
decode = _jws_global_obj.decode
register_algorithm = _jws_global_obj.register_algorithm
unregister_algorithm = _jws_global_obj.unregister_algorithm
get_algorithm_by_name = _jws_global_obj.get_algorithm_by_name

sys.modules[__name__].__class__ = HookableModule
