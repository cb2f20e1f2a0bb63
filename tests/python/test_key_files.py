"""`Key` and files: passwords, certificates, and what the drop-in functions do with them."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
import sys

import jwt as pyjwt
import pytest
import rapidjwt
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
)
from differential.keys import certificate, forms, private_keys, private_pem, public_pem
from rapidjwt import InvalidKeyError, Key

NAMES = ["RSA-2048", "P-256", "P-384", "P-521", "secp256k1", "Ed25519", "Ed448"]
CERTIFIED = [name for name in NAMES if name not in ("Ed25519", "Ed448")]
PASSWORD = "correct horse Zoë"
ALGORITHM = {"RSA-2048": "RS256", "P-256": "ES256", "P-384": "ES384", "P-521": "ES512",
             "secp256k1": "ES256K"}  # fmt: skip


def encrypted(name, encoding, password=PASSWORD):
    return private_keys()[name].private_bytes(
        encoding, PrivateFormat.PKCS8, BestAvailableEncryption(password.encode())
    )


def plain(private):
    return private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def openssl(*arguments, data):
    """Run openssl, or skip the test if it is not installed."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed")
    done = subprocess.run([program, *arguments], input=data, capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"this openssl cannot do it: {done.stderr.decode().splitlines()[-1]}")
    return done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_what_cryptography_encrypts_is_read_with_the_password(name):
    key = Key.from_pem(private_pem(name))
    pem, der = encrypted(name, Encoding.PEM), encrypted(name, Encoding.DER)
    for read in (
        Key.from_pem(pem, PASSWORD),
        Key.from_pem(pem.decode(), password=PASSWORD.encode()),
        Key.from_der(der, password=PASSWORD),
    ):
        assert read.to_jwk(private=True) == key.to_jwk(private=True)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_encrypted_here_is_read_by_cryptography(name):
    key = Key.from_pem(private_pem(name))
    pem = key.to_pem(private=True, password=PASSWORD)
    assert pem.startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    der = key.to_der(private=True, password=PASSWORD.encode())
    ours = load_der_private_key(key.to_der(private=True), None)
    for loaded in (
        load_pem_private_key(pem.encode(), PASSWORD.encode()),
        load_der_private_key(der, PASSWORD.encode()),
    ):
        assert plain(loaded) == plain(ours) == plain(private_keys()[name])


@pytest.mark.parametrize(
    "options",
    [
        ["-v2", "aes-128-cbc"],
        ["-v2", "aes-192-cbc", "-v2prf", "hmacWithSHA1"],
        ["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA384", "-iter", "1000"],
        ["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512"],
        ["-v2", "des3"],
        ["-v2", "des3", "-v2prf", "hmacWithSHA1"],
        ["-scrypt"],
        ["-scrypt", "-scrypt_N", "1024", "-scrypt_r", "4", "-scrypt_p", "2"],
    ],
    ids=" ".join,
)
def test_what_openssl_encrypts_is_read_with_the_password(options):
    plain = private_pem("P-256").encode()
    pem = openssl("pkcs8", "-topk8", *options, "-passout", "pass:secret", data=plain)
    assert Key.from_pem(pem, "secret").to_pem(private=True).encode() == plain
    with pytest.raises(InvalidKeyError, match="password is wrong"):
        Key.from_pem(pem, "Secret")


def test_keys_are_encrypted_with_600_000_iterations():
    der = Key.generate("ES256").to_der(private=True, password="secret")
    assert b"\x02\x03" + (600_000).to_bytes(3, "big") in der


def test_openssl_reads_what_is_encrypted_here():
    key = Key.generate("ES256")
    pem = key.to_pem(private=True, password="secret").encode()
    assert openssl("pkey", "-passin", "pass:secret", data=pem) == key.to_pem(private=True).encode()


