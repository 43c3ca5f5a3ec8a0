#!/bin/sh
# Runs every test; first sees to what the tests need beyond the virtual environment.
# usage: test.sh VENV [PYTEST ARGUMENT...]
set -eu
venv=$1
shift

# Node runs the third-party Unisender clients of integration_tests/third_party_clients; MariaDB and beanstalkd are
# what the orchestrator runs on, sqlite3 what a SQLite is backed up with. Tests start throw-away servers of their own, never the system's. Chromium is what the
# pages are looked at with; without a font of ours it may have no Cyrillic letters. amoCRM's
# pages have jQuery and RequireJS, so the page that plays them for our widget has them too.
PATH=$PATH:/usr/sbin
missing=
command -v node >/dev/null || missing="$missing nodejs"
command -v npm >/dev/null || missing="$missing npm"
command -v mariadbd >/dev/null || missing="$missing mariadb-server"
command -v beanstalkd >/dev/null || missing="$missing beanstalkd"
command -v sqlite3 >/dev/null || missing="$missing sqlite3"
command -v chromium-headless-shell >/dev/null || missing="$missing chromium-headless-shell"
ls /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf >/dev/null 2>&1 || missing="$missing fonts-dejavu-core"
[ -e /usr/share/javascript/jquery/jquery.min.js ] || missing="$missing libjs-jquery"
[ -e /usr/share/javascript/requirejs/require.min.js ] || missing="$missing libjs-requirejs"
if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "test: installing$missing"
        apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing >/dev/null
    else
        echo "test:$missing missing. Install with: sudo apt-get install$missing" >&2
        exit 1
    fi
fi

sh integration_tests/third_party_clients/setup.sh

# PyAirbyte pins older versions of what we use, so it lives in an environment of its own.
pyairbyte=.venv-pyairbyte
lock=integration_tests/pyairbyte/requirements.lock
if [ ! -e "$pyairbyte/.ready" ] || [ "$lock" -nt "$pyairbyte/.ready" ]; then
    sh .ci/setup.sh "$pyairbyte" "$lock"
    touch "$pyairbyte/.ready"
fi

# A worker keeps to a file, or to the files of one service (integration_tests/conftest.py). They come as pyproject.toml
# orders them, the long ones first, so that no worker is left alone with one at the end. Many tests wait for processes
# more than they compute: four workers keep two cores busy.
exec "$venv/bin/python" -m pytest -n 4 --dist loadfile --no-loadscope-reorder "$@"
