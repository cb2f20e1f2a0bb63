"""Lists of revoked tokens, in memory."""

from __future__ import annotations

import asyncio
import math
import os
import threading
import time

import pytest
import time_machine
from rapidjwt.exceptions import RevokedTokenError
from rapidjwt.revocation import RevocationList

NOW = 1_800_000_000


def is_revoked(revoked, header=(), **claims):
    try:
        revoked.check(claims, dict(header))
    except RevokedTokenError:
        return True
    return False


def test_a_token_is_revoked_by_its_id():
    revoked = RevocationList(3600)
    assert not is_revoked(revoked, jti="1")
    revoked.revoke_token("1")
    assert is_revoked(revoked, jti="1")
    assert not is_revoked(revoked, jti="2")
    assert not is_revoked(revoked, sub="1", sid="1", header={"kid": "1"})
    assert not is_revoked(revoked)


@pytest.mark.parametrize(
    ("claim", "method"), [("sub", "revoke_subject"), ("sid", "revoke_session")]
)
def test_everything_issued_earlier_to_a_subject_or_a_session_is_revoked(claim, method):
    revoked = RevocationList(3600)
    with time_machine.travel(NOW + 0.5, tick=False):
        getattr(revoked, method)("alice")

        def of_alice(**claims):
            return is_revoked(revoked, **{claim: "alice"}, **claims)

        assert of_alice(iat=NOW - 100)
        assert of_alice(iat=NOW)  # the beginning of this second
        assert of_alice(iat=NOW + 0.4)
        assert not of_alice(iat=NOW + 0.5)
        assert not of_alice(iat=NOW + 1)
        for unknown in (None, "1", [], math.nan):
            assert of_alice(iat=unknown)
        assert of_alice()
        assert not is_revoked(revoked, **{claim: "bob"}, iat=NOW - 100)


def test_the_time_can_be_told_and_the_latest_counts():
    revoked = RevocationList(3600)
    with time_machine.travel(NOW, tick=False):
        for before in (NOW - 10, NOW - 5, NOW - 20):
            revoked.revoke_subject("alice", before=before)
        assert is_revoked(revoked, sub="alice", iat=NOW - 6)
        assert not is_revoked(revoked, sub="alice", iat=NOW - 5)
        for wrong in (NOW + 100, math.nan, math.inf):
            with pytest.raises(ValueError, match="in the future"):
                revoked.revoke_session("1", before=wrong)


def test_a_key_is_revoked_with_all_tokens_that_name_it_or_none():
    revoked = RevocationList(3600)
    assert not is_revoked(revoked)
    revoked.revoke_key("2026-11")
    assert is_revoked(revoked, header={"kid": "2026-11"})
    assert is_revoked(revoked)
    assert not is_revoked(revoked, header={"kid": "2026-12"})


def test_entries_end_with_the_tokens_that_they_name():
    revoked = RevocationList(100)
    with time_machine.travel(NOW, tick=False) as clock:
        revoked.revoke_token("1")
        revoked.revoke_key("old")
        clock.shift(50)
        revoked.revoke_token("1")
        revoked.revoke_subject("alice")
        assert len(revoked) == 3
        clock.shift(49.5)
        assert is_revoked(revoked, header={"kid": "old"})
        clock.shift(0.5)
        assert not is_revoked(revoked, header={"kid": "old"})
        assert is_revoked(revoked, header={"kid": "new"}, jti="1")
        assert len(revoked) == 2
        clock.shift(50)
        assert not is_revoked(revoked, jti="1", sub="alice")
        assert len(revoked) == 0


@pytest.mark.parametrize("wrong", [[], {}, 1, None, True])
def test_claims_of_another_type_name_nothing(wrong):
    revoked = RevocationList(3600)
    for revoke in (revoked.revoke_token, revoked.revoke_subject, revoked.revoke_session):
        revoke("1")
    assert not is_revoked(revoked, jti=wrong, sub=wrong, sid=wrong)


def test_coroutines_get_the_same_answer():
    revoked = RevocationList(3600)
    revoked.revoke_token("1")
    asyncio.run(revoked.check_async({"jti": "2"}, {}))
    with pytest.raises(RevokedTokenError, match=r"^The token is revoked$"):
        asyncio.run(revoked.check_async({"jti": "1"}, {}))


@pytest.mark.parametrize("lifetime", [0, -1, math.nan])
def test_a_list_needs_the_lifetime_of_tokens(lifetime):
    with pytest.raises(ValueError, match="max_lifetime"):
        RevocationList(lifetime)


@pytest.mark.parametrize("wrong", [None, "", 1, ["1"]])
def test_what_is_revoked_is_a_string(wrong):
    revoked = RevocationList(3600)
    for revoke in (
        revoked.revoke_token,
        revoked.revoke_subject,
        revoked.revoke_session,
        revoked.revoke_key,
    ):
        with pytest.raises(TypeError, match="must be a string"):
            revoke(wrong)
    assert len(revoked) == 0


def test_threads_can_revoke_and_ask_at_once():
    revoked = RevocationList(0.2)

    def work(number):
        for count in range(2000):
            jti = f"{number} {count}"
            revoked.revoke_token(jti)
            is_revoked(revoked, jti=jti)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    time.sleep(0.25)
    assert not is_revoked(revoked, jti="0 0")
    assert len(revoked) == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_process_that_is_forked_while_a_thread_revokes_can_revoke_too():
    revoked = RevocationList(3600)
    revoked._lock.acquire()
    child = os.fork()
    if child == 0:
        revoked.revoke_token("1")
        os._exit(int(not is_revoked(revoked, jti="1")))
    assert os.waitpid(child, 0)[1] == 0
