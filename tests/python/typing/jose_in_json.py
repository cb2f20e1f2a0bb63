"""The types of `rapidjwt.jwe`, `.jws_json` and `.sd_jwt`. Type-checked, never run."""

from typing import Any

from rapidjwt import Key, KeySet, Signer, Verifier, jwe, jws_json, sd_jwt
from typing_extensions import assert_type

key = Key.from_secret(b"0123456789abcdef")
jwk = jwe.generate_key("ECDH-ES", curve="X25519")
assert_type(jwk, dict[str, Any])
encrypter = jwe.Encrypter(jwk, "ECDH-ES", "A256GCM", headers={"cty": "JWT"})
assert_type(encrypter.encrypt("text"), str)
assert_type(encrypter.encrypt_flattened(b"bytes", aad="aad"), dict[str, Any])
assert_type(jwe.encrypt_general([encrypter], "text", unprotected={}), dict[str, Any])
jwe.Encrypter("password", "PBES2-HS256+A128KW", "A128GCM", p2c=10_000)
decrypter = jwe.Decrypter([key, jwk], algorithms=["dir"], encryptions={"A128GCM"}, decompress=True)
jwe.Decrypter(KeySet([key]), algorithms=("dir",), encryptions=["A128GCM"], max_p2c=1000)
assert_type(decrypter.decrypt("token"), bytes)
decrypted = decrypter.decrypt_json({})
assert_type(decrypted, jwe.Decrypted)
assert_type(decrypter.decrypt_complete(b"token"), jwe.Decrypted)
assert_type(decrypted.plaintext, bytes)
assert_type(decrypted.header, dict[str, Any])
assert_type(decrypted.protected_header, dict[str, Any])
assert_type(decrypted.aad, bytes | None)
assert_type(jwe.encrypt("text", key, "dir", "A128GCM"), str)
assert_type(jwe.decrypt("token", key, ["dir"], ["A128GCM"]), bytes)

nested = Verifier(key, algorithms=["HS256"], decrypter=decrypter)
assert_type(nested.decode("token"), dict[str, Any])
assert_type(nested.decrypter, jwe.Decrypter | None)
jwe.Encrypter(Key.generate("X25519").public(), "ECDH-ES", "A256GCM")

signer = jws_json.JSONSigner(key, "HS256", headers={"typ": "x"}, unprotected={"kid": "1"})
assert_type(signer.sign_flattened("text", detached=True), dict[str, Any])
assert_type(jws_json.sign_general([signer], b"bytes"), dict[str, Any])
verifier = jws_json.JSONVerifier([key], algorithms=["HS256"], policy=2)
verified = verifier.verify({}, "payload")
assert_type(verified, jws_json.VerifiedJWS)
assert_type(verified.payload, bytes)
assert_type(verified.signatures, tuple[jws_json.VerifiedSignature, ...])
assert_type(verified.signatures[0].key_index, int)

local = Verifier(key, algorithms=["HS256"])
issued = sd_jwt.issue({"sub": "alice", "a": [1]}, Signer(key), ["sub", ("a", None)], decoys=1)
assert_type(issued, str)
assert_type(sd_jwt.issue_general({}, [signer], [], holder_key=key), dict[str, Any])
assert_type(sd_jwt.conceal({}, [("a", 0, None)]), tuple[dict[str, Any], list[str]])
assert_type(sd_jwt.present(issued, [["a", 0]], key=key, nonce="n", audience="me"), str)
parsed = sd_jwt.SDJWT.parse(issued)
assert_type(parsed.select(["sub"]), sd_jwt.SDJWT)
assert_type(parsed.disclosures, tuple[sd_jwt.Disclosure, ...])
assert_type(parsed.disclosures[0].path, tuple[str | int, ...])
assert_type(parsed.key_binding_jwt, str | None)
presentations = sd_jwt.SDJWTVerifier(local, key_binding="optional", max_age=60)
assert_type(presentations.verify(issued, nonce="n", audience="me"), sd_jwt.VerifiedSDJWT)
assert_type(presentations.verify(parsed.to_general()).key_binding, dict[str, Any] | None)
sd_jwt.SDJWTVerifier(local, key_binding="yes")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
