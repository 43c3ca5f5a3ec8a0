#!/bin/sh
# Builds every image and lets it prove itself against the sandbox: alone, through compose, and under the service's runner.
# Any engine will do. Without one, a user is told so; CI starts one of its own and fails if it cannot.
# usage: images.sh VENV [PYTEST ARGUMENT...]
set -eu
venv=$1
shift

if ! docker compose version >/dev/null 2>&1 || ! docker info >/dev/null 2>&1; then
    if [ "${CI:-}" != true ]; then
        echo "images-test: skipped, there is no container engine (docker info, docker compose version);" \
            "with CI=true one is started from Debian's packages (as root)."
        exit 0
    fi
    trap 'sh .ci/engine.sh stop' EXIT
    trap 'exit 130' INT TERM
    sh .ci/engine.sh install
    sh .ci/engine.sh start
    eval "$(sh .ci/engine.sh environment)"
    # It has no network of its own that leads out.
    export BUILD_OPTIONS="--network host"
fi

# Where a registry can be reached the images are built as users build them; else from this machine's own Python.
if ! timeout 30 docker pull --quiet python:3.13-slim >/dev/null 2>&1; then
    echo "images-test: no registry can be reached, so base images are made here"
    docker image inspect stand-in >/dev/null 2>&1 || sh .ci/base_image.sh stand-in
    docker build --quiet ${BUILD_OPTIONS:-} --tag stand-in/mysql .ci/stand-ins/mysql >/dev/null
    export BUILD_OPTIONS="${BUILD_OPTIONS:-} --build-arg BASE_IMAGE=stand-in" MYSQL_IMAGE=stand-in/mysql
fi

tools=.venv-deploy lock=deploy/tools.lock
if [ ! -e "$tools/.ready" ] || [ "$lock" -nt "$tools/.ready" ]; then
    sh .ci/setup.sh "$tools" "$lock"
    touch "$tools/.ready"
fi

# The runner's own tests, with real containers in place of their stand-in. The first test waits for all builds.
runners=orchestrator/tests/integration/runners
REAL_CONTAINERS=1 "$venv/bin/python" -m pytest -n 0 --timeout 900 deploy/tests "$runners/test_three_runners.py" "$@"
