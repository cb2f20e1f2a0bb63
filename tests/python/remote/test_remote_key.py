"""`RemoteKey` and `AsyncRemoteKey` with services that are functions of the tests."""

from __future__ import annotations

import asyncio
import copy
import hashlib
import pickle
import threading

import jwt as pyjwt
import pytest
import rapidjwt
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from rapidjwt import Key, Signer, Verifier
from rapidjwt.remote import AsyncRemoteKey, RemoteAlgorithm, RemoteKey, RemoteKeyError

ASYMMETRIC = [
    *(f"{scheme}{bits}" for scheme in ("RS", "PS", "ES") for bits in (256, 384, 512)),
    "ES256K",
    "EdDSA",
    "Ed25519",
    "Ed448",
]
KEYS = {algorithm: Key.generate(algorithm) for algorithm in ("RS256", *ASYMMETRIC[6:])}
CLAIMS = {"sub": "1", "n": [1, 2.5]}


def private_key(algorithm):
    """Return a key for the algorithm that names no other one."""
    key = KEYS.get(algorithm, KEYS["RS256"])
    return Key.from_pem(key.to_pem(private=True))


def remote_key(algorithm="ES256", key=None, **arguments):
    key = key or private_key(algorithm)
    arguments.setdefault("public", key.public())
    return RemoteKey(lambda data: key.sign(data, algorithm), algorithm=algorithm, **arguments)


def answering(answer, algorithm="ES256", **arguments):
    arguments.setdefault("public", private_key(algorithm).public())
    return RemoteKey(lambda _: answer, algorithm=algorithm, **arguments)


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_its_tokens_verify_and_are_those_of_the_key_itself(algorithm):
    key = private_key(algorithm)
    token = Signer(remote_key(algorithm, key), headers={"x": 1}).encode(CLAIMS)
    expected = Signer(key, algorithm, headers={"x": 1}).encode(CLAIMS)
    assert token.rpartition(".")[0] == expected.rpartition(".")[0]
    assert Verifier(key.public(), algorithms=[algorithm]).decode(token) == CLAIMS
    if algorithm not in {"Ed25519", "Ed448"}:  # PyJWT has no such names
        public = key.public().to_pem()
        assert pyjwt.decode(token, public, algorithms=[algorithm]) == CLAIMS


