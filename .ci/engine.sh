#!/bin/sh
# A container engine for CI machines that have none: Docker, buildx and compose (and kustomize) from Debian's own
# packages, started beside whatever else runs, with a socket and data of its own. It leaves the machine's firewall and
# packages' services alone: networks are plain bridges, builds use the host's network.
# usage: engine.sh install | start | stop | environment      (as root)
set -eu
home=${ENGINE_HOME:-/var/lib/throwaway-engine} # images; overlay2 wants ext4 or xfs
run=/run/throwaway-engine                      # a short path: sockets' names are limited
suite=${ENGINE_SUITE:-trixie}                  # the Debian release that has docker-buildx and compose
socket=unix://$run/docker.sock
PATH=$home/engine/usr/sbin:$home/engine/usr/bin:$PATH:/usr/sbin:/sbin

# containerd and what it runs come with the machine's release; the engine of a later one runs on it unpacked.
install() {
    [ ! -e "$home/engine/.ready" ] || return 0
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update
    apt-get -qq install -y --no-install-recommends containerd runc iptables tini mmdebstrap >/dev/null
    apt=$(mktemp -d)
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$home/engine/config/cli-plugins"
    release=$(. /etc/os-release && echo "$VERSION_CODENAME")
    archive=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
        sed -n "s/^$release //p" | head -n 1)
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive $suite main" >"$apt/sources"
    (
        cd "$apt"
        set -- -o Dir::Etc::sourcelist="$apt/sources" -o Dir::Etc::sourceparts=/dev/null \
            -o Dir::State::lists="$apt/lists" -o Dir::Cache="$apt/cache" -o APT::Sandbox::User=root
        apt-get -qq "$@" update
        apt-get -qq "$@" download docker.io docker-cli docker-buildx docker-compose kustomize
        for package in ./*.deb; do dpkg -x "$package" "$home/engine"; done
    )
    rm -rf "$apt"
    ln -sf "$home"/engine/usr/libexec/docker/cli-plugins/docker-* "$home/engine/config/cli-plugins/"
    ln -sf /usr/bin/tini-static "$home/engine/usr/bin/docker-init" # the package's link leads out of the folder
    touch "$home/engine/.ready"
}

start() {
    mkdir -p "$run"
    if [ -e "$run/pid" ] && kill -0 "$(cat "$run/pid")" 2>/dev/null; then return 0; fi
    setsid dockerd --host "$socket" --data-root "$home/data" --exec-root "$run/exec" --pidfile "$run/pid" \
        --userland-proxy-path "$home/engine/usr/sbin/docker-proxy" --bridge none \
        --iptables=false --ip6tables=false --ip-forward=false >"$run/log" 2>&1 </dev/null &
    engine=$!
    for _ in $(seq 150); do
        if docker --host "$socket" info >/dev/null 2>&1; then return 0; fi
        kill -0 "$engine" 2>/dev/null || break
        sleep 0.2
    done
    tail -n 5 "$run/log" >&2
    return 1
}

stop() {
    [ -e "$run/pid" ] || return 0
    engine=$(cat "$run/pid")
    docker --host "$socket" ps -aq | xargs -r docker --host "$socket" rm --force --volumes >/dev/null 2>&1 || true
    docker --host "$socket" network prune --force >/dev/null 2>&1 || true
    kill "$engine" 2>/dev/null || true
    for _ in $(seq 150); do
        kill -0 "$engine" 2>/dev/null || break
        sleep 0.2
    done
    umount "$run/exec/netns/default" 2>/dev/null || true
    rm -rf "$run"
}

case ${1:-} in
install | start | stop) "$1" ;;
environment) echo "export DOCKER_HOST=$socket DOCKER_CONFIG=$home/engine/config PATH=$home/engine/usr/bin:\$PATH" ;;
*)
    sed -n 's/^# usage: /usage: /p' "$0" >&2
    exit 2
    ;;
esac
