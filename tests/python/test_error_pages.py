"""The pages of the error codes: `error_pages.py` makes their lists of messages."""

from __future__ import annotations

import error_pages
from error_pages import PAGES
from rapidjwt.exceptions import CODES


def test_a_page_for_each_code_says_what_it_means_and_what_helps_and_lists_the_messages():
    assert {file.stem for file in PAGES.glob("*.md")} == {*CODES, "index"}
    assert (PAGES / "index.md").read_text(encoding="utf-8") == error_pages.index()
    found = error_pages.found()
    for code in CODES:
        text = (PAGES / f"{code}.md").read_text(encoding="utf-8")
        title, meaning, cause, remedy = text.partition("\n\n## ")[0].split("\n\n")
        assert title == f"# {code}"
        assert " ".join(meaning.split()) == f"{CODES[code]}."
        assert cause.startswith("**Usually**: ")
        assert remedy.startswith("**What helps**: ")
        written = error_pages.with_messages(text, found[code])
        assert text == written, "run python tests/python/error_pages.py"


def test_a_message_of_the_package_stands_on_the_page_of_its_code():
    found = {code: one.messages for code, one in error_pages.found().items()}
    assert "Signature has expired" in found["expired"]
    assert "Payload Issuer (iss) must be a string" in found["invalid_claim"]
    assert "The JWK Set has no key for kid ... and alg ..." in found["unknown_key"]
    assert "The DPoP proof is for another method (htm)" in found["invalid_dpop_proof"]
    without = set(CODES) - {code for code, messages in found.items() if messages}
    assert without == {"error", "invalid_token"}