@pytest.mark.parametrize(
    "options", [["-v1", "PBE-SHA1-3DES"], ["-v2", "camellia-128-cbc"]], ids=" ".join
)
def test_an_old_cipher_is_refused_with_the_way_to_convert_the_key(options):
    plain = private_pem("P-256").encode()
    pem = openssl("pkcs8", "-topk8", *options, "-passout", "pass:secret", data=plain)
    with pytest.raises(InvalidKeyError, match=r"openssl pkcs8 -topk8 -in .* -v2 aes-256-cbc"):
        Key.from_pem(pem, "secret")


def test_the_old_encrypted_pem_is_refused_with_the_way_to_convert_the_key():
    pem = private_keys()["RSA-2048"].private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, BestAvailableEncryption(b"secret")
    )
    for password in (None, "secret"):
        with pytest.raises(InvalidKeyError, match=r"Proc-Type.*openssl pkcs8 -topk8 -in"):
            Key.from_pem(pem, password)


@pytest.mark.parametrize("wrong", ["", "Correct horse Zoë", PASSWORD + " ", "\0"])
def test_a_wrong_password_is_named_as_such(wrong):
    for read, encoding in ((Key.from_pem, Encoding.PEM), (Key.from_der, Encoding.DER)):
        with pytest.raises(InvalidKeyError, match="password is wrong"):
            read(encrypted("P-256", encoding), wrong)


def test_most_wrong_passwords_are_noticed_by_the_padding_and_the_rest_by_the_key_in_it():
    pem = encrypted("Ed25519", Encoding.PEM)
    for number in range(300):  # one in 256 leaves what looks like padding
        with pytest.raises(InvalidKeyError, match="password is wrong"):
            Key.from_pem(pem, str(number))


def test_an_encrypted_key_without_password_is_named_as_such():
    for read, encoding in ((Key.from_pem, Encoding.PEM), (Key.from_der, Encoding.DER)):
        with pytest.raises(InvalidKeyError, match="encrypted: pass its password"):
            read(encrypted("P-256", encoding))


@pytest.mark.parametrize("form", ["PKCS#8 PEM", "SPKI PEM", "certificate PEM", "traditional PEM"])
def test_a_password_for_a_key_that_is_not_encrypted_is_refused(form):
    with pytest.raises(InvalidKeyError, match="the key is not encrypted"):
        Key.from_pem(forms("P-256")[form], "password")


def test_a_password_that_is_no_password_is_refused():
    key = Key.generate("ES256")
    for write in (key.to_pem, key.to_der):
        with pytest.raises(InvalidKeyError, match="password is empty"):
            write(private=True, password="")
        with pytest.raises(ValueError, match="private=True"):
            write(password="secret")
        with pytest.raises(TypeError):
            write(private=True, password=5)
    with pytest.raises(TypeError):
        Key.from_pem(key.to_pem(private=True), 5)


def test_the_same_key_is_never_encrypted_the_same_way_twice():
    key = Key.generate("EdDSA")
    texts = {key.to_pem(private=True, password="secret") for _ in range(3)}
    assert len(texts) == 3


@pytest.mark.parametrize("name", CERTIFIED)
def test_the_key_of_a_certificate_verifies(name):
    from_pem = Key.from_pem(forms(name)["certificate PEM"])
    from_der = Key.from_der(forms(name)["certificate DER"])
    assert from_pem == from_der == Key.from_pem(public_pem(name))
    assert not from_pem.is_private
    token = rapidjwt.encode({"sub": "x"}, private_pem(name), ALGORITHM[name])
    assert rapidjwt.decode(token, from_pem, [ALGORITHM[name]]) == {"sub": "x"}
    verifier = rapidjwt.Verifier(from_der, algorithms=[ALGORITHM[name]])
    assert verifier.decode(token) == {"sub": "x"}


def test_a_certificate_of_an_unsupported_key_is_refused():
    for encoding, read in ((Encoding.PEM, Key.from_pem), (Encoding.DER, Key.from_der)):
        with pytest.raises(InvalidKeyError, match=r"curve .* is not supported"):
            read(certificate(private_keys()["P-224"], encoding))


