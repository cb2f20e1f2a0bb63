#!/usr/bin/env bash
# Runs the tests on another Python or another machine: `make test-platform PLATFORM=3.15`.
#
# Everything happens in folders with Debian unstable, made by debootstrap on first use (as root).
# Other machines than x86-64 are emulated by qemu-user-static; their Rust code is cross-compiled.
# PLATFORMS is where the folders are; PYTEST has other arguments for pytest, as in the Makefile;
# DIFFERENTIAL=0.2 runs a fifth of the differential tests' cases.
set -euo pipefail
cd "$(dirname "$0")/.."

PLATFORMS=${PLATFORMS:-/var/tmp/rapidjwt-platforms}
MIRROR=${MIRROR:-http://deb.debian.org/debian}
PYTEST=${PYTEST:-}
# How many of the differential tests' cases run, 0.2 for a fifth; 0 means the usual number.
DIFFERENTIAL=${DIFFERENTIAL:-0}
# What runs on emulated machines, where everything would take hours.
SUBSET="tests/python/test_vectors.py tests/python/test_parity.py tests/python/differential \
    tests/python/test_memory.py tests/python/test_errors.py tests/python/test_error_variants.py \
    tests/python/test_clock.py tests/python/test_key_round_trips.py"

usage() {
    echo "usage: make test-platform PLATFORM=NAME, where NAME is one of
  3.10 to 3.12  that CPython, installed on this machine
  3.13 to 3.15  that CPython of Debian unstable
  3.15t         the free-threaded CPython 3.15, built from Debian's source package
  i386          Debian unstable for 32-bit processors
  arm64, armhf  emulated: Rust tests, and the Python tests that concern other processors
  s390x         a big-endian machine: compiles
  sdist         the source distribution, installed by pip for CPython 3.15
  manylinux     a wheel whose symbols are those of manylinux_2_28, by auditwheel
  fresh         the README's commands on a machine with only what the README names" >&2
    exit 2
}

# --- folders ---

folder() { # NAME ARCHITECTURE: makes the folder if it does not exist
    local root=$PLATFORMS/$1
    [ -e "$root/.complete" ] && return
    [ "$(id -u)" = 0 ] || { echo "debootstrap must run as root." >&2; exit 1; }
    command -v debootstrap >/dev/null ||
        { echo "debootstrap is missing: apt-get install debootstrap" >&2; exit 1; }
    rm -rf "$root"
    debootstrap --variant=minbase --arch="$2" --include=ca-certificates sid "$root" "$MIRROR"
    # A mirror may lag behind.
    echo 'Acquire::Check-Valid-Until "false";' >"$root/etc/apt/apt.conf.d/99mirror"
    echo 'APT::Install-Recommends "false";' >>"$root/etc/apt/apt.conf.d/99mirror"
    cp -L /etc/resolv.conf "$root/etc/"
    # A proxy between this machine and the package registries may have a certificate of its own.
    cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
    mkdir -p "$root/build"
    touch "$root/.complete"
}

inside() { # FOLDER COMMAND: runs the command in the folder; its mounts end with it
    # shellcheck disable=SC2016 # the inner shell expands them
    unshare --mount --pid --fork --kill-child bash -euc '
        mount -t proc proc "$1/proc"
        mount --rbind /dev "$1/dev"
        mount --bind "$2" "$1/build"
        exec chroot "$1" /usr/bin/env -i HOME=/root LC_ALL=C.UTF-8 \
            DEBIAN_FRONTEND=noninteractive PYTHONUNBUFFERED=1 \
            PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin CARGO_HOME=/build/cargo \
            PIP_CACHE_DIR=/build/pip PIP_ROOT_USER_ACTION=ignore bash -euc "$3"
    ' - "$PLATFORMS/$1" "$PLATFORMS/build" "$2"
}

install() { # FOLDER PACKAGE...
    local name=$1
    shift
    inside "$name" "dpkg -s $* >/dev/null 2>&1 || { apt-get -q update && apt-get -qy install $*; }"
}

# The folders see a copy, so that their builds do not mix with those of this machine. What they have
# built stays.
copy_sources() {
    local copy=$PLATFORMS/build/rapidjwt
    mkdir -p "$copy"
    find "$copy" \( -name target -o -name '.venv*' \) -prune -o -type f ! -name '*.so' -exec rm {} +
    git ls-files -z --cached --others --exclude-standard | xargs -0 ls -d 2>/dev/null |
        tar --create --files-from - | tar --extract --directory "$copy"
}

emulate() { # PROCESSOR: has the kernel run its programs by qemu
    local rules=/proc/sys/fs/binfmt_misc
    [ -e $rules/register ] || mount -t binfmt_misc binfmt_misc $rules
    [ -e "$rules/qemu-$1" ] && return
    cat "/usr/lib/binfmt.d/qemu-$1.conf" >$rules/register ||
        { echo "qemu is missing: apt-get install qemu-user-static" >&2; exit 1; }
}

# --- platforms ---

python_tests() {
    echo "runs: \`make test-python\`${PYTEST:+ $PYTEST}$(fewer_cases)"
}

fewer_cases() {
    [ "$DIFFERENTIAL" = 0 ] || echo ", differential cases x $DIFFERENTIAL"
}

on_this_machine() { # VERSION
    python_tests
    "python$1" -c 'import platform; print("platform: CPython", platform.python_version() + ", x86-64")'
    RAPIDJWT_DIFFERENTIAL=$DIFFERENTIAL \
        make test-python PYTHON="python$1" VENV=".venv-$1" EXTRAS=test PYTEST="$PYTEST"
}

debian_python() { # VERSION
    folder amd64 amd64
    install amd64 cargo rustc gcc libc6-dev make git "python$1" "python$1-venv" "libpython$1"
    suite amd64 "python$1" ".venv-$1" x86-64
}

free_threaded() { # VERSION
    local python=/opt/python$1t/bin/python$1t
    folder amd64 amd64
    install amd64 cargo rustc gcc libc6-dev make git dpkg-dev \
        libffi-dev libsqlite3-dev libssl-dev zlib1g-dev
    inside amd64 "
        [ -e $python ] && exit
        echo 'deb-src $MIRROR sid main' >/etc/apt/sources.list.d/sources.list
        mkdir -p /build/source && cd /build/source
        apt-get -q update && apt-get -q source --download-only python$1
        rm -rf python && mkdir python && tar -xf python$1*.orig.tar.* -C python --strip-components 1
        cd python && ./configure --quiet --disable-gil --disable-test-modules --prefix=/opt/python$1t
        make -sj2 && make -s install"
    suite amd64 "$python" ".venv-$1t" "x86-64, free-threaded"
}

suite() { # FOLDER PYTHON VENV MACHINE
    python_tests
    inside "$1" "cd /build/rapidjwt
        $2 -c 'import platform; print(\"platform: CPython\", platform.python_version() + \", $4\")'
        export RAPIDJWT_DIFFERENTIAL=$DIFFERENTIAL
        make test-python PYTHON=$2 VENV=$3 EXTRAS=test PYTEST='$PYTEST'"
}

i386() {
    echo "runs: \`cargo test\`, pytest without the console script$(fewer_cases)"
    # The package is in a folder beside the sources, without its script.
    local process=tests/python/cli/test_process.py guide=tests/python/cli/test_guide.py
    folder i386 i386
    install i386 python3-fastapi python3-joserfc
    foreign i386 i686-unknown-linux-gnu i686-linux-gnu i386 \
        "tests/python --deselect $process::test_the_console_script_is_the_module \
            --deselect $process::test_bash_completes_what_is_typed \
            --deselect $guide::test_the_console_blocks_show_what_happens" \
        click django djangorestframework djangorestframework-simplejwt flask flask-jwt-extended \
        gunicorn httpx httpx2 opentelemetry-sdk prometheus_client redis rich trio websockets
}

emulated() { # ARCHITECTURE PROCESSOR RUST_TARGET GNU_TARGET
    [ "$DIFFERENTIAL" != 0 ] || DIFFERENTIAL=0.05
    echo "runs: \`cargo test\`; pytest: vectors, parity, differential, memory, errors, clock," \
        "keys$(fewer_cases)"
    emulate "$2"
    foreign "$1" "$3" "$4" "$1, emulated" "$SUBSET"
}

# Compiled on x86-64. The compiled packages that the tests need are Debian's: not every machine has
# wheels.
foreign() { # ARCHITECTURE RUST_TARGET GNU_TARGET DESCRIPTION TESTS PACKAGE...
    local arch=$1 target=$2 gnu=$3
    folder amd64 amd64
    folder "$arch" "$arch"
    cross_tools "$arch" "$gnu"
    install amd64 python3 python3-venv
    install "$arch" python3 python3-cryptography python3-hypothesis python3-time-machine
    inside "$arch" "python3 -c 'import platform
print(\"platform: CPython\", platform.python_version() + \", $4\")'"
    inside amd64 "cd /build/rapidjwt
        export CARGO_TARGET_$(tr a-z- A-Z_ <<<"$target")_LINKER=$gnu-gcc CC_${target//-/_}=$gnu-gcc
        cargo test --quiet --target $target
        [ -e .venv-cross/bin/maturin ] || { python3 -m venv .venv-cross
            .venv-cross/bin/python -m pip install -q 'maturin>=1.9,<2'; }
        rm -rf dist
        .venv-cross/bin/maturin build --release --quiet --target $target --out dist \
            --interpreter \$(python3 -c 'import sys; print(\"python%d.%d\" % sys.version_info[:2])')"
    # Here pip is not emulated. A compiled module that it installs is not seen by other machines,
    # where packages then use their Python code.
    inside amd64 "cd /build/rapidjwt
        rm -rf .venv-cross/$arch
        pip='.venv-cross/bin/python -m pip install -q --target .venv-cross/$arch'
        \$pip PyJWT==2.15.1 freezegun pytest ${*:6}
        \$pip --no-deps --platform \$(ls dist | sed 's/.*-\\(.*\\).whl/\\1/') dist/*.whl"
    inside "$arch" "cd /build/rapidjwt
        python3 -m venv --clear --without-pip --system-site-packages .venv-$arch
        echo \$PWD/.venv-cross/$arch >\$(ls -d .venv-$arch/lib/python*/site-packages)/cross.pth
        RAPIDJWT_DIFFERENTIAL=$DIFFERENTIAL .venv-$arch/bin/python -m pytest ${PYTEST:-$5}"
}

cross_tools() { # ARCHITECTURE GNU_TARGET
    inside amd64 "dpkg --print-foreign-architectures | grep -qx $1 ||
        { dpkg --add-architecture $1 && apt-get -q update; }"
    install amd64 cargo rustc gcc libc6-dev make "gcc-$2" "libc6-dev-$1-cross" "libstd-rust-dev:$1" \
        "libc6:$1"
}

big_endian() {
    echo "runs: \`cargo check\`"
    echo "platform: s390x, big-endian"
    folder amd64 amd64
    cross_tools s390x s390x-linux-gnu
    install amd64 python3
    inside amd64 "cd /build/rapidjwt
        export CC_s390x_unknown_linux_gnu=s390x-linux-gnu-gcc PYO3_CROSS_PYTHON_VERSION=3.14
        for features in '' '--features python'; do
            cargo check --target s390x-unknown-linux-gnu \$features
        done"
}

manylinux() {
    echo "runs: a wheel for glibc 2.28, linked by zig: \`auditwheel show\`, \`tests/wheel/bare.py\`"
    echo "platform: manylinux_2_28, x86-64"
    folder amd64 amd64
    install amd64 cargo rustc gcc libc6-dev make python3 python3-venv
    # auditwheel names the oldest tag that the symbols in the binary allow.
    inside amd64 "cd /build/rapidjwt
        rm -rf .venv-zig dist && python3 -m venv .venv-zig
        .venv-zig/bin/python -m pip install -q 'maturin>=1.9,<2' ziglang auditwheel
        PATH=\$PWD/.venv-zig/bin:\$PATH maturin build --release --quiet --zig \
            --compatibility manylinux_2_28 --interpreter python3 --out dist
        .venv-zig/bin/auditwheel show dist/*.whl | tee dist/auditwheel.txt
        tr '\\n' ' ' <dist/auditwheel.txt | grep -qE 'following platform tag: \"manylinux_2_(17|2[0-8])_'
        .venv-zig/bin/python -m pip install -q --no-index dist/*.whl
        .venv-zig/bin/python tests/wheel/bare.py"
}

source_distribution() { # VERSION
    echo "runs: \`make test-sdist\`"
    echo "platform: CPython $1, x86-64, the source distribution"
    folder amd64 amd64
    install amd64 cargo rustc gcc libc6-dev make git "python$1" "python$1-venv"
    inside amd64 "cd /build/rapidjwt && make test-sdist PYTHON=python$1 VENV=.venv-$1"
}

fresh() {
    echo "runs: \`make demo\`, \`make test\`${PYTEST:+ of $PYTEST}; without each prerequisite, its one line"
    echo "platform: fresh Debian, x86-64"
    rm -rf "$PLATFORMS/fresh"
    folder fresh amd64
    cp -a "$PLATFORMS/build/rapidjwt" "$PLATFORMS/fresh/root/"
    rm -rf "$PLATFORMS"/fresh/root/rapidjwt/{target,.venv*}
    inside fresh "PYTEST='$PYTEST' /root/rapidjwt/scripts/fresh_machine.sh"
}

# --- the log, from which scripts/platforms_table.py makes the table of docs/platforms.md ---

run() { # PLATFORM
    echo "command: \`make test-platform PLATFORM=$1\`"
    echo "date: $(date --iso-8601)"
    case $1 in
        3.10 | 3.11 | 3.12) on_this_machine "$1" ;;
        3.13 | 3.14 | 3.15) debian_python "$1" ;;
        3.15t) free_threaded "${1%t}" ;;
        i386) i386 ;;
        arm64) emulated arm64 aarch64 aarch64-unknown-linux-gnu aarch64-linux-gnu ;;
        armhf) emulated armhf arm armv7-unknown-linux-gnueabihf arm-linux-gnueabihf ;;
        s390x) big_endian ;;
        sdist) source_distribution 3.15 ;;
        manylinux) manylinux ;;
        fresh) fresh ;;
        *) usage ;;
    esac
    echo "ended: without an error"
}

[ $# = 1 ] || usage
mkdir -p "$PLATFORMS/build" "$PLATFORMS/logs"
copy_sources
run "$1" 2>&1 | tee "$PLATFORMS/logs/$1.log"
