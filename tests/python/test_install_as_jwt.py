"""`install_as_jwt()`: programs that `import jwt` get rapidjwt, or an error if it is too late.

Each test is a program of its own, because what it does to `sys.modules` lasts.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import rapidjwt

PACKAGE_FOLDER = Path(rapidjwt.__file__).parents[1]
SUBMODULES = (
    "algorithms",
    "api_jwk",
    "api_jws",
    "api_jwt",
    "exceptions",
    "help",
    "jwk_set_cache",
    "jwks_client",
    "types",
    "utils",
    "warnings",
)


def python(*arguments, folder, path=()):
    """Run Python in `folder`, with additional folders to import from; return the finished
    process."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([*map(str, path), str(PACKAGE_FOLDER)]),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def run(tmp_path):
    """Run a program, which must succeed, and return what it printed."""

    def run_program(program, *, path=()):
        file = tmp_path / "program.py"
        file.write_text(textwrap.dedent(program))
        finished = python(file, folder=tmp_path, path=path)
        assert finished.returncode == 0, finished.stderr
        return finished.stdout.strip()

    return run_program


def test_import_jwt_gives_this_package(run):
    program = """
        import rapidjwt
        rapidjwt.install_as_jwt()
        import jwt
        from jwt import decode, PyJWT, ExpiredSignatureError
        from jwt.api_jwt import PyJWT as again
        assert jwt.__file__ == rapidjwt.__file__
        assert decode is rapidjwt.decode
        assert PyJWT is again is rapidjwt.PyJWT
        assert ExpiredSignatureError is rapidjwt.ExpiredSignatureError
        assert jwt.__version__.startswith("2")
        token = jwt.encode({"a": 1}, "key" * 11)
        print(jwt.decode(token, "key" * 11, algorithms=["HS256"]))
    """
    assert run(program) == "{'a': 1}"


@pytest.mark.parametrize("name", SUBMODULES)
def test_every_submodule_is_the_same_object(run, name):
    program = f"""
        import importlib
        import rapidjwt
        rapidjwt.install_as_jwt()
        import jwt.{name}
        from jwt import {name}
        ours = importlib.import_module("rapidjwt.{name}")
        assert jwt.{name} is ours
        assert {name} is ours
        assert importlib.import_module("jwt.{name}") is ours
    """
    run(program)


def test_every_name_of_pyjwt_is_there(run):
    program = """
        import importlib.util
        import sys
        import jwt as real
        names = list(real.__all__)
        assert "jwt.api_jwt" in sys.modules
        for name in [name for name in sys.modules if name.partition(".")[0] == "jwt"]:
            del sys.modules[name]
        del real
        import rapidjwt
        rapidjwt.install_as_jwt()
        import jwt
        assert jwt.encode is rapidjwt.encode
        print([name for name in names if not hasattr(jwt, name)])
    """
    assert run(program) == "[]"


def test_a_second_call_does_nothing(run):
    program = """
        import sys
        import rapidjwt
        rapidjwt.install_as_jwt()
        before = {name: module for name, module in sys.modules.items() if name[:3] == "jwt"}
        rapidjwt.install_as_jwt()
        import jwt
        jwt.install_as_jwt()
        rapidjwt.install_as_jwt()
        after = {name: module for name, module in sys.modules.items() if name[:3] == "jwt"}
        assert before.keys() == after.keys()
        assert all(before[name] is after[name] for name in before)
    """
    run(program)


def test_it_refuses_when_pyjwt_is_already_imported(run):
    program = """
        import jwt
        import rapidjwt
        try:
            rapidjwt.install_as_jwt()
        except RuntimeError as error:
            print(error)
        assert jwt.encode is not rapidjwt.encode
        import sys
        assert sys.modules["jwt"] is jwt
        assert sys.modules["jwt.api_jwt"] is not rapidjwt.api_jwt
    """
    said = run(program)
    assert "jwt" in said
    assert "already imported" in said
    assert "__main__" in said


@pytest.mark.parametrize("how", ["import jwt", "from jwt import encode", "import jwt.api_jwt as x"])
def test_the_refusal_names_the_module_that_imported_pyjwt(run, tmp_path, how):
    (tmp_path / "some_library.py").write_text(how)
    program = """
        import some_library
        import rapidjwt
        try:
            rapidjwt.install_as_jwt()
        except RuntimeError as error:
            print(error)
    """
    assert "some_library" in run(program)


def test_it_refuses_when_only_a_submodule_of_pyjwt_was_imported(run):
    program = """
        import sys
        from jwt.exceptions import DecodeError
        import rapidjwt
        try:
            rapidjwt.install_as_jwt()
        except RuntimeError as error:
            print("refused")
    """
    assert run(program) == "refused"


def test_exceptions_are_caught_under_both_names(run):
    program = """
        import rapidjwt
        rapidjwt.install_as_jwt()
        import jwt.exceptions
        try:
            rapidjwt.decode("a.b.c", "key", ["HS256"])
        except jwt.exceptions.DecodeError as error:
            print(type(error).__name__)
    """
    assert run(program) == "DecodeError"