@pytest.mark.parametrize("form", ["certificate PEM", "PKCS#8 PEM, encrypted"])
@pytest.mark.parametrize("name", CERTIFIED)
def test_the_drop_in_functions_refuse_both_as_pyjwt_does(name, form):
    text = forms(name)[form]
    outcomes = []
    for library in (pyjwt, rapidjwt):
        for call in (
            lambda library=library: library.encode({}, text, ALGORITHM[name]),
            lambda library=library: library.decode("e30.e30.", text, [ALGORITHM[name]]),
            lambda library=library: library.decode(
                pyjwt.encode({}, private_pem(name), ALGORITHM[name]), text, [ALGORITHM[name]]
            ),
        ):
            with pytest.raises(Exception) as raised:  # noqa: PT011 - whichever PyJWT raises
                call()
            outcomes.append((type(raised.value).__name__, str(raised.value)))
    assert outcomes[:3] == outcomes[3:]


def test_a_directory_of_pem_files_may_hold_certificates(tmp_path):
    (tmp_path / "idp.pem").write_bytes(forms("P-256")["certificate PEM"])
    key_set = rapidjwt.KeySet.from_directory(tmp_path)
    assert key_set["idp"].key == Key.from_pem(public_pem("P-256"))


def test_damaged_encrypted_keys_and_certificates_are_invalid_keys():
    for der in (forms("P-256")["certificate DER"], encrypted("Ed25519", Encoding.DER)):
        for length in range(0, len(der), 3):
            with pytest.raises(InvalidKeyError):
                Key.from_der(der[:length], None)
            with pytest.raises(InvalidKeyError):
                Key.from_pem(b"-----BEGIN CERTIFICATE-----\n" + base64.b64encode(der[:length])
                             + b"\n-----END CERTIFICATE-----\n")  # fmt: skip


def lines_with(before="", after=""):
    return lambda text: "".join(f"{before}{line}{after}" for line in text.splitlines())


def first_line_end(replacement):
    return lambda text: text.replace("\n", replacement, 1)


def every_line_end(replacement):
    return lambda text: text.replace("\n", replacement)


def block(label, body="AAAA"):
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n"


