"""What the page asks for: each action takes a JSON object and returns one. Nothing is stored."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rapidjwt._inspection.any_form import read_any_form
from rapidjwt._inspection.keys import (
    ALGORITHMS,
    key_set,
    named_algorithms,
    read_key,
    read_members,
    serving,
)
from rapidjwt._inspection.pasted import pasted_tokens
from rapidjwt._inspection.printable import printable
from rapidjwt._inspection.report import report
from rapidjwt._inspection.times import now
from rapidjwt._inspection.verification import TokenDecoder
from rapidjwt._rapidjwt import Key, Signer, Verifier, profile_gaps
from rapidjwt.exceptions import InvalidTokenError, PasswordRequiredError, PyJWTError
from rapidjwt.profiles import ALL

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from rapidjwt.key_set import KeySet
    from rapidjwt.profiles import Profile

    Members: TypeAlias = dict[str, Any]

#: What a key is generated with for those who only want to try something.
_DEVELOPMENT_KID = "development"


class _ProblemError(Exception):
    """Something to be said to the user instead of a result."""


def answer(name: str, request: Members) -> Members | None:
    """Return the result of an action, or its `problem`; None if there is no such action."""
    action = _ACTIONS.get(name)
    if action is None:
        return None
    try:
        return action(request)
    except PasswordRequiredError:
        problem = "The key is encrypted: decrypt it first, or use rapidjwt verify."
    except RecursionError:
        problem = "The JSON is nested too deeply to show."
    except (_ProblemError, PyJWTError, TypeError, ValueError, NotImplementedError) as error:
        problem = str(error)
    return {"problem": printable(problem)}


def _choices(_request: Members) -> Members:
    return {"algorithms": ALGORITHMS, "profiles": list(ALL)}


def _inspect(request: Members) -> Members:
    first, *others = pasted_tokens(_text(request, "text"))
    token = read_any_form(first)
    said = report(token)
    fits = {}
    if token.header is not None and token.claims is not None:
        fits = {name: profile_gaps(one, token.header, token.claims) for name, one in ALL.items()}
    return {
        "token": first,
        "others": len(others),
        "now": now(),
        "parts": _parts(said),
        "moments": _moments(token.claims or {}, said["times"]),
        "findings": [one | {"message": printable(one["message"])} for one in said["findings"]],
        "profile": said["profile"],
        "profiles": fits,
        "editable": {name: _json(said[name] or {}) for name in ("header", "claims")},
    }


def _parts(said: Members) -> list[Members]:
    """Return what can be shown of a token as JSON. Numbers are text, as JavaScript rounds them."""
    titles = {
        "header": "Header",
        "claims": "Claims",
        "encryption_header": "Header of the encryption",
        "headers": "Headers",
        "disclosures": "Disclosures",
        "key_binding": "Key binding",
    }
    several = said["header"] is None
    names = [name for name in titles if said.get(name) and (name != "headers" or several)]
    return [{"title": titles[name], "json": _json(said[name])} for name in names]


def _moments(claims: Members, times: Members) -> list[Members]:
    return [{"name": name, "at": claims[name], **times[name]} for name in times]


def _verify(request: Members) -> Members:
    token = pasted_tokens(_text(request, "text"))[0]
    issuer, leeway = _text(request, "issuer").strip(), _text(request, "leeway").strip() or "0"
    profile = ALL.get(_text(request, "profile"))
    policy: Members = {
        "audience": _text(request, "audience").strip() or None,
        "issuer": issuer or None,
        "profile": profile,
        "leeway": _seconds(leeway),
    }
    _require_needs(profile, policy)
    decoder = TokenDecoder(_verifier(request, policy), None, None)
    try:
        verified = decoder.decode(token)
    except InvalidTokenError as error:
        message = printable(str(error))
        return {"verified": False, "error": type(error).__name__, "message": message}
    return {"verified": True, "claims": _json(verified.claims)}


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):  # noqa: PLR2004 - 31 years
        raise _ProblemError("The leeway must be a number of seconds, such as 30.")
    return int(text)


def _require_needs(profile: Profile | None, policy: Members) -> None:
    for need in () if profile is None else profile.needs:
        if not policy[need]:
            raise _ProblemError(f"This profile needs the expected {need}.")


def _verifier(request: Members, policy: Members) -> Verifier:
    from_issuer, chosen = _text(request, "from") == "issuer", _text(request, "algorithm")
    if from_issuer:
        return _remote_verifier(chosen, policy)
    key = _text(request, "key")
    if not key.strip():
        raise _ProblemError("Paste a key or a JWK Set first.")
    keys = key_set(read_members(key.encode()))
    return Verifier(keys, algorithms=_algorithms(keys, serving(keys), chosen), **policy)


def _remote_verifier(chosen: str, policy: Members) -> Verifier:
    from rapidjwt.jwks import JWKSClient  # noqa: PLC0415 - imports urllib and ssl

    if policy["issuer"] is None:
        raise _ProblemError("Enter the issuer first: its keys are fetched from there.")
    client = JWKSClient.from_issuer(policy["issuer"])
    keys = client.key_set()
    public = [name for name in serving(keys) if not name.startswith("HS")]
    return Verifier(jwks=client, algorithms=_algorithms(keys, public, chosen), **policy)


def _algorithms(keys: KeySet, able: list[str], chosen: str) -> list[str]:
    if not able:
        raise _ProblemError("None of the keys can verify signatures.")
    names = [chosen] if chosen else named_algorithms(keys, able)
    if not names:
        raise _ProblemError(
            f"The key does not name its algorithm: choose one of {', '.join(able)}."
        )
    if not set(names) & set(able):
        raise _ProblemError(f"There is no key for {chosen}, only for {', '.join(able)}.")
    return names


def _generate(request: Members) -> Members:
    algorithm: Any = _text(request, "algorithm") or "ES256"
    jwk = Key.generate(algorithm).to_jwk(private=True)
    return {"key": _json(jwk | {"alg": algorithm, "kid": _DEVELOPMENT_KID})}


def _sign(request: Members) -> Members:
    header, claims = (_members(request, name) for name in ("header", "claims"))
    named: Any = header.pop("alg", None)
    key = _text(request, "key")
    if not key.strip():
        raise _ProblemError("Paste a key, or make a development key first.")
    algorithm: Any = _text(request, "algorithm") or None
    signing_key = read_key(key.encode())
    if algorithm is None and signing_key.alg is None:
        algorithm = named
    header.setdefault("typ", None)
    kid = {} if signing_key.kid is None else {"kid": signing_key.kid}
    return {"token": Signer(signing_key, algorithm, headers=kid | header).encode(claims)}


def _members(request: Members, name: str) -> Members:
    try:
        value = json.loads(_text(request, name))
    except ValueError as error:
        raise _ProblemError(f"The {name} cannot be read as JSON: {error}.") from None
    if not isinstance(value, dict):
        raise _ProblemError(f"The {name} must be a JSON object.")
    return value


def _compare(request: Members) -> Members:
    texts = [pasted_tokens(_text(request, name))[0] for name in ("text", "other")]
    one, other = map(read_any_form, texts)
    for place, token in (("first", one), ("second", other)):
        if token.header is None and token.claims is None:
            raise _ProblemError(f"The {place} text is not a token that can be read.")
    rows = [
        *_differences("header", one.header or {}, other.header or {}),
        *_differences("claims", one.claims or {}, other.claims or {}),
    ]
    return {"rows": rows, "identical": texts[0] == texts[1]}


def _differences(part: str, one: Members, other: Members) -> list[Members]:
    return [
        {
            "part": part,
            "name": printable(name),
            "one": _json(one[name]) if name in one else None,
            "other": _json(other[name]) if name in other else None,
        }
        for name in (one | other)
    ]


def _text(request: Members, name: str) -> str:
    value = request.get(name, "")
    if not isinstance(value, str):
        raise _ProblemError(f"{name} must be text.")
    return value


def _json(value: Any) -> str:
    lines = json.dumps(value, indent=2, ensure_ascii=False).split("\n")
    return "\n".join(printable(line) for line in lines)


_ACTIONS: dict[str, Callable[[Members], Members]] = {
    "choices": _choices,
    "inspect": _inspect,
    "verify": _verify,
    "generate": _generate,
    "sign": _sign,
    "compare": _compare,
}
