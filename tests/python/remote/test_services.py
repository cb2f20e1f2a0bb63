"""Key services of clouds, each through its own client.

AWS KMS is moto's server. Google's, Azure's and Vault's are stubs of their REST interfaces, in this
file: no registry has those servers. They answer as the documentation of the services shows.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt as pyjwt
import pytest
import rapidjwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from loopback_tls import server_tls
from rapidjwt import Signer, Verifier

CLAIMS = {"sub": "1"}
CURVES = {"256": ec.SECP256R1(), "384": ec.SECP384R1(), "512": ec.SECP521R1()}
HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
RSA_KEY = rsa.generate_private_key(65537, 2048)
ALGORITHMS = [f"{scheme}{bits}" for scheme in ("RS", "PS", "ES") for bits in (256, 384, 512)]


def private_key(algorithm):
    """Return a key of cryptography, as the service would have it."""
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm == "ES256K":
        return ec.generate_private_key(ec.SECP256K1())
    return RSA_KEY if algorithm[0] in "RP" else ec.generate_private_key(CURVES[algorithm[2:]])


def sign_digest(key, algorithm, digest):
    """Return the signature of a digest; ECDSA's in DER."""
    scheme = utils.Prehashed(HASHES[algorithm[2:5]])
    if algorithm.startswith("ES"):
        return key.sign(digest, ec.ECDSA(scheme))
    pss = padding.PSS(padding.MGF1(HASHES[algorithm[2:5]]), padding.PSS.DIGEST_LENGTH)
    return key.sign(digest, pss if algorithm.startswith("PS") else padding.PKCS1v15(), scheme)


def public_pem(key):
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


@contextmanager
def served(answer, context=None):
    """Serve what `answer(method, path, body, headers)` returns, a status and JSON."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            found = answer(self.command, self.path, json.loads(body or b"{}"), self.headers)
            status, content, *more = found
            content = json.dumps(content).encode()
            self.send_response(status)
            for name, value in more:
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_PUT = do_GET  # noqa: N815 - the names of http.server

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def check(key, algorithm):
    """Check that the tokens of a remote key verify here and in PyJWT."""
    assert key.algorithm == algorithm
    token = Signer(key).encode(CLAIMS)
    assert rapidjwt.get_unverified_header(token)["kid"] == key.key_id
    assert Verifier(key.public, algorithms=[algorithm]).decode(token) == CLAIMS
    assert pyjwt.decode(token, key.public.to_pem(), algorithms=[algorithm]) == CLAIMS


# --- AWS ---


def prehashed(method):
    """Return a method of moto's keys that signs digests, for PSS with the salt length of AWS."""

    def replaced(self, name):
        found = method(self, name)
        if not isinstance(found, tuple):
            return utils.Prehashed(found)
        scheme, digest = found
        if isinstance(scheme, padding.PSS):
            scheme = padding.PSS(padding.MGF1(digest), padding.PSS.DIGEST_LENGTH)
        return scheme, utils.Prehashed(digest)

    return replaced