CERTIFICATE = forms("P-384")["certificate PEM"].decode()
#: What happens to key files on their way: a PEM text of one key, and what it becomes.
ODD_TEXTS = {
    "unchanged": str,
    "EC PARAMETERS before": lambda text: block("EC PARAMETERS", "BggqhkjOPQMBBw==") + text,
    "EC PARAMETERS after": lambda text: text + block("EC PARAMETERS", "BggqhkjOPQMBBw=="),
    "a certificate before": lambda text: CERTIFICATE + text,
    "a certificate after": lambda text: text + CERTIFICATE,
    "an unknown block before": lambda text: block("OTHER") + text,
    "a damaged block before": lambda text: block("OTHER", "!") + text,
    "a mismatched block before": lambda text: block("OTHER").replace("END O", "END X") + text,
    "a block before that is cut off": lambda text: block("OTHER")[:20] + text,
    "a damaged block after": lambda text: text + block("OTHER", "!"),
    "a block after that is cut off": lambda text: text + block("OTHER")[:20],
    "Bag Attributes": lambda text: (
        "Bag Attributes\n    friendlyName: key\n    localKeyID: 01 02\n"
        "Key Attributes: <No Attributes>\n" + text
    ),
    "text before": lambda text: "the key: " + text,
    "text after": lambda text: text + "that was it",
    "bytes around that are not text": lambda text: b"\xff\n" + text.encode() + b"\xff",
    "dashes and an END line before": lambda text: "-----\n-----END PRIVATE KEY-----\n" + text,
    "a BEGIN line in the text before": lambda text: 'after "-----BEGIN PRIVATE KEY-----":\n' + text,
    "quotation marks": lambda text: f'"{text}"',
    "a byte order mark": lambda text: "\ufeff" + text,
    "UTF-16": lambda text: text.encode("utf-16"),
    "a NUL at the end": lambda text: text + "\0",
    "NULs in it": every_line_end("\0\n"),
    "indented lines": lines_with(before="    ", after="\n"),
    "indented by tabs": lines_with(before="\t", after="\n"),
    "spaces at line ends": lines_with(after="  \n"),
    "no-break spaces": lines_with(after="\u00a0\n"),
    "zero width spaces": lines_with(after="\u200b\n"),
    "CRLF": every_line_end("\r\n"),
    "CR": every_line_end("\r"),
    "CR CR LF": every_line_end("\r\r\n"),
    "form feeds": every_line_end("\f"),
    "spaces for line ends": every_line_end(" "),
    "nothing for line ends": every_line_end(""),
    "escaped line ends": every_line_end("\\n"),
    "every line end twice": every_line_end("\n\n"),
    "an empty line after BEGIN": first_line_end("\n\n"),
    "empty lines after BEGIN": first_line_end("\r\n\n \n\n"),
    "an empty line in the body": lambda text: "\n\n".join(text.rsplit("\n", 3)),
    "an empty line before END": lambda text: text.replace("\n-----END", "\n\n-----END"),
    "a blank line in the body": lambda text: text.replace("\n-----END", "\n \n-----END"),
    "headers": first_line_end("\nComment: a key\nX: y\n\n"),
    "headers, CRLF": lambda text: text.replace("\n", "\nX: y\n\n", 1).replace("\n", "\r\n"),
    "headers without an empty line": first_line_end("\nComment: a key\n"),
    "a header that is none": first_line_end("\nComment\n\n"),
    "lower case": lambda text: text.replace("BEGIN", "begin"),
    "four dashes": lambda text: text.replace("-----", "----"),
    "six dashes": lambda text: text.replace("-----", "------"),
    "six dashes before BEGIN": lambda text: "-" + text,
    "a dash in the body": first_line_end("\n-"),
    "no BEGIN line": lambda text: text.partition("\n")[2],
    "no END line": lambda text: text.partition("-----END")[0],
    "the END line cut off": lambda text: text[:-4],
    "BEGIN twice": lambda text: text.partition("\n")[0] + "\n" + text,
    "no padding": lambda text: text.replace("=", ""),
    "more padding": lambda text: text.replace("\n-----END", "=\n-----END"),
    "a space in the label": lambda text: text.replace(" KEY", "  KEY"),
    "another label": lambda text: text.replace(" KEY", " THING"),
    "the label of PKCS#1": lambda text: text.replace(" PRIVATE", " RSA PRIVATE").replace(
        " PUBLIC", " RSA PUBLIC"
    ),
    "the label of SEC1": lambda text: text.replace(" PRIVATE", " EC PRIVATE"),
    "the label of PKCS#8": lambda text: re.sub(" (RSA|EC) PRIVATE", " PRIVATE", text),
    "twice": lambda text: text + text,
    "another key after": lambda text: text + private_pem("P-384"),
    "a public key after": lambda text: text + public_pem("P-384"),
    "an encrypted key before": lambda text: forms("P-384")["PKCS#8 PEM, encrypted"].decode() + text,
}  # fmt: skip
#: Several keys, of which cryptography silently takes one. So does PyJWT.
SEVERAL = {"twice", "another key after", "a public key after", "an encrypted key before"}
#: What else PyJWT takes and `Key` does not: cryptography looks at no block behind a public key.
STRICTER = {("SPKI PEM", "a damaged block after")}
#: What `Key` and cryptography take and PyJWT does not: for EdDSA it decodes the text itself.
MORE_LENIENT = {("Ed25519", "bytes around that are not text")}
PYJWT = {"RSA-2048": "RS256", "P-256": "ES256", "Ed25519": "EdDSA"}


