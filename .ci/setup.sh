#!/bin/sh
# Makes the virtual environment: pinned, hash-checked dependencies, then the workspace's own packages in place.
# usage: setup.sh VENV LOCK MEMBER...
set -eu
venv=$1 lock=$2
shift 2
python=${PYTHON:-python3}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    echo "setup: Python 3.11 or newer is needed ($python is $("$python" --version 2>&1 || echo missing)). Install it and run: make PYTHON=python3.11 ..." >&2
    exit 1
}
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get -qq update && apt-get -qq install -y "python$version-venv" >/dev/null
    else
        echo "setup: the module venv is missing. Install it with: sudo apt-get install python$version-venv" >&2
        exit 1
    fi
fi

echo "setup: making $venv (once; about a minute)"
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$lock"
editable=
for member in "$@"; do editable="$editable --editable ./$member"; done
# shellcheck disable=SC2086
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation $editable
echo "setup: ready, the commands are in $venv/bin"
