# A script, not a module.
# ruff: noqa: D103
"""Make a copy of the source panic where no input can, and check what Python receives.

python scripts/panicking_copy.py

A panic must become an exception, wherever it happens: in a function or a method called from
`vectorcall.rs`, in a method called by PyO3, in a thread of a batch, and while a lock is held. The
process continues, locks stay usable, and the exception has no key in its text. Builds the copy.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from broken_copies import NOT_COPIED, ROOT

PANICS = {
    # A function called from vectorcall.rs, and a lock that is held.
    "src/python/keys/cache.rs": (
        """
        let displaced = lock(&TEXTS[index]).insert(bytes, Arc::clone(key));
""",
        """
        let mut texts = lock(&TEXTS[index]);
        assert!(!bytes.0.starts_with(b"panic"), "{}", String::from_utf8_lossy(&bytes.0));
        let displaced = texts.insert(bytes, Arc::clone(key));
""",
    ),
    # Methods called from vectorcall.rs and by PyO3, and the threads of a batch.
    "src/python/verifier/keys.rs": (
        """
    fn keys_of(&self, chosen: &Chosen<'_>) -> impl Iterator<Item = &VerifyingKey> {
""",
        """
    fn keys_of(&self, chosen: &Chosen<'_>) -> impl Iterator<Item = &VerifyingKey> {
        assert!(chosen.compact.signature() != b"panic", "a token");
""",
    ),
}
CHECK = """
import rapidjwt
from pathlib import Path

assert Path(rapidjwt.__file__).is_relative_to(Path.cwd()), rapidjwt.__file__
SECRET, PANIC = "a secret of more than thirty-two bytes", "panic with a secret of enough bytes"
token = rapidjwt.encode({"a": 1}, SECRET)
verifier = rapidjwt.Verifier(SECRET, algorithms=["HS256"], cache_size=8)
many = [token] * 40
panic = token.rpartition(".")[0] + ".panic"


def panics(name, call):
    for _ in range(2):
        try:
            call()
        except BaseException as error:
            assert type(error).__name__ == "PanicException", repr(error)
            assert "secret" not in str(error)
        else:
            raise SystemExit(f"{name}: no panic")
        # Everything goes on, in the same caches.
        assert rapidjwt.decode(token, SECRET, ["HS256"]) == verifier.decode(token) == {"a": 1}
        assert list(verifier.decode_many(many)) == [{"a": 1}] * 40
        other = f"another secret of more than thirty-two bytes, {name}"
        assert rapidjwt.decode(rapidjwt.encode({}, other), other, ["HS256"]) == {}
    print(f"panics: {name}: an exception, and everything goes on")


panics("encode, with the lock of the key cache", lambda: rapidjwt.encode({}, PANIC))
panics("Verifier.decode", lambda: verifier.decode(panic))
panics("Verifier.decode_complete", lambda: verifier.decode_complete(panic))
panics("the first thread of a batch", lambda: list(verifier.decode_many([panic, *many])))
panics("the last thread of a batch", lambda: list(verifier.decode_many([*many, panic])))
"""


def main() -> int:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(shutil.copytree(ROOT, Path(temporary) / "copy", ignore=NOT_COPIED))
        for name, (old, new) in PANICS.items():
            path = folder / name
            whole = path.read_text(encoding="utf-8")
            if whole.count(old) != 1:
                print(f"panics: out of date: {name} must have this once: {old}")
                return 1
            path.write_text(whole.replace(old, new), encoding="utf-8")
        target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "broken"
        # Built as in scripts/broken_copies.py, so that the dependencies are shared.
        build = [
            *("cargo", "rustc", "--quiet", "--lib", "--crate-type", "cdylib"),
            *("--no-default-features", "--features", "python,pyo3/extension-module"),
        ]
        environment = os.environ | {
            "CARGO_TARGET_DIR": str(target),
            "PYO3_PYTHON": sys.executable,
            "PYTHONPATH": str(folder / "python"),
            "RUST_BACKTRACE": "0",
        }
        subprocess.run(build, cwd=folder, env=environment, check=True)
        library = next((target / "debug").glob("librapidjwt.[sd][oy]*"))
        extension = f"_rapidjwt{sysconfig.get_config_var('EXT_SUFFIX')}"
        shutil.copy(library, folder / "python" / "rapidjwt" / extension)
        check = [sys.executable, "-c", CHECK]
        return subprocess.run(check, cwd=folder, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