def as_pyjwt_reads(text, algorithm):
    """Return the key that PyJWT makes of a text, or None if it makes none."""
    try:
        loaded = pyjwt.get_algorithm_by_name(algorithm).prepare_key(text)
    except (pyjwt.InvalidKeyError, TypeError, ValueError, UnsupportedAlgorithm):
        return None
    if hasattr(loaded, "private_bytes"):
        return Key.from_der(plain(loaded))
    return Key.from_der(loaded.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def as_key_reads(text):
    try:
        return Key.from_pem(text)
    except InvalidKeyError:
        return None


def alike(one, other):
    if one is None or other is None:
        return one is other
    return one == other and one.is_private == other.is_private


@pytest.mark.parametrize("change", ODD_TEXTS)
@pytest.mark.parametrize(
    ("name", "form"),
    [
        (name, form)
        for name in PYJWT
        for form in ("PKCS#8 PEM", "SPKI PEM", "traditional PEM")
        if form in forms(name)
    ],
)
def test_a_text_that_changed_on_its_way_is_read_as_pyjwt_reads_it(name, form, change):
    text = ODD_TEXTS[change](forms(name)[form].decode())
    if change in SEVERAL or (form, change) in STRICTER:
        expected = None
    elif (name, change) in MORE_LENIENT:
        expected = Key.from_pem(forms(name)[form])
    else:
        expected = as_pyjwt_reads(text, PYJWT[name])
    assert alike(as_key_reads(text), expected)


def test_what_pyjwt_reads_is_read_and_what_it_refuses_is_refused():
    """The test above must have both to compare."""
    read = [
        as_pyjwt_reads(change(private_pem("P-256")), "ES256") is not None
        for change in ODD_TEXTS.values()
    ]
    assert (read.count(True), read.count(False)) == (35, 29)


@pytest.mark.parametrize("change", sorted(SEVERAL))
def test_of_several_keys_none_is_taken(change):
    with pytest.raises(InvalidKeyError, match="more than one key"):
        Key.from_pem(ODD_TEXTS[change](private_pem("P-256")))


CURVES = {"P-256": "prime256v1", "P-384": "secp384r1", "P-521": "secp521r1",
          "secp256k1": "secp256k1"}  # fmt: skip


@pytest.mark.parametrize("name", CURVES)
@pytest.mark.parametrize("options", [[], ["-noout"], ["-conv_form", "compressed"]], ids=" ".join)
def test_what_openssl_ecparam_generates_is_read(name, options):
    text = openssl("ecparam", "-name", CURVES[name], "-genkey", *options, data=b"")
    key = Key.from_pem(text)
    assert (key.curve, key.is_private) == (name, True)
    assert alike(key, as_pyjwt_reads(text, ALGORITHM[name]))


@pytest.mark.parametrize("name", CURVES)
def test_compressed_points_are_read(name):
    compressed = (
        private_keys()[name].public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    )
    for arguments in (["-pubout"], []):
        text = openssl(
            "ec", "-conv_form", "compressed", *arguments, data=private_pem(name).encode()
        )
        assert compressed in base64.b64decode("".join(text.decode().splitlines()[1:-1]))
        assert Key.from_pem(text) == Key.from_pem(public_pem(name))
        assert alike(Key.from_pem(text), as_pyjwt_reads(text, ALGORITHM[name]))


def der_block(tag, *parts):
    content = b"".join(parts)
    size = len(content)
    length = bytes([size]) if size < 0x80 else size.to_bytes((size.bit_length() + 7) // 8, "big")
    long_form = b"" if size < 0x80 else bytes([0x80 | len(length)])
    return bytes([tag]) + long_form + length + content


def pkcs8(name, *, version=0, more=b""):
    """Return a PKCS#8 structure with other fields behind the private key."""
    fields = forms(name)["PKCS#8 DER"]
    fields = fields[4:] if fields[1] == 0x82 else fields[3:] if fields[1] == 0x81 else fields[2:]
    der = der_block(0x30, b"\x02\x01", bytes([version]), fields[3:], more)
    return block("PRIVATE KEY", base64.b64encode(der).decode())


ATTRIBUTE = der_block(0x30, bytes.fromhex("0603550403"), bytes.fromhex("31030c0178"))
ATTRIBUTES = {
    "none": der_block(0xA0),
    "one": der_block(0xA0, ATTRIBUTE),
    "two": der_block(0xA0, ATTRIBUTE, ATTRIBUTE),
    "something else": der_block(0xA0, b"\x05\x00"),
    "two sets": der_block(0xA0, ATTRIBUTE) * 2,
    "another field": der_block(0xA2, ATTRIBUTE),
}


@pytest.mark.parametrize("attributes", ATTRIBUTES)
@pytest.mark.parametrize("name", PYJWT)
def test_attributes_of_pkcs8_are_read_over_as_pyjwt_does(name, attributes):
    text = pkcs8(name, more=ATTRIBUTES[attributes])
    assert alike(as_key_reads(text), as_pyjwt_reads(text, PYJWT[name]))
    assert (as_key_reads(text) is not None) == (attributes in {"none", "one", "two"})


@pytest.mark.parametrize(
    "attributes", [b"", der_block(0xA0, ATTRIBUTE)], ids=["plain", "attributes"]
)
def test_an_ed25519_key_with_its_public_key_is_read_which_pyjwt_refuses(attributes):
    """RFC 5958 Section 2, RFC 8410 Section 7: what Java and Go's step write."""
    public = forms("Ed25519")["SPKI DER"][-32:]
    text = pkcs8("Ed25519", version=1, more=attributes + der_block(0x81, b"\0", public))
    assert as_pyjwt_reads(text, "EdDSA") is None
    assert alike(Key.from_pem(text), Key.from_pem(private_pem("Ed25519")))
    wrong = pkcs8("Ed25519", version=1, more=der_block(0x81, b"\0", bytes(32)))
    assert as_key_reads(wrong) is None


@pytest.mark.parametrize("form", ["PKCS#8 DER", "SPKI DER"])
def test_an_rsa_key_without_parameters_is_read(form):
    """RFC 3279 Section 2.3.1 demands NULL; cryptography takes a key without them too."""
    oid = bytes.fromhex("06092a864886f70d010101")
    der = forms("RSA-2048")[form]
    assert der.count(b"\x30\x0d" + oid + b"\x05\x00") == 1
    der = der.replace(b"\x30\x0d" + oid + b"\x05\x00", b"\x30\x0b" + oid)
    der = der[:2] + (int.from_bytes(der[2:4], "big") - 2).to_bytes(2, "big") + der[4:]
    label = "PRIVATE KEY" if form == "PKCS#8 DER" else "PUBLIC KEY"
    text = block(label, base64.b64encode(der).decode())
    expected = as_pyjwt_reads(text, "RS256")
    assert expected is not None
    assert alike(as_key_reads(text), expected)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["ec", "-param_enc", "explicit"], "openssl ec -param_enc named_curve"),
        (["ec", "-param_enc", "explicit", "-pubout"], "openssl ec -param_enc named_curve"),
        (["ec", "-conv_form", "hybrid", "-pubout"], "openssl ec -conv_form uncompressed"),
    ],
    ids=str,
)
def test_forms_that_cryptography_alone_reads_are_refused_with_the_way_to_convert_them(
    arguments, reason
):
    text = openssl(*arguments, data=private_pem("P-256").encode())
    assert as_pyjwt_reads(text, "ES256") is not None
    with pytest.raises(InvalidKeyError, match=reason):
        Key.from_pem(text)


