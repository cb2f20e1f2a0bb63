"""Keys in SoftHSM 2, a real PKCS #11 module, which the tests start with a token of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jwt as pyjwt
import pytest
import rapidjwt
from rapidjwt import Signer, Verifier

pkcs11 = pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")

MODULES = [
    Path(folder) / "softhsm" / "libsofthsm2.so"
    for folder in ("/usr/lib", "/usr/local/lib", "/opt/homebrew/lib")
]
MODULE = next((str(module) for module in MODULES if module.exists()), None)
needs_softhsm = pytest.mark.skipif(
    MODULE is None or shutil.which("softhsm2-util") is None,
    reason="SoftHSM 2 is not installed (Debian: apt-get install softhsm2)",
)
pytestmark = needs_softhsm
CLAIMS = {"sub": "1"}


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    with pytest.MonkeyPatch.context() as patch:
        # The module reads the variable of the process, not Python's copy; putenv sets both.
        patch.setenv("SOFTHSM2_CONF", str(configuration))
        pins = ["--pin", "1234", "--so-pin", "5678"]
        subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", "test", *pins],
            check=True,
            capture_output=True,
            env=os.environ,
        )
        module = pkcs11.lib(MODULE)
        with module.get_token(token_label="test").open(user_pin="1234", rw=True) as session:
            yield session


@pytest.fixture(scope="module")
def pairs(session):
    from pkcs11.util.ec import encode_named_curve_parameters

    def ec(curve):
        parameters = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters(curve)}
        domain = session.create_domain_parameters(pkcs11.KeyType.EC, parameters, local=True)
        return domain.generate_keypair()[::-1]

    def ed25519():
        parameters = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("1.3.101.112")}
        domain = session.create_domain_parameters(pkcs11.KeyType.EC_EDWARDS, parameters, local=True)
        mechanism = pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN
        return domain.generate_keypair(mechanism=mechanism)[::-1]

    rsa = session.generate_keypair(pkcs11.KeyType.RSA, 2048)[::-1]
    return {
        **dict.fromkeys(["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"], rsa),
        "ES256": ec("secp256r1"),
        "ES384": ec("secp384r1"),
        "ES512": ec("secp521r1"),
        "EdDSA": ed25519(),
    }


ALGORITHMS = [
    *(f"{scheme}{bits}" for scheme in ("RS", "PS", "ES") for bits in (256, 384, 512)),
    "EdDSA",
]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_its_tokens_verify_here_and_in_pyjwt(pairs, algorithm):
    from rapidjwt.remote.pkcs11 import remote_key

    private, public = pairs[algorithm]
    key = remote_key(private, public, algorithm=algorithm)
    token = Signer(key).encode(CLAIMS)
    assert rapidjwt.get_unverified_header(token)["kid"] == key.public.thumbprint()
    assert Verifier(key.public, algorithms=[algorithm]).decode(token) == CLAIMS
    assert pyjwt.decode(token, key.public.to_pem(), algorithms=[algorithm]) == CLAIMS


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_the_private_key_cannot_be_extracted(pairs, algorithm):
    private, _ = pairs[algorithm]
    assert private[pkcs11.Attribute.EXTRACTABLE] is False
    assert private[pkcs11.Attribute.SENSITIVE] is True
    secret = pkcs11.Attribute.PRIVATE_EXPONENT if algorithm == "RS256" else pkcs11.Attribute.VALUE
    with pytest.raises(pkcs11.exceptions.AttributeSensitive):
        private[secret]


def test_only_rsa_keys_need_an_algorithm(pairs):
    from rapidjwt.remote.pkcs11 import remote_key

    assert remote_key(*pairs["ES384"]).algorithm == "ES384"
    assert remote_key(*pairs["EdDSA"]).algorithm == "EdDSA"
    with pytest.raises(ValueError, match="algorithm is needed: an RSA key signs with RS256"):
        remote_key(*pairs["RS256"])
    with pytest.raises(rapidjwt.InvalidKeyError, match="signs with ES256, not with RS256"):
        remote_key(*pairs["ES256"], algorithm="RS256")


def test_a_public_key_of_another_pair_is_found_at_the_first_token(pairs, session):
    from rapidjwt.remote.pkcs11 import remote_key

    _, other = session.generate_keypair(pkcs11.KeyType.RSA, 2048)[::-1]
    key = remote_key(pairs["RS256"][0], other, algorithm="RS256")
    with pytest.raises(rapidjwt.exceptions.RemoteKeyError, match="does not fit the public key"):
        Signer(key).encode(CLAIMS)


def sign_with_three_keys(session):
    """Sign in six threads while a seventh makes and removes keys."""
    import threading
    import time

    from pkcs11.util.ec import encode_named_curve_parameters
    from rapidjwt.remote.pkcs11 import lock, remote_key

    curve = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
    domain = session.create_domain_parameters(pkcs11.KeyType.EC, curve, local=True)
    keys = [remote_key(*domain.generate_keypair()[::-1]) for _ in range(3)]
    end = time.monotonic() + 2
    failures = []

    def sign(key):
        try:
            while time.monotonic() < end:
                key.sign(b"message")
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=sign, args=(key,)) for key in keys * 2]
    for thread in threads:
        thread.start()
    while time.monotonic() < end:
        with lock:
            for each in domain.generate_keypair():
                each.destroy()
    for thread in threads:
        thread.join()
    assert failures == []


SCRIPT = """
import os, sys, pkcs11, test_pkcs11
module = pkcs11.lib(test_pkcs11.MODULE)
with module.get_token(token_label="test").open(user_pin="1234", rw=True) as session:
    test_pkcs11.sign_with_three_keys(session)
"""


@pytest.mark.usefixtures("session")
def test_several_keys_in_threads_do_not_crash_the_process():
    """In a process of its own: two threads in the module at once end it by a signal."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_fork_waits_for_a_signature():
    import threading
    import time

    from rapidjwt.remote.pkcs11 import lock

    signing = threading.Event()

    def sign():
        with lock:
            signing.set()
            time.sleep(0.2)

    thread = threading.Thread(target=sign)
    thread.start()
    assert signing.wait(30)
    pid = os.fork()
    if pid == 0:
        os._exit(not lock.acquire(timeout=30))
    thread.join(30)
    assert os.waitpid(pid, 0)[1] == 0


def test_threads_take_turns(pairs):
    from rapidjwt.remote.pkcs11 import remote_key

    key = remote_key(*pairs["ES256"])
    signer, verifier = Signer(key), Verifier(key.public, algorithms=["ES256"])
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda number: signer.encode({"n": number}), range(200)))
    assert [verifier.decode(token)["n"] for token in tokens] == list(range(200))
