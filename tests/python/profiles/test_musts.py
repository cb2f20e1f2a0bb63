"""Each MUST of the profiles' standards: one token that conforms, and one that breaks only it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import rapidjwt
from rapidjwt.profiles import ALL

from .tokens import CONFORMING, MUSTS, conforming, verifier

DOCS = Path(__file__).parents[3] / "docs" / "profiles.md"


@pytest.mark.parametrize("profile", ALL.values(), ids=str)
def test_a_conforming_token_is_accepted(profile):
    _, claims = CONFORMING[profile.name]
    assert verifier(profile).decode(conforming(profile)) == claims


@pytest.mark.parametrize("must", MUSTS, ids=lambda must: must.name)
def test_a_token_that_breaks_one_must_is_refused(must):
    with pytest.raises(rapidjwt.InvalidTokenError) as caught:
        verifier(must.profile).decode(must.token())
    assert type(caught.value) is must.error, caught.value


@pytest.mark.parametrize("must", MUSTS, ids=lambda must: must.name)
def test_a_refusal_has_no_value_of_the_token_in_it(must):
    with pytest.raises(rapidjwt.InvalidTokenError) as caught:
        verifier(must.profile).decode(must.token())
    values = [value for value in must.claims.values() if isinstance(value, str) and len(value) > 2]
    assert not [value for value in values if value in str(caught.value)]


def test_each_must_has_a_name_of_its_own():
    names = [must.name for must in MUSTS]
    assert len(names) == len(set(names))


def test_every_rule_that_is_not_optional_has_a_must():
    for profile in ALL.values():
        claims = {name for must in MUSTS if must.profile is profile for name in must.claims}
        paths = {path if isinstance(path, str) else path[0] for path, rule in profile.rules
                 if not rule.is_optional}  # fmt: skip
        assert paths <= claims, profile


def test_the_table_of_the_documentation_has_each_must_and_no_other():
    rows = re.findall(r"\| `([a-z_-]+)` \|$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(must.name for must in MUSTS)


def test_the_table_of_the_documentation_has_the_sections():
    text = DOCS.read_text(encoding="utf-8")
    for must in MUSTS:
        row = re.search(rf"^\| (.*?) \|.*\| `{must.name}` \|$", text, re.MULTILINE)
        assert row is not None, must.name
        assert row[1] == must.section, must.name