def test_a_key_bound_to_pss_is_refused_which_cryptography_frees_of_it():
    text = openssl("genpkey", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048", data=b"")
    with pytest.raises(InvalidKeyError, match="bound to RSASSA-PSS"):
        Key.from_pem(text)


WITHOUT_CRYPTOGRAPHY = """
import sys

sys.modules["cryptography"] = None
import rapidjwt

text, algorithm = sys.stdin.buffer.read(), sys.argv[1]
public = rapidjwt.Key.from_pem(text).public().to_pem()
token = rapidjwt.encode({"sub": "x"}, text, algorithm)
assert rapidjwt.decode(token, public, [algorithm]) == {"sub": "x"}
key = rapidjwt.get_algorithm_by_name(algorithm).prepare_key(text)
assert key.is_private and key == rapidjwt.Key.from_pem(public)
"""


def run_without_cryptography(code, *arguments, data):
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], input=data, capture_output=True, check=False
    )


@pytest.mark.parametrize("change", ["Bag Attributes", "CR", "a certificate before"])
@pytest.mark.parametrize("name", PYJWT)
def test_without_cryptography_the_drop_in_functions_read_the_same(name, change):
    text = ODD_TEXTS[change](private_pem(name)).encode()
    done = run_without_cryptography(WITHOUT_CRYPTOGRAPHY, PYJWT[name], data=text)
    assert done.returncode == 0, done.stderr.decode()


