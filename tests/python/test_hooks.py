"""Whatever is overridden, patched or registered is called as in PyJWT, and restored without trace.

Every test does the same to both libraries and compares the outcome and the calls, in their order
and with their arguments.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import inspect
import json
import operator
import zlib
from unittest import mock

import jwt
import pytest
import rapidjwt
import time_machine
from differential.keys import HMAC_SECRET, private_keys, private_pem, public_pem
from differential.outcome import describe, outcome_of
from differential.strategies import hs256_token
from rapidjwt._rapidjwt import fast_path_obstacles

NOW = 1_700_000_000
CLAIMS = {
    "iss": "me",
    "aud": ["you"],
    "sub": "user",
    "jti": "1",
    "exp": NOW + 60,
    "nbf": NOW - 60,
    "iat": NOW - 60,
}
OPTIONS = {"require": ["exp"]}
ARGUMENTS = {"audience": "you", "issuer": "me", "subject": "user", "options": OPTIONS}
TOKEN = jwt.encode(CLAIMS, HMAC_SECRET, headers={"kid": "1"})
EXPIRED = jwt.encode({"exp": NOW - 60}, HMAC_SECRET)
DETACHED_PAYLOAD = b'{"a":1}'
DETACHED = jwt.encode({"a": 1}, HMAC_SECRET, headers={"b64": False})
RSA_TOKEN = jwt.encode({"a": 1}, private_keys()["RSA-2048"], "RS256")

# Changes that programs make to a library; each is made to the library itself and not to a copy.
ACTIONS = {
    "encode": lambda lib: lib.encode(CLAIMS, HMAC_SECRET, headers={"kid": "1"}),
    "encode with all arguments": lambda lib: lib.encode(
        {"exp": dt.datetime(2030, 1, 1, tzinfo=dt.timezone.utc)},
        HMAC_SECRET,
        "HS512",
        {"a": 1},
        json.JSONEncoder,
        sort_headers=False,
    ),
    "encode detached": lambda lib: lib.encode({"a": 1}, HMAC_SECRET, headers={"b64": False}),
    "encode RS256": lambda lib: lib.encode({"a": 1}, private_pem("RSA-2048"), "RS256"),
    "encode ES256": lambda lib: len(lib.encode({"a": 1}, private_pem("P-256"), "ES256")),
    "encode EdDSA": lambda lib: lib.encode({"a": 1}, private_pem("Ed25519"), "EdDSA"),
    "encode none": lambda lib: lib.encode({"a": 1}, None, "none"),
    "encode a number": lambda lib: lib.encode(1, HMAC_SECRET),
    "encode with a short key": lambda lib: lib.encode({"a": 1}, "short"),
    "decode": lambda lib: lib.decode(TOKEN, HMAC_SECRET, ["HS256"], **ARGUMENTS),
    "decode_complete": lambda lib: lib.decode_complete(TOKEN, HMAC_SECRET, ["HS256"], **ARGUMENTS),
    "decode by position": lambda lib: lib.decode(
        TOKEN, HMAC_SECRET, ["HS256"], OPTIONS, None, None, "you", "user", "me", 5
    ),
    "decode detached": lambda lib: lib.decode(
        DETACHED, HMAC_SECRET, ["HS256"], detached_payload=DETACHED_PAYLOAD
    ),
    "decode RS256": lambda lib: lib.decode(RSA_TOKEN, public_pem("RSA-2048"), ["RS256"]),
    "decode expired": lambda lib: lib.decode(EXPIRED, HMAC_SECRET, ["HS256"]),
    "decode with a wrong key": lambda lib: lib.decode(TOKEN, "x" * 64, ["HS256"]),
    "decode with a wrong algorithm": lambda lib: lib.decode(TOKEN, HMAC_SECRET, ["HS512"]),
    "decode junk": lambda lib: lib.decode("a.b.c", HMAC_SECRET, ["HS256"]),
    "decode a list": lambda lib: lib.decode(hs256_token(b"[]"), HMAC_SECRET, ["HS256"]),
    "decode unverified": lambda lib: lib.decode(TOKEN, options={"verify_signature": False}),
    "decode with a PyJWK": lambda lib: lib.decode(TOKEN, oct_key(lib), **ARGUMENTS),
    "get_unverified_header": lambda lib: lib.get_unverified_header(TOKEN),
    "get_algorithm_by_name": lambda lib: type(lib.get_algorithm_by_name("HS256")).__name__,
    "api_jws": lambda lib: lib.api_jws.decode(
        lib.api_jws.encode(b"bytes", HMAC_SECRET), HMAC_SECRET, ["HS256"]
    ),
    "instance": lambda lib: lib.PyJWT(OPTIONS).decode(
        TOKEN, HMAC_SECRET, ["HS256"], audience="you"
    ),
}
LIBRARIES = (jwt, rapidjwt)


def oct_key(lib):
    return lib.PyJWK.from_dict(lib.algorithms.HMACAlgorithm.to_jwk(HMAC_SECRET, as_dict=True))


@pytest.fixture(autouse=True)
def _still_clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(autouse=True)
def _nothing_left_behind():
    """Check that everything works afterwards as if nothing had been done."""
    before = [outcome_of(action, rapidjwt) for action in ACTIONS.values()], fast_path_obstacles()
    yield
    after = [outcome_of(action, rapidjwt) for action in ACTIONS.values()], fast_path_obstacles()
    assert after == before


class Patches(contextlib.ExitStack):
    """Patches that end together. Those of mock leave nothing in an object; those of pytest do."""

    def setattr(self, owner, name, value, **options):
        self.enter_context(mock.patch.object(owner, name, value, **options))

    def setitem(self, mapping, name, value):
        self.enter_context(mock.patch.dict(mapping, {name: value}))


def assert_same_with(prepare, actions=ACTIONS):
    """Run `prepare(lib, calls, patch)` on each library, then all actions; compare all of it."""
    results = []
    for lib in LIBRARIES:
        calls = []
        with Patches() as patch:
            prepare(lib, calls, patch)
            outcomes = {}
            for name, action in actions.items():
                outcomes[name] = outcome_of(action, lib), list(calls)
                calls.clear()
        results.append(outcomes)
    for name, expected in results[0].items():
        assert results[1][name] == expected, name
    return results[0]


def record(calls, name, function):
    """Return a function that records each of its calls and then calls `function`."""

    @functools.wraps(function)
    def recorded(*args, **kwargs):
        calls.append((name, describe(args), describe(dict(sorted(kwargs.items())))))
        return function(*args, **kwargs)

    return recorded


def recorded(calls, owner, name):
    """Return an attribute of a class, an object or a module that records its calls."""
    if isinstance(inspect.getattr_static(owner, name), staticmethod):
        return staticmethod(record(calls, name, getattr(owner, name)))
    return record(calls, name, getattr(owner, name))


def record_attribute(patch, calls, owner, name):
    patch.setattr(owner, name, recorded(calls, owner, name))


METHODS = {
    "PyJWT": [name for name, value in vars(jwt.PyJWT).items() if callable(value)],
    "PyJWS": [name for name, value in vars(jwt.PyJWS).items() if callable(value)],
    "algorithms.HMACAlgorithm": [
        "prepare_key",
        "check_key_length",
        "sign",
        "verify",
        "_is_der_key",
        "from_jwk",
    ],
    "algorithms.RSAAlgorithm": ["prepare_key", "check_key_length", "sign", "verify"],
    "algorithms.ECAlgorithm": ["prepare_key", "_validate_curve", "check_key_length", "sign"],
    "algorithms.OKPAlgorithm": ["prepare_key", "check_key_length", "sign", "verify"],
    "algorithms.NoneAlgorithm": ["prepare_key", "sign"],
    "algorithms.Algorithm": ["check_key_length", "check_crypto_key_type"],
}
EVERY_METHOD = [(owner, name) for owner, names in METHODS.items() for name in names]


def find(lib, path):
    """Return an attribute of the library, or of the module json."""
    start, *names = path.split(".")
    return functools.reduce(getattr, names, json if start == "json" else getattr(lib, start))


@pytest.mark.parametrize(("owner", "name"), EVERY_METHOD)
def test_a_patched_method_of_a_class_is_called_alike(owner, name):
    assert_same_with(
        lambda lib, calls, patch: record_attribute(patch, calls, find(lib, owner), name)
    )


def test_all_methods_patched_are_called_in_the_same_order():
    def prepare(lib, calls, patch):
        for owner, name in EVERY_METHOD:
            if name != "__init__":
                record_attribute(patch, calls, find(lib, owner), name)

    results = assert_same_with(prepare)
    called = [name for name, *_ in results["decode"][1]]
    assert called.index("_load") < called.index("_verify_signature") < called.index("_validate_exp")


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        *(("api_jwt._jwt_global_obj", name) for name in METHODS["PyJWT"] if name[:2] != "__"),
        *(("api_jws._jws_global_obj", name) for name in METHODS["PyJWS"] if name[:2] != "__"),
    ],
)
def test_a_patched_method_of_the_global_object_is_called_alike(owner, name):
    assert_same_with(
        lambda lib, calls, patch: record_attribute(patch, calls, find(lib, owner), name)
    )


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        ("api_jwt", "timegm"),
        ("api_jwt", "MissingRequiredClaimError"),
        ("api_jwt.json", "dumps"),
        ("api_jwt.json", "loads"),
        ("api_jws.json", "dumps"),
        ("algorithms", "is_pem_format"),
        ("algorithms", "is_ssh_key"),
        ("algorithms.json", "loads"),
        ("api_jwt.warnings", "warn"),
        ("api_jwt", "decode"),
        ("api_jwt", "_jwt_global_obj"),
        ("api_jws", "get_unverified_header"),
        ("api_jws", "_jws_global_obj"),
        ("json.JSONEncoder", "iterencode"),
        ("json.JSONEncoder", "encode"),
        ("json.JSONDecoder", "decode"),
        ("json", "JSONEncoder"),
    ],
)
def test_a_patched_function_that_the_modules_use_is_called_alike(owner, name):
    def prepare(lib, calls, patch):
        record_attribute(patch, calls, find(lib, owner), name)

    assert_same_with(prepare)


@pytest.mark.parametrize("function", ["encode", "decode", "decode_complete"])
def test_a_patched_function_of_the_package_is_called(function):
    def prepare(lib, calls, patch):
        record_attribute(patch, calls, lib, function)

    assert_same_with(prepare)


def test_the_json_functions_themselves_may_be_replaced():
    def prepare(lib, calls, patch):
        patch.setattr(json, "loads", lambda text: {"alg": "HS256", "read": bytes(text).decode()})
        patch.setattr(json, "dumps", lambda value, **options: '{"written": true}')

    assert_same_with(prepare)


def test_the_default_encoder_of_json_may_be_patched():
    def prepare(lib, calls, patch):
        patch.setattr(json.JSONEncoder, "default", lambda encoder, value: f"<{value}>")

    actions = {"encode a set": lambda lib: lib.encode({"a": {1}}, HMAC_SECRET)}
    assert "value" in assert_same_with(prepare, actions)["encode a set"][0]


def test_exceptions_may_be_replaced_where_they_are_raised():
    class LateError(Exception):
        pass

    actions = {name: ACTIONS[name] for name in ("decode", "decode expired", "decode junk")}
    for module in ("api_jwt", "api_jws", "exceptions", ""):
        for name in ("ExpiredSignatureError", "DecodeError"):

            def prepare(lib, calls, patch, module=module, name=name):
                owner = getattr(lib, module) if module else lib
                patch.setattr(owner, name, LateError, create=True)

            results = assert_same_with(prepare, actions)
            if (module, name) == ("api_jwt", "ExpiredSignatureError"):
                assert "LateError" in results["decode expired"][0]["error"]["classes"][0]


def test_the_class_of_the_global_object_may_be_replaced():
    def prepare(lib, calls, patch):
        class Lenient(lib.PyJWT):
            def _validate_exp(self, payload, now, leeway):
                calls.append("_validate_exp")

        tokens = lib.api_jwt._jwt_global_obj
        patch.callback(setattr, tokens, "__class__", lib.PyJWT)
        tokens.__class__ = Lenient

    results = assert_same_with(prepare)
    assert results["decode expired"][1] == ["_validate_exp"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("algorithm_name", "HS512"),
        ("algorithm_name", None),
        ("key", b"x" * 64),
        ("key", HMAC_SECRET),
        ("key", None),
        ("Algorithm", "HS512"),
        ("_jwk_data", {}),
    ],
)
def test_a_pyjwk_may_be_changed_after_it_was_made(name, value):
    def changed(lib):
        key = oct_key(lib)
        outcome_of(lib.decode, TOKEN, key, **ARGUMENTS)  # it may be cached from now on
        new = lib.get_algorithm_by_name(value) if name == "Algorithm" else value
        setattr(key, name, new)
        return key

    actions = {
        "decode": lambda lib: lib.decode(TOKEN, changed(lib), **ARGUMENTS),
        "decode with algorithms": lambda lib: lib.decode(
            TOKEN, changed(lib), ["HS256", "HS512"], **ARGUMENTS
        ),
        "encode": lambda lib: lib.encode({"a": 1}, changed(lib)),
        "encode with an algorithm": lambda lib: lib.encode({"a": 1}, changed(lib), "HS256"),
    }
    assert_same_with(lambda lib, calls, patch: None, actions)


def test_a_subclass_of_pyjwk_may_choose_its_key():
    def subclassed(lib):
        class Rotating(lib.PyJWK):
            @property
            def key(self):
                return HMAC_SECRET.encode()

            @key.setter
            def key(self, value):
                pass

        return Rotating({"kty": "oct", "k": "eHh4"})

    actions = {
        "decode": lambda lib: lib.decode(TOKEN, subclassed(lib), **ARGUMENTS),
        "encode": lambda lib: lib.encode({"a": 1}, subclassed(lib)),
    }
    assert_same_with(lambda lib, calls, patch: None, actions)


class LaterDatetime(dt.datetime):
    @classmethod
    def now(cls, tz=None):
        return dt.datetime(2050, 1, 1, tzinfo=tz)


def test_the_datetime_of_the_module_may_be_replaced():
    def prepare(lib, calls, patch):
        patch.setattr(lib.api_jwt, "datetime", LaterDatetime)

    results = assert_same_with(prepare)
    assert results["decode"][0]["error"]["text"] == "Signature has expired"


def test_a_mock_may_replace_the_datetime_of_the_module():
    for lib in LIBRARIES:
        with mock.patch(f"{lib.__name__}.api_jwt.datetime") as datetime:
            datetime.now.return_value = dt.datetime(2050, 1, 1, tzinfo=dt.timezone.utc)
            with pytest.raises(TypeError):
                lib.encode({"exp": 1}, HMAC_SECRET)  # isinstance() does not accept a mock
            with pytest.raises(lib.ExpiredSignatureError):
                lib.decode(TOKEN, HMAC_SECRET, ["HS256"], **ARGUMENTS)
            datetime.now.assert_called_once_with(tz=dt.timezone.utc)


@pytest.mark.parametrize("name", ["_validate_exp", "_validate_aud", "_validate_claims"])
def test_a_mock_may_switch_off_a_check_of_the_global_object(name):
    for lib in LIBRARIES:
        with mock.patch(f"{lib.__name__}.api_jwt._jwt_global_obj.{name}") as check:
            outcomes = [
                outcome_of(action, lib) for action in (ACTIONS["decode"], ACTIONS["decode expired"])
            ]
            assert check.called
        if lib is jwt:
            expected = outcomes
        assert outcomes == expected


def test_a_mock_may_switch_off_the_check_of_signatures():
    for lib in LIBRARIES:
        with mock.patch(f"{lib.__name__}.api_jws.PyJWS._verify_signature") as verify:
            assert lib.decode(TOKEN, "x", ["none"], **ARGUMENTS) == CLAIMS
        verify.assert_called_once()
        with pytest.raises(lib.InvalidAlgorithmError):
            lib.decode(TOKEN, "x", ["none"], **ARGUMENTS)


def test_patching_the_same_method_again_and_again_is_noticed_each_time():
    for number in range(5):
        for lib in LIBRARIES:
            with mock.patch.object(lib.PyJWT, "_decode_payload", return_value={"a": number}):
                assert lib.decode(TOKEN, HMAC_SECRET, ["HS256"]) == {"a": number}
            assert lib.decode(TOKEN, HMAC_SECRET, ["HS256"], **ARGUMENTS) == CLAIMS


def test_a_method_may_be_deleted_and_put_back():
    def prepare(lib, calls, patch):
        method = lib.PyJWS._validate_headers
        patch.callback(setattr, lib.PyJWS, "_validate_headers", method)
        del lib.PyJWS._validate_headers

    results = assert_same_with(prepare)
    assert results["decode"][0]["error"]["classes"][0] == "builtins.AttributeError"


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("verify_exp", False),
        ("verify_aud", False),
        ("require", ["nothing"]),
        ("strict_aud", True),
        ("enforce_minimum_key_length", True),
        ("verify_signature", False),
        ("unknown", 1),
    ],
)
@pytest.mark.parametrize("owner", ["api_jwt._jwt_global_obj", "api_jws._jws_global_obj"])
def test_options_of_the_global_objects_changed_in_place_count(owner, option, value):
    assert_same_with(
        lambda lib, calls, patch: patch.setitem(find(lib, owner).options, option, value)
    )


@pytest.mark.parametrize("owner", ["api_jwt._jwt_global_obj", "api_jws._jws_global_obj"])
def test_options_of_the_global_objects_replaced_count(owner):
    def prepare(lib, calls, patch):
        options = {**find(lib, owner).options, "require": ["nothing"], "verify_exp": False}
        patch.setattr(find(lib, owner), "options", options)

    assert_same_with(prepare)


def test_the_list_of_required_claims_changed_in_place_counts():
    def prepare(lib, calls, patch):
        required = lib.api_jwt._jwt_global_obj.options["require"]
        required.append("nothing")
        request.append(required)

    request = []
    actions = {"decode": lambda lib: lib.decode(EXPIRED, HMAC_SECRET, ["HS256"])}
    try:
        results = assert_same_with(prepare, actions)
    finally:
        for required in request:
            required.clear()
    assert "nothing" in results["decode"][0]["error"]["text"]


@pytest.mark.parametrize("name", ["header_typ", "_supported_crit"])
def test_class_attributes_may_be_patched(name):
    values = {"header_typ": "at+jwt", "_supported_crit": set()}
    assert_same_with(lambda lib, calls, patch: patch.setattr(lib.PyJWS, name, values[name]))


def test_an_attribute_of_the_global_object_may_hide_that_of_its_class():
    assert_same_with(
        lambda lib, calls, patch: patch.setattr(
            lib.api_jws._jws_global_obj, "header_typ", "at+jwt", create=True
        )
    )


def test_the_minimum_size_of_rsa_keys_may_be_patched():
    assert_same_with(
        lambda lib, calls, patch: patch.setattr(lib.algorithms.RSAAlgorithm, "_MIN_KEY_SIZE", 4096)
    )


def test_the_jws_object_of_the_global_object_may_be_replaced():
    def prepare(lib, calls, patch):
        class Compressed(lib.PyJWS):
            def decode_complete(self, *args, **kwargs):
                calls.append("decode_complete")
                return super().decode_complete(*args, **kwargs)

        patch.setattr(lib.api_jwt._jwt_global_obj, "_jws", Compressed())

    assert_same_with(prepare)


# Algorithms of the program's own.


def shouting(lib, calls):
    """Return an algorithm that signs with capital letters."""

    class Shouting(lib.algorithms.Algorithm):
        def prepare_key(self, key):
            calls.append(("prepare_key", describe(key)))
            return f"prepared {key}"

        def sign(self, msg, key):
            calls.append(("sign", describe(msg), describe(key)))
            return (msg + key.encode()).upper()

        def verify(self, msg, key, sig):
            calls.append(("verify", describe(msg), describe(key), describe(sig)))
            return sig == (msg + key.encode()).upper()

        @staticmethod
        def to_jwk(key_obj, as_dict=False):
            raise NotImplementedError

        @staticmethod
        def from_jwk(jwk):
            raise NotImplementedError

        def check_key_length(self, key):
            calls.append(("check_key_length", describe(key)))
            return f"{key} is short" if "short" in key else None

    return Shouting()


SHOUTED = {
    "round trip": lambda lib: lib.decode(
        lib.encode(CLAIMS, "key", "SHOUT"), "key", ["SHOUT"], **ARGUMENTS
    ),
    "wrong key": lambda lib: lib.decode(
        lib.encode(CLAIMS, "key", "SHOUT"), "other", ["SHOUT"], **ARGUMENTS
    ),
    "short key": lambda lib: lib.decode(
        lib.encode({}, "short", "SHOUT"), "short", ["SHOUT"], {"enforce_minimum_key_length": True}
    ),
    "header": lambda lib: lib.get_unverified_header(lib.encode(CLAIMS, "key", "SHOUT")),
    "names": lambda lib: sorted(lib.PyJWS().get_algorithms()),
}


def test_an_algorithm_of_the_programs_own_is_used():
    def prepare(lib, calls, patch):
        lib.register_algorithm("SHOUT", shouting(lib, calls))

    try:
        results = assert_same_with(prepare, {**SHOUTED, **ACTIONS})
    finally:
        for lib in LIBRARIES:
            lib.unregister_algorithm("SHOUT")
    assert results["round trip"][0]["value"]


def test_an_algorithm_of_an_instance_is_used_there_only():
    def with_instance(lib, action):
        instance = lib.PyJWT()
        instance._jws.register_algorithm("SHOUT", shouting(lib, calls))
        return action(instance)

    calls = []
    for name in ("round trip", "wrong key", "short key"):
        outcomes = []
        for lib in LIBRARIES:
            calls.clear()
            outcomes.append((outcome_of(with_instance, lib, SHOUTED[name]), list(calls)))
        assert outcomes[1] == outcomes[0], name
    for lib in LIBRARIES:
        with pytest.raises(NotImplementedError, match="Algorithm not supported"):
            lib.encode({}, "key", "SHOUT")


@pytest.mark.parametrize("name", ["HS256", "RS256", "none", "ES521"])
def test_an_algorithm_may_be_unregistered_and_registered_again(name):
    def prepare(lib, calls, patch):
        originals[lib] = lib.get_algorithm_by_name(name)
        lib.unregister_algorithm(name)

    originals = {}
    try:
        assert_same_with(prepare)
    finally:
        for lib, original in originals.items():
            lib.register_algorithm(name, original)


def test_an_algorithm_may_be_replaced_by_the_programs_own():
    def prepare(lib, calls, patch):
        patch.setitem(lib.api_jws._jws_global_obj._algorithms, "HS256", shouting(lib, calls))

    results = assert_same_with(prepare)
    assert results["encode"][1]


def test_an_algorithm_object_may_be_patched():
    def prepare(lib, calls, patch):
        record_attribute(patch, calls, lib.get_algorithm_by_name("HS256"), "verify")
        record_attribute(patch, calls, lib.get_algorithm_by_name("RS256"), "prepare_key")

    results = assert_same_with(prepare)
    assert results["decode"][1]


def test_the_hash_of_an_algorithm_object_may_be_replaced():
    def prepare(lib, calls, patch):
        longer = lib.get_algorithm_by_name("HS512").hash_alg
        patch.setattr(lib.get_algorithm_by_name("HS256"), "hash_alg", longer)

    assert_same_with(prepare)


@pytest.mark.parametrize(
    ("name", "error"), [("HS256", ValueError), ("XX", TypeError)], ids=["taken", "no algorithm"]
)
def test_what_cannot_be_registered_is_refused_alike(name, error):
    outcomes = [outcome_of(lib.register_algorithm, name, object()) for lib in LIBRARIES]
    assert outcomes[0] == outcomes[1]
    with pytest.raises(error):
        rapidjwt.register_algorithm(name, object())


def test_what_is_not_registered_cannot_be_unregistered():
    outcomes = [outcome_of(lib.unregister_algorithm, "XX") for lib in LIBRARIES]
    assert outcomes[0] == outcomes[1]


# Subclasses.


def assert_same_subclass(make, actions):
    """Compare `actions` on an instance that `make(lib, calls)` returns."""
    results = []
    for lib in LIBRARIES:
        calls = []
        instance = make(lib, calls)
        outcomes = {}
        for name, action in actions.items():
            outcomes[name] = outcome_of(action, instance), list(calls)
            calls.clear()
        results.append(outcomes)
    for name, expected in results[0].items():
        assert results[1][name] == expected, name
    return results[0]


INSTANCE_ACTIONS = {
    name: ACTIONS[name]
    for name in (
        "encode",
        "encode with all arguments",
        "encode RS256",
        "encode with a short key",
        "decode",
        "decode_complete",
        "decode by position",
        "decode RS256",
        "decode expired",
        "decode with a wrong key",
        "decode junk",
        "decode a list",
        "decode unverified",
    )
}


@pytest.mark.parametrize("name", METHODS["PyJWT"])
def test_an_overridden_method_of_pyjwt_is_called_alike(name):
    def make(lib, calls):
        return type("Hooked", (lib.PyJWT,), {name: recorded(calls, lib.PyJWT, name)})()

    assert_same_subclass(make, INSTANCE_ACTIONS)


@pytest.mark.parametrize("name", METHODS["PyJWS"])
def test_an_overridden_method_of_pyjws_is_called_alike(name):
    def make(lib, calls):
        instance = lib.PyJWT()
        instance._jws = type("Hooked", (lib.PyJWS,), {name: recorded(calls, lib.PyJWS, name)})()
        return instance

    assert_same_subclass(make, INSTANCE_ACTIONS)


def test_payloads_may_be_compressed():
    def make(lib, calls):
        class Compressed(lib.PyJWT):
            def _encode_payload(self, payload, headers=None, json_encoder=None):
                calls.append(("encode", describe(payload), describe(headers)))
                plain = super()._encode_payload(payload, headers, json_encoder)
                return zlib.compress(plain) if headers else plain

            def _decode_payload(self, decoded):
                calls.append(("decode", describe(decoded)))
                if decoded["header"].get("zip") != "DEF":
                    return super()._decode_payload(decoded)
                return json.loads(zlib.decompress(decoded["payload"]))

        return Compressed()

    def round_trip(tokens):
        token = tokens.encode(CLAIMS, HMAC_SECRET, headers={"zip": "DEF"})
        return token, tokens.decode(token, HMAC_SECRET, ["HS256"], audience="you")

    results = assert_same_subclass(
        make, {"round trip": round_trip, "plain": INSTANCE_ACTIONS["decode"]}
    )
    assert results["round trip"][0]["value"]


def test_payloads_need_not_be_json():
    def make(lib, calls):
        class Bytes(lib.PyJWT):
            def _encode_payload(self, payload, headers=None, json_encoder=None):
                return b"name=" + payload["name"].encode()

            def _decode_payload(self, decoded):
                name, _, value = decoded["payload"].partition(b"=")
                return {name.decode(): value.decode()}

        return Bytes()

    def round_trip(tokens):
        token = tokens.encode({"name": "value"}, HMAC_SECRET)
        return token, tokens.decode(token, HMAC_SECRET, ["HS256"])

    assert_same_subclass(make, {"round trip": round_trip})


def home_assistant(lib, calls):
    """Return what Home Assistant has: cached loading, and claims checked apart from the
    signature."""

    class CachingJWS(lib.PyJWS):
        def _load(self, jwt):
            calls.append("load")
            return super()._load(jwt)

    class CachingJWT(lib.PyJWT):
        def __init__(self):
            super().__init__()
            self._loaded = {}
            self._signatures = CachingJWS()

        def load(self, token):
            if token not in self._loaded:
                payload, *rest = self._signatures._load(token)
                self._loaded[token] = json.loads(payload), rest
            return self._loaded[token][0]

        def verify_and_decode(self, token, key, algorithms, options=None, issuer=None, leeway=0):
            self._signatures.decode_complete(token, key, algorithms, {"verify_signature": True})
            payload = self.load(token)
            merged = {**self._get_default_options(), **(options or {})}
            self._validate_claims(payload=payload, options=merged, issuer=issuer, leeway=leeway)
            return payload

        def check(self, token, options):
            self._validate_claims(self.load(token), options, issuer="me", audience="you")
            return "checked"

    return CachingJWT()


PARTIAL_OPTIONS = {
    "require": ["exp", "iat"],
    **dict.fromkeys(["verify_exp", "verify_iat", "verify_nbf", "verify_iss"], True),
    **dict.fromkeys(["verify_aud", "verify_sub", "verify_jti"], False),
}


def test_home_assistants_classes_work_alike():
    results = assert_same_subclass(
        home_assistant,
        {
            "good": lambda tokens: tokens.verify_and_decode(
                TOKEN, HMAC_SECRET, ["HS256"], {"verify_aud": False}, issuer="me", leeway=10
            ),
            "twice": lambda tokens: [tokens.load(TOKEN), tokens.load(TOKEN)],
            "wrong key": lambda tokens: tokens.verify_and_decode(TOKEN, "x" * 64, ["HS256"]),
            "wrong issuer": lambda tokens: tokens.verify_and_decode(
                TOKEN, HMAC_SECRET, ["HS256"], {"verify_aud": False}, issuer="you"
            ),
            "expired": lambda tokens: tokens.verify_and_decode(EXPIRED, HMAC_SECRET, ["HS256"]),
            "partial options": lambda tokens: tokens.check(TOKEN, PARTIAL_OPTIONS),
            "too few options": lambda tokens: tokens.check(TOKEN, {"require": []}),
            "no options": lambda tokens: tokens.check(TOKEN, {}),
            "defaults": lambda tokens: [tokens._get_default_options(), tokens.options],
        },
    )
    assert results["good"][0]["value"]
    assert results["partial options"][0] == {"value": ("builtins.str", "checked"), "warnings": []}


def test_an_overridden_load_decides_what_is_verified():
    def make(lib, calls):
        class Lenient(lib.PyJWS):
            def _load(self, jwt):
                return super()._load(jwt.strip() if isinstance(jwt, str) else jwt)

        instance = lib.PyJWT()
        instance._jws = Lenient()
        return instance

    results = assert_same_subclass(
        make,
        {
            "spaces": lambda tokens: tokens.decode(
                f" {TOKEN}\n", HMAC_SECRET, ["HS256"], **ARGUMENTS
            )
        },
    )
    assert results["spaces"][0]["value"]


def test_options_of_an_instance_stay_its_own():
    for options in ({"verify_exp": False}, {"require": ["x"]}, {"verify_signature": False}, {}):
        assert_same_subclass(
            lambda lib, calls, options=options: lib.PyJWT(options), INSTANCE_ACTIONS
        )
    assert rapidjwt.PyJWT().options == jwt.PyJWT().options


def test_an_instance_with_few_algorithms_knows_no_others():
    def make(lib, calls):
        instance = lib.PyJWT()
        instance._jws = lib.PyJWS(algorithms=["HS512"])
        return instance

    assert_same_subclass(make, INSTANCE_ACTIONS)


def takes_the_fast_path():
    """Return whether a call finds its key in the cache of the fast path."""
    hits = rapidjwt.key_cache_info().hits
    rapidjwt.decode(TOKEN, HMAC_SECRET, ["HS256"], **ARGUMENTS)
    return rapidjwt.key_cache_info().hits > hits


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        ("api_jwt._jwt_global_obj", "options"),
        ("api_jws._jws_global_obj", "_algorithms"),
        ("api_jws", "PyJWK"),
        ("api_jws.PyJWS", "_load"),
    ],
)
@time_machine.travel(NOW, tick=False)
def test_what_is_deleted_and_set_again_clears_the_fast_path(owner, name):
    owner = operator.attrgetter(owner)(rapidjwt)
    value = getattr(owner, name)
    assert takes_the_fast_path() or takes_the_fast_path()  # the first call may fill the cache
    delattr(owner, name)
    try:
        with pytest.raises((AttributeError, NameError)):
            takes_the_fast_path()
    finally:
        setattr(owner, name, value)
    assert takes_the_fast_path()


def test_after_all_of_this_the_fast_path_is_clear():
    assert fast_path_obstacles() == []