def test_the_service_is_given_the_signing_input_or_its_digest():
    seen = []
    key = private_key("ES384")

    def sign(data):
        seen.append(data)
        raise ConnectionError

    for takes in ("message", "digest"):
        remote = RemoteKey(sign, algorithm="ES384", public=key.public(), takes=takes)
        with pytest.raises(RemoteKeyError):
            remote.sign(b"a.b")
    assert seen == [b"a.b", hashlib.sha384(b"a.b").digest()]


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "ES512", "ES256K"])
def test_a_signature_in_der_is_converted(algorithm):
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = private_key(algorithm)
    loaded = load_pem_private_key(key.to_pem(private=True).encode(), None)
    hashes = {"256": SHA256, "384": SHA384, "512": SHA512}
    ders = []

    def sign(data):
        ders.append(loaded.sign(data, ECDSA(hashes[algorithm[2:5]]())))
        return ders[-1]

    remote = RemoteKey(sign, algorithm=algorithm, public=key.public(), returns="der")
    for _ in range(50):  # integers with and without leading zeros
        signature = remote.sign(b"message")
        half = len(signature) // 2
        numbers = (int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big"))
        assert numbers == decode_dss_signature(ders[-1])
        assert key.public().verify(b"message", signature, algorithm)


def der(r, s):
    def integer(number):
        data = number.to_bytes(number.bit_length() // 8 + 1, "big")
        return bytes([2, len(data)]) + data

    content = integer(r) + integer(s)
    return bytes([0x30, len(content)]) + content


N_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest.mark.parametrize("public", [True, False])
@pytest.mark.parametrize(
    ("returns", "answer"),
    [
        ("der", der(0, 1)),
        ("der", der(1, 0)),
        ("der", der(N_P256, 1)),
        ("der", der(1, N_P256)),
        ("der", der(1, 1) + b"\0"),
        ("der", der(1, 1)[:-1]),
        ("der", bytes(64)),
        ("der", b""),
        ("jose", bytes(64)),
        ("jose", bytes(32) + b"\1" * 32),
        ("jose", N_P256.to_bytes(32, "big") + b"\1" * 32),
        ("jose", b"\1" * 63),
        ("jose", b"\1" * 65),
        ("jose", der(1, 1)),
        ("jose", b""),
        ("jose", b"garbage"),
    ],
)
def test_what_is_no_signature_gives_one_clear_error(returns, answer, public):
    arguments = {} if public else {"public": None}
    remote = answering(answer, returns=returns, **arguments)
    with pytest.raises(RemoteKeyError, match=r"^The key service did not return a"):
        Signer(remote).encode(CLAIMS)


@pytest.mark.parametrize("answer", [None, "text", 1, [b"x"], object()])
def test_an_answer_of_another_type_is_refused(answer):
    name = "None" if answer is None else type(answer).__name__
    with pytest.raises(RemoteKeyError, match=f"as bytes, got {name}"):
        Signer(answering(answer)).encode(CLAIMS)


@pytest.mark.parametrize("algorithm", ["RS256", "EdDSA"])
def test_an_empty_signature_is_refused_without_the_public_key_too(algorithm):
    with pytest.raises(RemoteKeyError, match="returned nothing"):
        Signer(answering(b"", algorithm, public=None)).encode(CLAIMS)


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_a_signature_of_another_key_is_found_at_the_first_token(algorithm):
    other = Key.from_pem(Key.generate(algorithm).to_pem(private=True))
    remote = remote_key(algorithm, other, public=private_key(algorithm).public())
    with pytest.raises(RemoteKeyError, match="does not fit the public key"):
        Signer(remote).encode(CLAIMS)


def test_a_wrong_algorithm_or_hash_is_found_at_the_first_token():
    key = private_key("RS256")
    remote = RemoteKey(lambda data: key.sign(data, "PS256"), algorithm="RS256", public=key.public())
    digested = remote_key("RS256", takes="digest")  # the service hashes once more
    for wrong in (remote, digested):
        with pytest.raises(RemoteKeyError, match="another algorithm or hash"):
            Signer(wrong).encode(CLAIMS)


def test_verification_can_be_switched_off():
    other = Key.from_pem(Key.generate("ES256").to_pem(private=True))
    public = private_key("ES256").public()
    token = Signer(remote_key("ES256", other, public=public, verify=False)).encode(CLAIMS)
    assert Verifier(other.public(), algorithms=["ES256"]).decode(token) == CLAIMS
    token = Signer(remote_key("ES256", other, public=None)).encode(CLAIMS)
    assert Verifier(other.public(), algorithms=["ES256"]).decode(token) == CLAIMS


def test_an_error_of_the_service_is_the_cause():
    reason = TimeoutError("after 2 s")

    def sign(_):
        raise reason

    with pytest.raises(RemoteKeyError, match="failed: TimeoutError") as raised:
        Signer(RemoteKey(sign, algorithm="ES256", public=None)).encode(CLAIMS)
    assert raised.value.__cause__ is reason
    assert isinstance(raised.value, rapidjwt.PyJWTError)
    assert not isinstance(raised.value, rapidjwt.InvalidTokenError)


@pytest.mark.parametrize("reason", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
def test_what_ends_a_program_or_a_task_goes_through(reason):
    def sign(_):
        raise reason

    async def sign_async(_):
        raise reason

    with pytest.raises(reason):
        Signer(RemoteKey(sign, algorithm="ES256", public=None)).encode(CLAIMS)
    coroutine = Signer(AsyncRemoteKey(sign_async, algorithm="ES256", public=None)).encode_async({})
    with pytest.raises(reason):
        coroutine.send(None)


def test_claims_are_checked_before_the_service_is_asked():
    def sign(_):
        raise AssertionError

    signer = Signer(RemoteKey(sign, algorithm="ES256", public=None))
    for claims, error in [({"x": object()}, TypeError), ([], TypeError), ({"iss": 1}, TypeError)]:
        with pytest.raises(error):
            signer.encode(claims)


def test_the_key_id_is_its_own_or_that_of_the_public_key():
    public = Key.from_jwk(private_key("ES256").public().to_jwk() | {"kid": "public"})
    for kid, expected in [(None, "public"), ("own", "own")]:
        remote = remote_key("ES256", public=public, kid=kid)
        assert remote.key_id == expected
        token = Signer(remote).encode(CLAIMS)
        assert rapidjwt.get_unverified_header(token)["kid"] == expected
    assert remote_key("ES256").key_id is None


def test_a_signer_fills_claims_in():
    signer = Signer(remote_key(), issuer="me", lifetime=60, jwt_id=True)
    claims = Verifier(private_key("ES256").public(), algorithms=["ES256"]).decode(
        signer.encode({"sub": "1"})
    )
    assert claims.keys() == {"sub", "iss", "iat", "exp", "jti"}
    assert repr(signer) == "<Signer algorithm='ES256' issuer='me' lifetime=60>"


def test_the_algorithm_of_a_signer_is_that_of_the_key():
    with pytest.raises(rapidjwt.InvalidKeyError, match="The key is for ES256"):
        Signer(remote_key(), "ES384")
    assert Signer(remote_key(), "ES256").algorithm == "ES256"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"sign": b"x"}, TypeError, "sign must be a function, got bytes"),
        ({"algorithm": "HS256"}, ValueError, "HS256 is not an asymmetric algorithm"),
        ({"algorithm": "none"}, ValueError, "none"),
        ({"algorithm": "es256"}, ValueError, 'did you mean "ES256"'),
        ({"algorithm": 1}, TypeError, "algorithm must be"),
        ({"algorithm": "ES384"}, rapidjwt.InvalidKeyError, "ES384"),
        ({"public": b"x"}, TypeError, "public must be a Key or None, got bytes"),
        ({"public": KEYS["ES256"]}, ValueError, "got a private one"),
        ({"takes": "hash"}, ValueError, 'takes must be "message" or "digest"'),
        ({"returns": "raw"}, ValueError, 'returns must be "jose" or "der"'),
        ({"kid": 1}, TypeError, "kid must be"),
        ({"algorithm": "EdDSA", "public": None, "takes": "digest"}, ValueError, "not a digest"),
        ({"algorithm": "RS256", "public": None, "returns": "der"}, ValueError, "ECDSA"),
    ],
)
@pytest.mark.parametrize("cls", [RemoteKey, AsyncRemoteKey])
def test_wrong_arguments_are_named(cls, arguments, error, message):
    usual = {"sign": bytes, "algorithm": "ES256", "public": private_key("ES256").public()}
    merged = {**usual, **arguments}
    with pytest.raises(error, match=message):
        cls(merged.pop("sign"), **merged)


