#!/bin/sh
# Installs the clients nobody here wrote: the Python ones into .venv-clients, the Node ones into node_modules beside
# this file. Does nothing when both are newer than their pins, so it may be called before every test run.
# usage: sh integration_tests/third_party_clients/setup.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."

# Parallel test workers may come here at once; the first one works, the others wait for it.
exec 9<"$here/setup.sh"
if command -v flock >/dev/null; then flock 9; fi

venv=.venv-clients
lock=$here/requirements.lock
if [ ! -e "$venv/.ready" ] || [ "$lock" -nt "$venv/.ready" ]; then
    sh .ci/setup.sh "$venv" "$lock" 9<&-
    touch "$venv/.ready"
fi

if [ ! -e "$here/node_modules/.ready" ] || [ "$here/package.json" -nt "$here/node_modules/.ready" ]; then
    command -v npm >/dev/null || {
        echo "setup: npm is missing. Install it with: sudo apt-get install nodejs npm" >&2
        exit 1
    }
    echo "setup: installing the Node clients"
    (cd "$here" && npm install --no-package-lock --no-audit --no-fund --loglevel=error >/dev/null 9<&-)
    touch "$here/node_modules/.ready"
fi
