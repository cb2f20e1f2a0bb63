"""For any bytes in a signed token, both libraries return or raise the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from . import strategies as make
from .keys import HMAC_SECRET
from .paths import assert_same_call

NO_CLAIM_CHECKS = {
    f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")
}


@make.cases("payload bytes")
@given(make.payload_bytes, st.sampled_from([NO_CLAIM_CHECKS, NO_CLAIM_CHECKS, None]))
def test_every_signed_payload_reads_the_same(payload, options):
    token = make.hs256_token(payload)
    assert_same_call("decode", token, HMAC_SECRET, ["HS256"], options)


@make.cases("header bytes")
@given(
    make.mix((1, make.payload_bytes), (2, make.header_bytes)),
    st.sampled_from(["decode", "decode_complete", "get_unverified_header"]),
)
def test_every_signed_header_reads_the_same(header, function):
    token = make.hs256_token(b'{"sub":"user"}', header)
    arguments = () if function == "get_unverified_header" else (HMAC_SECRET, ["HS256"])
    assert_same_call(function, token, *arguments)
