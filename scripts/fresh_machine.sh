#!/usr/bin/env bash
# Shows that the README's commands run on a machine with only what the README names, and that each
# thing that is missing is named in one line: `make test-platform PLATFORM=fresh`, which calls this
# as root in a folder with nothing but Debian's base.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT

stand_in() { # NAME TEXT: a program that prints the text for --version and otherwise fails
    # shellcheck disable=SC2016 # the program expands it
    printf '#!/bin/sh\n[ "$1" = --version ] && echo "%s"\n' "$2" >"$tools/$1"
    chmod +x "$tools/$1"
}

expect() { # TEXT [TARGET]: `make demo`, or another target, fails with one line that has the text
    local output
    output=$(PATH=$tools:$PATH make "${2:-demo}" 2>&1) && { echo "it runs without: $1" >&2; exit 1; }
    output=$(grep -v '^make: \*\*\*' <<<"$output")
    echo "$output"
    [[ $output = *"$1"* && $output != *$'\n'* ]] ||
        { echo "expected one line with: $1" >&2; exit 1; }
}

apt_install() { apt-get -qy install "$@" >/dev/null; }

apt-get -q update
apt_install make
echo "==> What is missing is named"
expect "needs Rust 1.88 or newer (cargo)."
stand_in cargo "cargo 1.63.0"
expect "needs Rust 1.88 or newer. cargo is 1.63.0"
stand_in cargo "cargo 1.88.0"
expect "needs a C compiler (cc)."
stand_in cc "cc"
expect "needs Python 3.10 or newer (python3)."
stand_in python3 "Python 3.9.2"
expect "needs Python 3.10 or newer. 'python3' is Python 3.9.2"
rm "$tools/python3"
apt_install python3
expect "needs Python's venv module."
rm "$tools"/*
apt_install cargo rustc rustfmt rust-clippy gcc libc6-dev python3-venv
# As what rustup installs for a component that is missing: it fails.
printf '#!/bin/sh\nexit 1\n' >"$tools/cargo-clippy"
chmod +x "$tools/cargo-clippy"
expect "needs Rust's cargo-clippy." test

echo "==> With everything that the README names"
make demo
make test
