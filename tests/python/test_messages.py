"""What the native API says about typical mistakes; `mistakes.py` has the table."""

from __future__ import annotations

import pytest
from mistakes import BODY, EC, ENCRYPTED, MISTAKES, PAGE, PRIVATE_JWK, SECRET, TOKEN, page

ALL = [mistake for mistakes in MISTAKES.values() for mistake in mistakes]
SECRETS = [
    SECRET,
    TOKEN,
    "alice",
    "hunter2",
    BODY[100:140],
    EC.splitlines()[1],
    ENCRYPTED.splitlines()[1],
    PRIVATE_JWK["d"],
]


@pytest.mark.parametrize("mistake", ALL, ids=[mistake.written for mistake in ALL])
def test_a_mistake_gets_the_message_that_says_what_to_write(mistake):
    with pytest.raises(mistake.error) as raised:
        mistake.call()
    assert type(raised.value) is mistake.error
    assert str(raised.value) == mistake.message


@pytest.mark.parametrize("mistake", ALL, ids=[mistake.written for mistake in ALL])
def test_a_message_keeps_the_secret(mistake):
    with pytest.raises(mistake.error) as raised:
        mistake.call()
    error = raised.value
    while error is not None:
        assert not [secret for secret in SECRETS if secret in f"{error} {error.args!r}"]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def test_the_page_of_the_documentation_is_made_from_the_table():
    assert PAGE.read_text(encoding="utf-8") == page(), "run python tests/python/mistakes.py"
