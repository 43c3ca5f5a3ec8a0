#!/bin/sh
# Makes the virtual environment: pinned, hash-checked dependencies, then the workspace's own packages in place.
# usage: setup.sh VENV LOCK [MEMBER...]
set -eu
venv=$1 lock=$2
shift 2
python=${PYTHON:-python3}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    echo "setup: Python 3.11 or newer is needed, and $python is $("$python" --version 2>&1 || echo missing)." \
        "Install one and run: make PYTHON=python3.11 ..." >&2
    exit 1
}
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get -qq update && apt-get -qq install -y "$package" >/dev/null
    else
        echo "setup: Python's module venv is missing. Install it with: sudo apt-get install $package" >&2
        exit 1
    fi
fi

echo "setup: making $venv (once; less than a minute)"
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"

# uv installs ten times faster than pip; where it cannot be had (an index only pip is told about), pip does the same.
pip="$venv/bin/python -m pip install --quiet --disable-pip-version-check --require-virtualenv"
if $pip --no-deps "$(grep -o '^uv==[^ ]*' "$lock")" 2>/dev/null; then
    install="$venv/bin/uv pip install --quiet --python $venv/bin/python"
    $install --no-deps --require-hashes -r "$lock" || install=$pip
else
    install=$pip
fi
[ "$install" != "$pip" ] || $pip --no-deps --require-hashes -r "$lock"
if [ $# -gt 0 ]; then
    editable=
    for member in "$@"; do editable="$editable --editable ./$member"; done
    $install --no-deps --no-build-isolation $editable
fi
echo "setup: ready, the commands are in $venv/bin"
