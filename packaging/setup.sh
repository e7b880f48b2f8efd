#!/bin/sh
# Makes .venv with everything that Slicewise needs. As root on Debian or Ubuntu it also installs missing system
# packages; otherwise it prints the one line that does.
set -eu
cd "$(dirname "$0")/.."

libraries="libglib2.0-0 libgl1 libegl1 libx11-6 libdbus-1-3 libfontconfig1 libfreetype6 libxkbcommon0 libbrotli1 \
libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxcb-randr0 libxkbcommon-x11-0 libx11-xcb1 \
fonts-dejavu-core"

# For tests, which are left out where these are not there: to read what is written as DICOM with other eyes than ours, and
# to see and spoil what is written to the disk.
checkers="dicom3tools strace"

say() { printf '\n== %s\n' "$*"; }

find_python() {
    for name in python3.13 python3.12 python3.11 python3; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
}

# Debian renamed some libraries for its 64-bit time; a package that another one provides counts as there.
missing_packages() {
    for package in "$@"; do
        dpkg-query -W -f='${Status}\n' "$package" "${package}t64" 2>/dev/null | grep -q 'install ok installed' ||
            printf '%s ' "$package"
    done
}

wanted=""
if command -v dpkg-query >/dev/null 2>&1; then
    # shellcheck disable=SC2086
    wanted=$(missing_packages $libraries)
    # shellcheck disable=SC2086
    if [ "$(id -u)" = 0 ]; then
        wanted="$wanted$(missing_packages $checkers)"
    fi
fi
if [ -z "$(find_python)" ]; then
    wanted="python3 python3-venv $wanted"
fi
if [ -n "$wanted" ]; then
    if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
        say "Installing system packages: $wanted"
        apt-get update -q
        # shellcheck disable=SC2086
        DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $wanted
    elif command -v apt-get >/dev/null 2>&1; then
        say "Some system packages are missing. Run this line, then the same make command again:"
        echo "sudo apt-get install -y --no-install-recommends $wanted"
        exit 1
    else
        say "Slicewise needs Python 3.11 or newer with venv; install it with your system's package manager."
        exit 1
    fi
fi

python=$(find_python)
if [ -z "$python" ]; then
    say "This system's Python is older than 3.11; install Python 3.11 or newer with venv, then try again."
    exit 1
fi

if [ ! -x .venv/bin/python ]; then
    say "Making .venv with $("$python" --version)"
    "$python" -m venv .venv
fi
say "Installing Python packages into .venv (about 2 GB, some minutes on the first run)"
.venv/bin/python -m pip install --disable-pip-version-check --progress-bar on \
    --constraint packaging/constraints.txt --editable '.[training,dev]'
