"""The examples of RFC 7516 and RFC 7520 and Wycheproof's, read from tests/vectors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rapidjwt import InvalidTokenError, jwe

from .pairs import CONTENT_ENCRYPTIONS, KEY_MANAGEMENTS

VECTORS = Path(__file__).parents[2] / "vectors"
EXAMPLES = json.loads((VECTORS / "jwe.json").read_text(encoding="utf-8"))
WYCHEPROOF = json.loads(
    (VECTORS / "wycheproof_json_web_encryption.json").read_text(encoding="utf-8")
)


def test_every_example_of_the_specifications_is_there():
    assert [example["source"] for example in EXAMPLES] == [
        *(f"RFC 7516 Appendix A.{number}" for number in range(1, 6)),
        *(f"RFC 7520 Section 5.{number}" for number in range(1, 14)),
        "RFC 7520 Section 6",
    ]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["source"])
def test_an_example_is_decrypted_in_every_serialization(example):
    algorithms = [name for name in example["algorithms"] if name != "RSA1_5"]
    keys = example["keys"] or [example["password"]]
    if not algorithms:
        with pytest.raises(ValueError, match="RSA1_5 is not supported"):
            jwe.Decrypter(keys, algorithms=["RSA1_5"], encryptions=[example["encryption"]])
        return
    usable = [key for key in keys if not (len(keys) > 1 and key["kty"] == "RSA")]
    decrypter = jwe.Decrypter(
        usable,
        algorithms=algorithms,
        encryptions=[example["encryption"]],
        decompress=example.get("zip", False),
    )
    expected = example["plaintext"].encode()
    if "compact" in example:
        assert decrypter.decrypt(example["compact"]) == expected
    for form in ("flattened", "general"):
        if form in example:
            decrypted = decrypter.decrypt_json(example[form])
            assert decrypted.plaintext == expected
            assert decrypted.aad == (example["aad"].encode() if "aad" in example else None)


GROUPS = WYCHEPROOF["testGroups"]


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group["comment"])
def test_wycheproof_has_the_same_answers(group):
    key = group["private"]
    if key["alg"] == "RSA1_5":
        with pytest.raises(ValueError, match="RSA1_5 is not supported"):
            jwe.Decrypter(key, algorithms=["RSA1_5"], encryptions=CONTENT_ENCRYPTIONS)
        return
    decrypter = jwe.Decrypter(
        key, algorithms=KEY_MANAGEMENTS, encryptions=CONTENT_ENCRYPTIONS, decompress=True
    )
    for test in group["tests"]:
        if test["result"] == "valid":
            assert decrypter.decrypt(test["jwe"]).hex() == test["pt"], test["tcId"]
        else:
            with pytest.raises(InvalidTokenError):
                decrypter.decrypt(test["jwe"])
