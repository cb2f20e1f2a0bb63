"""What `help`, `dir`, `inspect` and `unittest.mock` find of the public names."""

from __future__ import annotations

import inspect
import pickle
import subprocess
import sys
from unittest import mock

import jwt as pyjwt
import pytest
import rapidjwt
from rapidjwt import AsyncJWKSClient, JWKSClient, Key, KeySet, PyJWS, PyJWT, Signer, Verifier

SECRET = "a secret of more than thirty-two bytes"
FUNCTIONS = ["encode", "decode", "decode_complete", "get_unverified_header"]
CLASSES = [Key, KeySet, Signer, Verifier, JWKSClient, AsyncJWKSClient]


def parameters(function):
    return list(inspect.signature(function).parameters.values())


def public_callables():
    for name in rapidjwt.__all__:
        found = getattr(rapidjwt, name)
        if callable(found) and not (isinstance(found, type) and issubclass(found, Exception)):
            yield name, found
    for owner in CLASSES:
        for name in dir(owner):
            if not name.startswith("_") and callable(getattr(owner, name)):
                yield f"{owner.__name__}.{name}", getattr(owner, name)


@pytest.mark.parametrize(("name", "function"), list(public_callables()))
def test_every_callable_has_a_signature_with_its_defaults_and_a_docstring(name, function):
    assert all(parameter.default is not ... for parameter in parameters(function)), name
    assert inspect.getdoc(function), name


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_the_parameters_of_pyjwt(name):
    ours, theirs = parameters(getattr(rapidjwt, name)), parameters(getattr(pyjwt, name))
    assert [(one.name, one.kind) for one in ours] == [(one.name, one.kind) for one in theirs]
    for one, other in zip(ours, theirs, strict=True):
        if type(other.default) is object:
            assert one.default == "HS256"  # what PyJWT's marker stands for
        else:
            assert one.default == other.default


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_documented_like_the_method(name):
    method = getattr(PyJWS if name == "get_unverified_header" else PyJWT, name)
    assert inspect.getdoc(getattr(rapidjwt, name)) == inspect.getdoc(method)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_can_be_mocked(name):
    """mock does not check calls of a built-in function; docs/guides/testing.md says why."""
    with mock.patch(f"rapidjwt.{name}", autospec=True, return_value={"sub": "alice"}) as mocked:
        function = getattr(rapidjwt, name)
        assert function("a.b.c", SECRET, algorithms=["HS256"]) == {"sub": "alice"}
        mocked.assert_called_once_with("a.b.c", SECRET, algorithms=["HS256"])


WRONG_CALLS = {
    "encode": [((), {}), (({}, SECRET, "HS256", None, None, True, 7), {})],
    "decode": [((), {}), (("a", SECRET), {"jwt": "b"})],
    "decode_complete": [((), {}), (("a", SECRET), {"jwt": "b"})],
    "get_unverified_header": [((), {}), (("a", "b"), {})],
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_specification_of_a_method_checks_calls_of_a_function_as_with_pyjwt(name):
    for library in (rapidjwt, pyjwt):
        owner = library.PyJWS if name == "get_unverified_header" else library.PyJWT
        checked = mock.create_autospec(getattr(owner(), name))
        with mock.patch.object(library, name, checked):
            for positional, named in WRONG_CALLS[name]:
                with pytest.raises(TypeError):
                    getattr(library, name)(*positional, **named)
        checked.assert_not_called()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_says_where_it_lives_and_can_be_pickled(name):
    function = getattr(rapidjwt, name)
    assert (function.__name__, function.__module__) == (name, "rapidjwt")
    assert pickle.loads(pickle.dumps(function)) == function


def test_dir_lists_the_names_that_are_imported_when_used_and_no_private_ones():
    program = "import rapidjwt; print(*dir(rapidjwt))"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    listed = set(run.stdout.split())
    assert listed >= {*rapidjwt.__all__, "KeySet", "JWKSClient", "install_as_jwt", "api_jwt"}
    assert listed.isdisjoint({"TYPE_CHECKING", "annotations", "warnings"})
    assert not [name for name in listed if name.startswith("_") and not name.endswith("__")]