def test_the_public_key_must_be_named_or_left_out_on_purpose():
    with pytest.raises(TypeError, match="public"):
        RemoteKey(bytes, algorithm="ES256")


def test_it_copies_as_itself_and_does_not_pickle():
    remote = remote_key()
    assert copy.copy(remote) is copy.deepcopy(remote) is remote
    with pytest.raises(TypeError, match="cannot pickle a remote key"):
        pickle.dumps(remote)
    assert repr(remote_key(kid="k")) == "<RemoteKey algorithm='ES256' key_id='k'>"


# --- coroutines ---


def async_key(algorithm="ES256", **arguments):
    key = private_key(algorithm)

    async def sign(data):
        await asyncio.sleep(0)
        return key.sign(data, algorithm)

    arguments.setdefault("public", key.public())
    return AsyncRemoteKey(sign, algorithm=algorithm, **arguments)


@pytest.mark.parametrize("make", [async_key, remote_key, lambda: private_key("ES256")])
def test_encode_async_takes_every_kind_of_key(make):
    signer = Signer(make(), "ES256")
    token = asyncio.run(signer.encode_async(CLAIMS))
    assert Verifier(private_key("ES256").public(), algorithms=["ES256"]).decode(token) == CLAIMS


def test_a_service_that_blocks_is_called_in_a_thread():
    names = []
    key = private_key("ES256")

    def sign(data):
        names.append(threading.current_thread())
        return key.sign(data, "ES256")

    remote = RemoteKey(sign, algorithm="ES256", public=key.public())
    asyncio.run(Signer(remote).encode_async(CLAIMS))
    assert names != [threading.main_thread()]


