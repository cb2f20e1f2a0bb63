"""Tokens that are bound to a client certificate (RFC 8705)."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote

import pytest
from rapidjwt.exceptions import TokenBindingError
from rapidjwt.mtls import ClientCertificates, certificate_thumbprint, check_certificate

ROOT = Path(__file__).parents[2]
VECTOR = json.loads((ROOT / "tests/vectors/mtls.json").read_text(encoding="utf-8"))
PEM, THUMBPRINT = VECTOR["certificate"], VECTOR["x5t#S256"]
BODY = "".join(PEM.splitlines()[1:-1])
OTHER = (ROOT / "tests/vectors/keys/ed25519.certificate.der").read_bytes()
OTHER_PEM = f"-----BEGIN CERTIFICATE-----\n{b64encode(OTHER).decode()}\n-----END CERTIFICATE-----\n"
CLAIMS = {"cnf": {"x5t#S256": THUMBPRINT}}

#: By where it comes from.
FORMS = {
    "PEM": PEM,
    "PEM as bytes": PEM.encode(),
    "PEM with other lines": f"subject=mtls\r\n{PEM}".replace("\n", "\r\n"),
    "the first of a chain": PEM + OTHER_PEM,
    "the older label": PEM.replace("CERTIFICATE", "X509 CERTIFICATE"),
    "nginx ($ssl_client_escaped_cert)": quote(PEM, safe=""),
    "nginx ($ssl_client_cert)": PEM.replace("\n", "\n\t"),
    "AWS ALB": quote(PEM, safe="+=/"),
    "one line, spaces": PEM.replace("\n", " "),
    "HAProxy (ssl_c_der,base64)": BODY,
    "Traefik": quote(BODY, safe=""),
    "RFC 9440 (Client-Cert)": f":{BODY}:",
}


def der():
    from base64 import b64decode

    return b64decode(BODY)


def test_the_example_of_the_rfc_verifies():
    assert certificate_thumbprint(PEM) == THUMBPRINT
    check_certificate(CLAIMS, PEM)


@pytest.mark.parametrize("form", FORMS)
def test_a_certificate_is_read_in_every_form_that_servers_pass_on(form):
    assert certificate_thumbprint(FORMS[form]) == THUMBPRINT


def test_a_certificate_is_read_as_der():
    assert certificate_thumbprint(der()) == THUMBPRINT
    assert certificate_thumbprint(OTHER) != THUMBPRINT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "garbage",
        "\ud800",
        "é",
        b"",
        b"\xff",
        "AAAA",
        BODY[:-3],
        f"{BODY}!",
        PEM[:-30],
        "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----",
        THUMBPRINT,
    ],
)
def test_what_is_not_a_certificate_is_refused(text):
    with pytest.raises(ValueError, match=r"^This is not a certificate in PEM, DER or base64$"):
        certificate_thumbprint(text)
    with pytest.raises(TokenBindingError):
        check_certificate(CLAIMS, text)


def test_another_type_is_a_type_error():
    with pytest.raises(TypeError, match="got int"):
        certificate_thumbprint(1)


@pytest.mark.parametrize(
    ("claims", "certificate", "because"),
    [
        (CLAIMS, OTHER, "bound to another certificate"),
        (CLAIMS, OTHER_PEM + PEM, "bound to another certificate"),
        (CLAIMS, None, "there is none"),
        (CLAIMS, "", "there is none"),
        ({}, PEM, "not bound to a certificate"),
        ({"cnf": None}, PEM, "not bound to a certificate"),
        ({"cnf": {}}, PEM, "not bound to a certificate"),
        ({"cnf": {"jkt": THUMBPRINT}}, PEM, "not bound to a certificate"),
        ({"cnf": {"x5t#S256": None}}, PEM, "something unknown"),
        ({"cnf": {"x5t#S256": [THUMBPRINT]}}, PEM, "something unknown"),
        ({"cnf": THUMBPRINT}, PEM, "something unknown"),
        ({"cnf": {"x5t#S256": THUMBPRINT + "="}}, PEM, "another certificate"),
        ({"cnf": {"x5t#S256": THUMBPRINT.lower()}}, PEM, "another certificate"),
        ({"cnf": {"x5t#S256": ""}}, PEM, "another certificate"),
        ({"cnf": {"x5t#S256": "\ud800"}}, PEM, "another certificate"),
    ],
)
def test_a_token_needs_the_certificate_that_it_is_bound_to(claims, certificate, because):
    with pytest.raises(TokenBindingError, match=because):
        check_certificate(claims, certificate)


def test_thumbprints_are_compared_in_constant_time(monkeypatch):
    compared = []
    monkeypatch.setattr("hmac.compare_digest", lambda *both: compared.append(both) or True)
    check_certificate(CLAIMS, PEM)
    assert compared == [(THUMBPRINT.encode(), THUMBPRINT.encode())]


@pytest.mark.parametrize("arguments", [{}, {"header": "X", "read": print}])
def test_there_is_one_source_of_certificates(arguments):
    with pytest.raises(TypeError, match="either header or read"):
        ClientCertificates(**arguments)
