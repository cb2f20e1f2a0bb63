"""Programs frozen by PyInstaller, which takes along only the modules that it finds.

It reads import statements, wherever they stand. What native code imports, or Python by a name that
is computed, must be imported by a statement as well.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import rapidjwt

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "python" / "rapidjwt"

PROGRAM = """
import json
import rapidjwt
from rapidjwt import AsyncJWKSClient, JWKSClient, Key, KeySet, PyJWKClient, Signer, Verifier

SECRET = "a secret of more than thirty-two bytes"
token = rapidjwt.encode({"sub": "alice"}, SECRET)
verifier = Verifier(SECRET, algorithms=["HS256"])
assert rapidjwt.decode(token, SECRET, ["HS256"]) == verifier.decode(token) == {"sub": "alice"}
assert rapidjwt.PyJWT({}).decode(token, SECRET, ["HS256"]) == {"sub": "alice"}
assert Signer(Key.generate("ES256")).encode({})
Verifier(jwks=JWKSClient("https://id.example/jwks"), algorithms=["RS256"])
PyJWKClient("https://id.example/jwks")
try:
    Verifier(SECRET, algorithms=["HS256"], options={"verify_exq": True})
except ValueError as error:
    assert "verify_exp" in str(error)
try:
    verifier.decode(token[:-4] + "AAAA")
except rapidjwt.InvalidSignatureError:
    pass

rapidjwt.install_as_jwt()
import jwt, jwt.help

assert jwt.encode is rapidjwt.encode
helpers = []
"""
IMPORT = """
import rapidjwt.integrations.{0}
helpers.append("{0}")
"""
INTEGRATIONS = {
    "starlette": "starlette",
    "fastapi": "fastapi",
    "flask": "flask",
    "django": "django",
    "drf": "rest_framework",
}
#: How PyInstaller says that it cannot work with this Python or on this machine.
UNSUPPORTED = re.compile("without a shared library|[Pp]ython (shared )?library.* not found|objdump")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_program_that_pyinstaller_froze_works(tmp_path):
    pytest.importorskip("PyInstaller", reason="PyInstaller is not installed")
    helpers = [name for name, needs in INTEGRATIONS.items() if importlib.util.find_spec(needs)]
    source = PROGRAM + "".join(map(IMPORT.format, helpers))
    (tmp_path / "program.py").write_text(source + "print(json.dumps([helpers, jwt.help.info()]))")
    build = [sys.executable, "-m", "PyInstaller", "--onedir", "--log-level", "ERROR"]
    paths = ["--paths", str(Path(rapidjwt.__file__).parents[1])]
    done = run([*build, *paths, "program.py"], tmp_path)
    if done.returncode and (found := UNSUPPORTED.search(done.stderr)):
        pytest.skip(f"PyInstaller does not work with this Python: {found[0]}")
    assert done.returncode == 0, done.stderr
    done = run([str(tmp_path / "dist" / "program" / "program")], tmp_path / "dist")
    assert done.returncode == 0, done.stderr
    imported, info = json.loads(done.stdout)
    assert imported == helpers
    assert info["rapidjwt"]["version"] == rapidjwt.__version__


def run(command, folder):
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=900, check=False
    )


def imported_by_statements():
    """Return the full names of all modules, or of what they hold, that statements import."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        package = ["rapidjwt", *path.relative_to(PACKAGE).parts[:-1]]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                within = package[: len(package) - node.level + 1] if node.level else []
                module = ".".join([*within, *filter(None, [node.module])])
                found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return found


def test_what_native_code_imports_is_imported_by_a_statement_too():
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.rs")]
    pattern = r'\.import\((?:intern!\(\s*\w+,\s*)?"([\w.]+)"'
    names = {name for source in sources for name in re.findall(pattern, source)}
    assert {"difflib", "rapidjwt.jwks.verifier", "json"} <= names
    assert names - imported_by_statements() == set()


def test_what_the_package_imports_late_is_imported_by_a_statement_too():
    late = {f"rapidjwt.{module}" for module in rapidjwt._LATE.values()}
    assert late - imported_by_statements() == set()
