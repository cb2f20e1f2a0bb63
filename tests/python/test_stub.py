"""The stub: its docstrings are those of the native module, and editors show them."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import stub_docstrings  # noqa: E402 - a script of ours

DEFINITIONS = dict(stub_docstrings.definitions(ast.parse(stub_docstrings.STUB.read_text("utf-8"))))


@pytest.mark.parametrize(("name", "text"), stub_docstrings.documented().items())
def test_the_stub_has_the_docstring_of_the_native_module(name, text):
    found = ast.get_docstring(DEFINITIONS[name])
    assert found == inspect.cleandoc(text), "run python scripts/stub_docstrings.py"


#: What is written in the editor, and the words that it shows.
HOVERED = {
    "rapidjwt.encode": "Sign claims and return the token.",
    "rapidjwt.decode": "Verify a token and return its claims.",
    "rapidjwt.decode_complete": "Verify a token and return its",
    "rapidjwt.get_unverified_header": "Return the header of a token whose signature is not checked",
    "rapidjwt.Key": "A key, parsed and checked once.",
    "rapidjwt.Key.from_pem": "Reads a key from PEM text",
    "rapidjwt.Signer": "A signer of claims, with a key and a header",
    "rapidjwt.Signer.encode": "Signs claims, with the missing ones filled in",
    "rapidjwt.Verifier": "A verifier of tokens, with keys and a policy",
    "rapidjwt.Verifier.decode_many": "Verifies many tokens and returns an iterator",
    "rapidjwt.KeySet.from_jwks": "Read a JWK Set from a dictionary or its JSON text.",
}


class LanguageServer:
    """pyright's language server, spoken to over its standard input and output."""

    def __init__(self, root: Path) -> None:
        server = Path(sys.executable).parent / "pyright-langserver"
        self.process = subprocess.Popen(
            [server, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root
        )
        self.last = 0
        folder = {"uri": root.as_uri(), "name": "editor"}
        self.request(
            "initialize",
            processId=None,
            rootUri=root.as_uri(),
            workspaceFolders=[folder],
            capabilities={"workspace": {"workspaceFolders": True, "configuration": True}},
        )
        self.send("initialized")

    def send(self, method, **params):
        self.write({"jsonrpc": "2.0", "method": method, "params": params})

    def write(self, message):
        body = json.dumps(message).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def read(self):
        length = 0
        while line := self.process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return json.loads(self.process.stdout.read(length))

    def request(self, method, **params):
        """Send a request and return its result; the server asks for settings in between."""
        self.last += 1
        self.write({"jsonrpc": "2.0", "id": self.last, "method": method, "params": params})
        while True:
            message = self.read()
            if "method" in message and "id" in message:
                asked = message.get("params", {}).get("items", [])
                answer = [{"pythonPath": sys.executable} for _ in asked]
                self.write({"jsonrpc": "2.0", "id": message["id"], "result": answer})
            elif message.get("id") == self.last:
                return message["result"]

    def close(self):
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def hover(tmp_path_factory):
    if not (Path(sys.executable).parent / "pyright-langserver").exists():
        pytest.skip("pyright is not installed")
    root = tmp_path_factory.mktemp("editor")
    lines = ["import rapidjwt", *HOVERED]
    (root / "program.py").write_text("\n".join(lines))
    config = {"pythonVersion": "3.10", "extraPaths": [str(ROOT / "python")]}
    (root / "pyrightconfig.json").write_text(json.dumps(config))
    server = LanguageServer(root)
    uri = (root / "program.py").as_uri()
    document = {"uri": uri, "languageId": "python", "version": 1, "text": "\n".join(lines)}
    server.send("textDocument/didOpen", textDocument=document)

    def show(written):
        position = {"line": lines.index(written), "character": len(written) - 1}
        shown = server.request("textDocument/hover", textDocument={"uri": uri}, position=position)
        return shown["contents"]["value"]

    yield show
    server.close()


@pytest.mark.parametrize(("written", "text"), HOVERED.items())
def test_an_editor_shows_the_docstring(hover, written, text):
    assert text in hover(written).replace("\\", "")