REFUSED_WITHOUT_CRYPTOGRAPHY = """
import sys

sys.modules["cryptography"] = None
import rapidjwt

text, algorithm = sys.stdin.buffer.read(), sys.argv[1]
token = rapidjwt.Signer(rapidjwt.Key.generate(algorithm)).encode({})
for call in (
    lambda: rapidjwt.encode({}, text, algorithm),
    lambda: rapidjwt.decode(token, text, [algorithm]),
):
    try:
        call()
    except rapidjwt.InvalidKeyError as refusal:
        print(refusal)
"""


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ("certificate PEM", "got a certificate; rapidjwt.Key.from_pem reads its public key"),
        ("PKCS#8 PEM, encrypted", "is encrypted: pass its password, as in Key.from_pem("),
        ("OpenSSH private", "ssh-keygen -p -m pkcs8"),
    ],
)
@pytest.mark.parametrize("name", ["RSA-2048", "P-256"])
def test_without_cryptography_the_drop_in_functions_say_what_they_found(name, form, message):
    data = forms(name)[form]
    done = run_without_cryptography(REFUSED_WITHOUT_CRYPTOGRAPHY, PYJWT[name], data=data)
    assert done.stdout.decode().count(message) == 2, done


CERTIFICATE_REQUEST = (
    x509.CertificateSigningRequestBuilder()
    .subject_name(x509.Name([]))
    .sign(private_keys()["P-256"], hashes.SHA256())
)
EC_KEY, OTHER_ALGORITHM = bytes.fromhex("2a8648ce3d0201"), bytes.fromhex("2a8648ce3d0209")
#: DER that cryptography does not load as a public key, so that PyJWT takes it as a secret.
DER_SECRETS_OF_PYJWT = {
    "a certificate request": CERTIFICATE_REQUEST.public_bytes(Encoding.DER),
    "an unknown algorithm": forms("P-256")["SPKI DER"].replace(EC_KEY, OTHER_ALGORITHM),
    "a point off its curve": forms("P-256")["SPKI DER"][:-1] + b"\0",
}


@pytest.mark.parametrize("name", DER_SECRETS_OF_PYJWT)
def test_der_with_the_structure_of_a_public_key_is_no_secret_though_pyjwt_takes_it(name):
    """docs/compatibility.md, "DER as an HMAC secret"."""
    secret = DER_SECRETS_OF_PYJWT[name]
    assert pyjwt.decode(pyjwt.encode({}, secret, "HS256"), secret, ["HS256"]) == {}
    for take in (Key.from_secret, lambda secret: rapidjwt.encode({}, secret, "HS256")):
        with pytest.raises(InvalidKeyError, match="should not be used as an HMAC secret"):
            take(secret)


DER_SECRET_WITHOUT_CRYPTOGRAPHY = """
import sys

sys.modules["cryptography"] = None
import jwt
import rapidjwt

secret = sys.stdin.buffer.read()
jwt.encode({}, secret, "HS256")
try:
    rapidjwt.encode({}, secret, "HS256")
except rapidjwt.InvalidKeyError:
    print("refused")
"""


@pytest.mark.parametrize("form", ["SPKI DER", "certificate DER"])
def test_without_cryptography_pyjwt_takes_any_der_as_a_secret(form):
    data = forms("P-256")[form]
    done = run_without_cryptography(DER_SECRET_WITHOUT_CRYPTOGRAPHY, data=data)
    assert done.stdout == b"refused\n", done
