"""The types of PyJWT's functions and classes, and of options. Type-checked, never run."""

from typing import Any

import rapidjwt
from rapidjwt import Key, PyJWK, PyJWKSet, PyJWS, PyJWT
from rapidjwt.algorithms import Algorithm, HMACAlgorithm, RSAAlgorithm
from rapidjwt.types import AlgorithmName, FullOptions, Options, SigOptions
from typing_extensions import assert_type

options: Options = {"require": ["exp"], "verify_aud": False}
assert_type(options.get("strict_aud"), bool | None)
assert_type(PyJWT(options).options, FullOptions)
assert_type(PyJWT().options["require"], list[str])
assert_type(PyJWS().options, SigOptions)

assert_type(PyJWT().encode({"sub": "user"}, "secret", headers={"kid": "1"}), str)
assert_type(PyJWT().decode(b"token", "secret", ["HS256"], options), dict[str, Any])
assert_type(PyJWS().encode(b"payload", "secret"), str)
assert_type(PyJWS().decode("token", "secret", ["HS256"]), Any)
assert_type(rapidjwt.get_algorithm_by_name("HS256"), Algorithm)

# The return type of `to_jwk` depends on `as_dict`.
assert_type(RSAAlgorithm.to_jwk(Key.from_pem("text"), as_dict=True), dict[str, Any])
assert_type(RSAAlgorithm.to_jwk(Key.from_pem("text")), str)
assert_type(HMACAlgorithm.to_jwk("secret", as_dict=True), dict[str, Any])
assert_type(HMACAlgorithm.to_jwk("secret"), str)

jwks = PyJWKSet.from_dict({"keys": []})
assert_type(jwks, PyJWKSet)
assert_type(jwks["1"], PyJWK)
assert_type(PyJWK.from_json("{}").key_id, str | None)

name: AlgorithmName = "ES256"
assert_type(Key.generate(name), Key)
assert_type(Key.generate("RS256", size=3072), Key)

# Mistakes that a type checker finds: an unneeded comment below would itself be an error.
PyJWT({"verify_expiry": False})  # type: ignore[arg-type]
rapidjwt.decode("token", "secret", ["HS256"], {"require": "exp"})  # type: ignore[arg-type]
rapidjwt.encode("claims", "secret")  # type: ignore[arg-type]