@pytest.fixture(scope="module")
def patch():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def kms(patch):
    boto3 = pytest.importorskip("boto3", reason="boto3 is not installed")
    server = pytest.importorskip("moto.server", reason="moto is not installed")
    from moto.kms import utils as moto_kms

    # Moto hashes the message whatever MessageType says ("DIGEST is not yet implemented"), and its
    # salts are as long as can be; those of AWS are as long as the hash.
    for cls, method in [
        (moto_kms.RSAPrivateKey, "_RSAPrivateKey__padding_and_hash_algorithm"),
        (moto_kms.ECDSAPrivateKey, "_ECDSAPrivateKey__hash_algorithm"),
    ]:
        patch.setattr(cls, method, prehashed(getattr(cls, method)))
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield boto3.client(
        "kms",
        endpoint_url=f"http://{host}:{port}",
        region_name="eu-central-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    running.stop()


AWS = {
    "RSA_2048": ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
    "ECC_NIST_P256": ["ES256"],
    "ECC_NIST_P384": ["ES384"],
    "ECC_NIST_P521": ["ES512"],
    "ECC_SECG_P256K1": ["ES256K"],
}


@pytest.mark.parametrize("spec", AWS)
def test_aws(kms, spec):
    from rapidjwt.remote.aws import remote_key

    types = []
    kms.meta.events.register(
        "provide-client-params.kms.Sign", lambda params, **_: types.append(params["MessageType"])
    )
    made = kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    for algorithm in AWS[spec]:
        check(remote_key(kms, made, algorithm=algorithm), algorithm)
    assert set(types) == {"DIGEST"}
    if spec != "RSA_2048":
        assert remote_key(kms, made, kid="mine").key_id == "mine"
    else:
        with pytest.raises(ValueError, match="algorithm is needed"):
            remote_key(kms, made)


def test_an_unknown_key_is_the_clients_own_error(kms):
    from rapidjwt.remote.aws import remote_key

    with pytest.raises(kms.exceptions.NotFoundException):
        remote_key(kms, "00000000-0000-0000-0000-000000000000")


# --- Google ---

GOOGLE = {
    "RS256": "RSA_SIGN_PKCS1_2048_SHA256",
    "RS512": "RSA_SIGN_PKCS1_4096_SHA512",
    "PS256": "RSA_SIGN_PSS_2048_SHA256",
    "PS512": "RSA_SIGN_PSS_4096_SHA512",
    "ES256": "EC_SIGN_P256_SHA256",
    "ES384": "EC_SIGN_P384_SHA384",
    "ES256K": "EC_SIGN_SECP256K1_SHA256",
    "EdDSA": "EC_SIGN_ED25519",
}
VERSION = "projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1"


def google_client(port):
    kms = pytest.importorskip("google.cloud.kms", reason="google-cloud-kms is not installed")
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.kms_v1.services.key_management_service.transports import (
        KeyManagementServiceRestTransport,
    )

    transport = KeyManagementServiceRestTransport(
        host=f"127.0.0.1:{port}", url_scheme="http", credentials=AnonymousCredentials()
    )
    return kms.KeyManagementServiceClient(transport=transport)


@pytest.mark.parametrize("algorithm", GOOGLE)
def test_google(algorithm):
    pytest.importorskip("google.cloud.kms", reason="google-cloud-kms is not installed")
    from rapidjwt.remote.google import remote_key

    key = private_key(algorithm)

    def answer(method, path, body, _):
        if method == "GET":
            assert path.startswith(f"/v1/{VERSION}/publicKey")
            return 200, {"pem": public_pem(key), "algorithm": GOOGLE[algorithm], "name": VERSION}
        assert path.startswith(f"/v1/{VERSION}:asymmetricSign")
        if algorithm == "EdDSA":
            signature = key.sign(base64.b64decode(body["data"]))
        else:
            digest = base64.b64decode(body["digest"][f"sha{algorithm[2:5]}"])
            signature = sign_digest(key, algorithm, digest)
        return 200, {"signature": base64.b64encode(signature).decode(), "name": VERSION}

    with served(answer) as port:
        check(remote_key(google_client(port), VERSION), algorithm)


# --- Azure ---


@pytest.fixture(scope="module")
def azure_tls(tmp_path_factory):
    """Return a server's context and the certificate that clients trust."""
    return server_tls(tmp_path_factory.mktemp("tls"))


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def azure_jwk(key, kid):
    numbers = key.public_key().public_numbers()
    if isinstance(key, rsa.RSAPrivateKey):
        members = {"kty": "RSA", "n": numbers.n.to_bytes(256, "big"), "e": b"\1\0\1"}
    else:
        size = (key.curve.key_size + 7) // 8
        names = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
        crv = names.get(key.curve.name, "P-256K")
        x, y = (number.to_bytes(size, "big") for number in (numbers.x, numbers.y))
        members = {"kty": "EC-HSM", "crv": crv, "x": x, "y": y}
    texts = {
        name: base64url(value) if isinstance(value, bytes) else value
        for name, value in members.items()
    }
    return {**texts, "kid": kid, "key_ops": ["sign", "verify"]}


@pytest.mark.parametrize("algorithm", [*ALGORITHMS, "ES256K"])
def test_azure(algorithm, azure_tls):
    keys = pytest.importorskip("azure.keyvault.keys", reason="azure-keyvault-keys is not installed")
    from azure.core.credentials import AccessToken
    from azure.keyvault.keys.crypto import CryptographyClient
    from rapidjwt.remote.azure import remote_key

    key = private_key(algorithm)

    class Credential:
        def get_token(self, *_, **__):
            return AccessToken("token", 2**31)

    def answer(method, path, body, headers):
        if headers.get("Authorization") is None:
            challenge = (
                'Bearer authorization="https://login.example/t", resource="https://x.example"'
            )
            return 401, {}, ("WWW-Authenticate", challenge)
        if method == "GET":
            kid = f"https://127.0.0.1:{port}/keys/k/1"
            return 200, {"key": azure_jwk(key, kid), "attributes": {"enabled": True}}
        assert path.startswith("/keys/k/1/sign")
        assert body["alg"] == algorithm
        value = body["value"]
        digest = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
        signature = sign_digest(key, algorithm, digest)
        if algorithm.startswith("ES"):
            size = (key.curve.key_size + 7) // 8
            r, s = utils.decode_dss_signature(signature)
            signature = r.to_bytes(size, "big") + s.to_bytes(size, "big")
        return 200, {"kid": f"https://127.0.0.1:{port}/keys/k/1", "value": base64url(signature)}

    context, trusted = azure_tls
    with served(answer, context) as port:
        options = {"connection_verify": trusted, "verify_challenge_resource": False}
        vault = f"https://127.0.0.1:{port}"
        found = keys.KeyClient(vault, Credential(), **options).get_key("k", "1")
        client = CryptographyClient(found, Credential(), **options)
        check(remote_key(client, found, algorithm=algorithm), algorithm)


# --- Vault ---


@pytest.mark.parametrize("algorithm", [*ALGORITHMS, "EdDSA"])
def test_vault(algorithm):
    hvac = pytest.importorskip("hvac", reason="hvac is not installed")
    from rapidjwt.remote.vault import remote_key

    key = private_key(algorithm)
    if algorithm == "EdDSA":
        raw = key.public_key().public_bytes_raw()
        public = base64.b64encode(raw).decode()
    else:
        public = public_pem(key)

    def answer(method, path, body, headers):
        assert headers["X-Vault-Token"] == "token"
        if method == "GET":
            assert path == "/v1/transit/keys/k"
            return 200, {"data": {"latest_version": 3, "keys": {"3": {"public_key": public}}}}
        data = base64.b64decode(body["input"] if "input" in body else body["hash_input"])
        assert body["key_version"] == 3
        if algorithm == "EdDSA":
            signature = key.sign(data)
        else:
            assert body["prehashed"] is True
            assert len(data) == hashlib.new(f"sha{algorithm[2:5]}").digest_size
            scheme = {"R": "pkcs1v15", "P": "pss"}.get(algorithm[0])
            assert body.get("signature_algorithm") == scheme
            signature = sign_digest(key, algorithm, data)
        return 200, {"data": {"signature": f"vault:v3:{base64.b64encode(signature).decode()}"}}

    with served(answer) as port:
        client = hvac.Client(url=f"http://127.0.0.1:{port}", token="token")
        check(remote_key(client, "k", algorithm=algorithm), algorithm)


def test_a_service_that_hangs_ends_with_its_clients_time_out():
    hvac = pytest.importorskip("hvac", reason="hvac is not installed")
    from rapidjwt.remote.vault import remote_key

    key, done = private_key("ES256"), threading.Event()

    def answer(method, *_):
        if method == "GET":
            found = {"latest_version": 1, "keys": {"1": {"public_key": public_pem(key)}}}
            return 200, {"data": found}
        done.wait(30)
        return 200, {}

    with served(answer) as port:
        client = hvac.Client(url=f"http://127.0.0.1:{port}", token="token", timeout=0.2)
        signer = Signer(remote_key(client, "k"))
        with pytest.raises(rapidjwt.exceptions.RemoteKeyError, match="failed: ReadTimeout"):
            signer.encode(CLAIMS)
        done.set()
