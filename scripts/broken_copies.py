# A script, not a module.
# ruff: noqa: D103
"""Break copies of the source on purpose, and check that the tests notice each.

    python scripts/broken_copies.py [NAME...]

prints a line for each copy and ends with status 1 if one passes the tests. A copy must compile, so
that a test is what fails. The Rust copies are built in one folder (`target/broken`), each in
seconds after the first.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
RUST_TESTS = ("cargo", "test", "--quiet", "--no-default-features", "--lib")
SD_JWT_TESTS = ("cargo", "test", "--quiet", "--no-default-features", "--test", "sd_jwt")
SOURCE_RULES = (
    *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
    "tests/python/test_source_rules.py",
)
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv*", "target", "dist", "work", "artifacts", "__pycache__", "*.so"
)


class Break(NamedTuple):
    """A change, and the tests that must fail after it."""

    file: str
    old: str
    new: str
    command: tuple[str, ...] = RUST_TESTS


BREAKS = {
    "the signature check is skipped": Break(
        "src/jws.rs",
        "if verify(signature) { Ok(()) } else { Err(Error::SignatureMismatch) }",
        "let _ = verify(signature);\n    Ok(())",
    ),
    "the constant-time comparison is replaced": Break(
        "src/crypto/hmac.rs",
        "CtOutput::<H>::new(tag(key, message)) == CtOutput::<H>::from(signature)",
        "&tag(key, message) == signature",
        command=SOURCE_RULES,
    ),
    "crit is ignored": Break(
        "src/header.rs",
        "Some(crit) => self.validate_crit(crit),",
        "Some(crit) => self.validate_crit(crit).or(Ok(())),",
    ),
    "a public key passes as an HMAC secret": Break(
        "src/key/secret.rs",
        "Err(Error::SecretIsAsymmetricKey)\n    } else if is_jwk(bytes) {",
        "Ok(())\n    } else if is_jwk(bytes) {",
    ),
    "a JWK passes as an HMAC secret": Break(
        "src/key/secret.rs",
        "Err(Error::SecretIsJwk)\n    } else {",
        "Ok(())\n    } else {",
    ),
    "the tag of encrypted content is not compared": Break(
        "src/crypto/aes_cbc_hmac.rs",
        "if !bool::from(self.tag(aad, iv, ciphertext)?.ct_eq(tag)) {",
        "if !bool::from(self.tag(aad, iv, ciphertext)?.ct_eq(tag)) && iv.is_empty() {",
    ),
    "crit of a JWE is ignored": Break(
        "src/jwe/header.rs",
        "Some(crit) => Err(unsupported_crit(crit)),",
        "Some(crit) => Err(unsupported_crit(crit)).or(Ok(())),",
    ),
    "a wrong encrypted key has its own error": Break(
        "src/jwe/decrypter.rs",
        "made = ContentKey::new(encryption, &cek)?;",
        "made = ContentKey::new(encryption, &cek[1..])?;",
    ),
    "iterations are not bounded": Break(
        "src/jwe/decrypter.rs",
        "total > u64::from(max_p2c)",
        "total > u64::MAX - u64::from(max_p2c)",
    ),
    "one key counts as two": Break(
        "src/jws_json.rs",
        "Policy::AtLeast(number) => (verified.len(), number.max(1)),",
        "Policy::AtLeast(number) => (results.iter().flatten().count(), number.max(1)),",
    ),
    "a digest may occur twice": Break(
        "src/sd_jwt/processing.rs",
        "if !self.found.insert(digest) {",
        "if !self.found.insert(digest) && self.nesting == 0 {",
        command=SD_JWT_TESTS,
    ),
    "a disclosure may be left over": Break(
        "src/sd_jwt/processing.rs",
        "if !processing.waiting.is_empty() {",
        "if processing.waiting.len() > disclosures.len() {",
        command=SD_JWT_TESTS,
    ),
    "the nonce of a key binding is ignored": Break(
        "src/sd_jwt/key_binding.rs",
        'if text("nonce") != Some(&policy.nonce) {',
        'if text("nonce").is_none() {',
        command=SD_JWT_TESTS,
    ),
    "the expiry is inverted": Break(
        "src/claims/mod.rs",
        "Time::At(time) if time <= limit => Err(Error::Expired),",
        "Time::At(time) if time > limit => Err(Error::Expired),",
    ),
}


def run(folder: Path, command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "broken"
    environment = os.environ | {"CARGO_TARGET_DIR": str(target), "RUST_BACKTRACE": "0"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def outcome(folder: Path, command: tuple[str, ...]) -> str:
    """Return "passes", or "fails" or "does not run" (if it does not compile) with the output."""
    done = run(folder, command)
    if done.returncode == 0:
        return "passes"
    # cargo and pytest write this for a test, but not for a compiler error.
    verdict = "fails" if "FAILED" in done.stdout else "does not run"
    return f"{verdict}:\n{done.stdout}{done.stderr}"


def outcome_of(broken: Break, folder: Path) -> str:
    path = folder / broken.file
    whole = path.read_text(encoding="utf-8")
    if whole.count(broken.old) != 1:
        return f"is out of date: {broken.file} must have this once: {broken.old}"
    path.write_text(whole.replace(broken.old, broken.new), encoding="utf-8")
    try:
        return outcome(folder, broken.command)
    finally:
        path.write_text(whole, encoding="utf-8")


def main(names: list[str]) -> int:
    chosen = {name: BREAKS[name] for name in names or BREAKS}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(shutil.copytree(ROOT, Path(temporary) / "copy", ignore=NOT_COPIED))
        for command in {broken.command for broken in chosen.values()}:
            if (unbroken := outcome(folder, command)) != "passes":
                print(f"broken copies: without any change, {command[0]} {unbroken}")
                return 1
        missed = 0
        for name, broken in chosen.items():
            result = outcome_of(broken, folder)
            caught = result.startswith("fails:")
            missed += not caught
            print(f"broken copies: {name}: {'caught' if caught else f'NOT CAUGHT: {result}'}")
    print(f"broken copies: {len(chosen) - missed} of {len(chosen)} caught")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
