#!/usr/bin/env bash
# Names the first missing prerequisite in one line, and how to get it: `prerequisites.sh PYTHON`.
# After PYTHON the tools of Rust that are needed too may be named.
set -u
python=${1:-python3}

missing() {
    echo "rapidjwt needs $1. $2" >&2
    exit 1
}

command -v cargo >/dev/null ||
    missing "Rust 1.88 or newer (cargo)" "Install it with https://rustup.rs"
rust=$(cargo --version | cut -d' ' -f2)
printf '1.88\n%s\n' "$rust" | sort -V -C ||
    missing "Rust 1.88 or newer" "cargo is $rust; with rustup: rustup update stable"
command -v cc >/dev/null ||
    missing "a C compiler (cc)" "On Debian: apt-get install build-essential"
command -v "$python" >/dev/null ||
    missing "Python 3.10 or newer ($python)" "On Debian: apt-get install python3 python3-venv"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    missing "Python 3.10 or newer" "'$python' is $("$python" --version 2>&1); set PYTHON=... to use another."
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    missing "Python's venv module" "On Debian: apt-get install python3-venv"
for tool in "${@:2}"; do
    "$tool" --version >/dev/null 2>&1 ||
        missing "Rust's $tool" "With rustup: rustup component add rustfmt clippy; on Debian: apt-get install rustfmt rust-clippy"
done