def test_encode_with_an_async_key_says_what_to_call():
    with pytest.raises(TypeError, match="await encode_async"):
        Signer(async_key()).encode(CLAIMS)


def test_errors_of_encode_async_are_raised_when_it_is_awaited():
    coroutine = Signer(async_key()).encode_async({"x": object()})
    with pytest.raises(TypeError, match="serializable"):
        asyncio.run(coroutine)

    async def hangs(_):
        await asyncio.sleep(60)

    async def fails(_):
        raise OSError

    async def returns_garbage(_):
        return b"garbage"

    async def within(seconds, signer):
        await asyncio.wait_for(signer.encode_async(CLAIMS), seconds)

    def signer(sign):
        return Signer(AsyncRemoteKey(sign, algorithm="ES256", public=None))

    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(within(0.05, signer(hangs)))
    with pytest.raises(RemoteKeyError, match="failed: OSError") as raised:
        asyncio.run(within(5, signer(fails)))
    assert isinstance(raised.value.__cause__, OSError)
    with pytest.raises(RemoteKeyError, match="did not return a signature"):
        asyncio.run(within(5, signer(returns_garbage)))


def test_an_async_key_whose_function_is_not_a_coroutine_function_says_so():
    remote = AsyncRemoteKey(lambda _: bytes(64), algorithm="ES256", public=None)
    with pytest.raises(RemoteKeyError, match="TypeError"):
        asyncio.run(remote.sign(b""))


@pytest.mark.parametrize("make", [remote_key, async_key])
def test_a_verifier_says_that_it_needs_the_public_key(make):
    with pytest.raises(TypeError, match=r"pass its public key, key\.public"):
        Verifier(make(), algorithms=["ES256"])


# --- PyJWT's own classes ---


@pytest.fixture
def jws():
    jws = rapidjwt.PyJWS()
    jws.unregister_algorithm("ES256")
    jws.register_algorithm("ES256", RemoteAlgorithm("ES256"))
    return jws


def test_pyjws_signs_with_a_remote_key(jws):
    token = jws.encode(b"payload", remote_key(), algorithm="ES256")
    public = private_key("ES256").public().to_pem()
    assert pyjwt.PyJWS().decode(token, public, algorithms=["ES256"]) == b"payload"
    assert jws.decode(token, remote_key(), algorithms=["ES256"]) == b"payload"
    assert jws.decode(token, public, algorithms=["ES256"]) == b"payload"
    with pytest.raises(rapidjwt.InvalidSignatureError):
        jws.decode(token[:-4] + "AAAA", remote_key(), algorithms=["ES256"])


def test_pyjws_takes_other_keys_as_before(jws):
    pem = private_key("ES256").to_pem(private=True)
    token = jws.encode(b"payload", pem, algorithm="ES256")
    assert jws.decode(token, remote_key(), algorithms=["ES256"]) == b"payload"


def test_pyjws_refuses_a_remote_key_for_another_algorithm(jws):
    with pytest.raises(rapidjwt.InvalidKeyError, match="ES384"):
        jws.encode(b"", remote_key("ES384"), algorithm="ES256")
    token = jws.encode(b"", remote_key(), algorithm="ES256")
    with pytest.raises(rapidjwt.InvalidKeyError, match="without its public key"):
        jws.decode(token, remote_key(public=None), algorithms=["ES256"])