def test_patches_of_jwt_reach_the_package_and_end(run):
    program = """
        from unittest import mock
        import rapidjwt
        rapidjwt.install_as_jwt()
        import jwt
        token = jwt.encode({"exp": 1}, "key" * 11)

        with mock.patch("jwt.decode", return_value="patched"):
            assert jwt.decode(token) == rapidjwt.decode(token) == "patched"
        with mock.patch("jwt.api_jwt._jwt_global_obj._validate_exp") as check:
            assert jwt.decode(token, "key" * 11, ["HS256"]) == {"exp": 1}
        assert check.called
        with mock.patch("jwt.api_jws.PyJWS._verify_signature") as verify:
            jwt.decode(token, "wrong", ["HS256"], options={"verify_exp": False})
        assert verify.called
        with mock.patch.object(jwt, "encode", lambda *args: "patched"):
            assert rapidjwt.encode({}, "") == "patched"
        with mock.patch("jwt.api_jwt.datetime") as datetime:
            datetime.now.return_value.timestamp.return_value = 0
            assert jwt.decode(token, "key" * 11, ["HS256"]) == {"exp": 1}
        try:
            jwt.decode(token, "key" * 11, ["HS256"])
        except jwt.ExpiredSignatureError:
            print("as before")
        assert jwt.encode is rapidjwt.encode and jwt.decode is rapidjwt.decode
    """
    assert run(program) == "as before"


def test_metadata_of_the_distributions_stay_as_they_are(run):
    program = """
        from importlib import metadata
        before = [
            metadata.version("PyJWT"),
            metadata.distribution("PyJWT").metadata["Name"],
            sorted(metadata.packages_distributions().get("jwt", [])),
        ]
        import rapidjwt
        rapidjwt.install_as_jwt()
        import jwt
        after = [
            metadata.version("PyJWT"),
            metadata.distribution("PyJWT").metadata["Name"],
            sorted(metadata.packages_distributions().get("jwt", [])),
        ]
        assert before == after, (before, after)
        print(after[0])
    """
    assert run(program) == "2.15.1"


def test_the_module_looks_like_a_module(run):
    program = """
        import importlib.util, inspect, pickle, pydoc, types
        import rapidjwt
        rapidjwt.install_as_jwt()
        import jwt
        assert isinstance(jwt, types.ModuleType) and inspect.ismodule(jwt)
        assert "decode" in dir(jwt) and "api_jwt" in dir(jwt)
        assert jwt.__spec__ is not None
        assert importlib.util.find_spec("jwt") is not None
        assert importlib.util.find_spec("jwt.api_jwt") is not None
        assert "encode" in pydoc.render_doc(jwt)
        error = pickle.loads(pickle.dumps(jwt.ExpiredSignatureError("late")))
        assert type(error) is jwt.ExpiredSignatureError and str(error) == "late"
        namespace = {}
        exec("from jwt import *", namespace)
        assert namespace["PyJWT"] is rapidjwt.PyJWT and "PyJWKClient" in namespace
        print(jwt.__name__)
    """
    assert run(program) in {"jwt", "rapidjwt"}


def test_a_module_of_jwt_that_does_not_exist_is_an_import_error(run):
    program = """
        import rapidjwt
        rapidjwt.install_as_jwt()
        try:
            import jwt.contrib
        except ModuleNotFoundError as error:
            print(error.name)
        try:
            from jwt import nonsense
        except ImportError as error:
            print(error.name)
        import jwt
        try:
            jwt.nonsense
        except AttributeError:
            print("no attribute")
    """
    assert run(program).splitlines() == ["jwt.contrib", "jwt", "no attribute"]


def test_help_runs_as_a_program(tmp_path):
    finished = python("-m", "rapidjwt.help", folder=tmp_path)
    assert finished.returncode == 0, finished.stderr
    assert '"cryptography"' in finished.stdout


def test_it_works_in_sitecustomize(run, tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text("import rapidjwt\nrapidjwt.install_as_jwt()\n")
    program = """
        import jwt, sys
        print("rapidjwt" in sys.modules and jwt.encode is sys.modules["rapidjwt"].encode)
    """
    assert run(program) == "False"
    assert run(program, path=[folder]) == "True"


def test_it_works_in_a_pth_file_of_a_virtual_environment(run, tmp_path):
    # `site` runs the import lines of .pth files in site directories, by means of addsitedir.
    folder = tmp_path / "site"
    folder.mkdir()
    line = "import rapidjwt; rapidjwt.install_as_jwt()\n"
    (folder / "rapidjwt_as_jwt.pth").write_text(line)
    program = f"""
        import site
        site.addsitedir({str(folder)!r})
        import jwt, rapidjwt
        print(jwt.encode is rapidjwt.encode)
    """
    assert run(program) == "True"


def test_it_works_in_a_conftest(tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "conftest.py").write_text("import rapidjwt\n\nrapidjwt.install_as_jwt()\n")
    (tmp_path / "test_app.py").write_text(
        textwrap.dedent("""
            import jwt
            import rapidjwt


            def test_tokens():
                assert jwt.encode is rapidjwt.encode


            def test_patches(monkeypatch):
                monkeypatch.setattr("jwt.decode", lambda token: "patched")
                assert jwt.decode("") == rapidjwt.decode("") == "patched"


            def test_afterwards():
                token = jwt.encode({"a": 1}, "key" * 11)
                assert jwt.decode(token, "key" * 11, ["HS256"]) == {"a": 1}
        """)
    )
    finished = python("-m", "pytest", "-q", "-p", "no:cacheprovider", folder=tmp_path)
    assert finished.returncode == 0, finished.stdout
    assert "3 passed" in finished.stdout


def test_threads_that_install_at_the_same_time_get_the_same_module(run):
    program = """
        import threading
        import rapidjwt
        errors, modules = [], []
        gate = threading.Barrier(8)

        def install():
            gate.wait()
            try:
                rapidjwt.install_as_jwt()
                import jwt
                modules.append(jwt)
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=install) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(errors, len({id(module.encode) for module in modules}))
    """
    assert run(program) == "[] 1"
