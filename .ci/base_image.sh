#!/bin/sh
# A stand-in for Python base images where no registry can be reached: Debian's Python, and what the machine itself needs
# to reach its package indexes (certificates, pip's and apt's settings). For CI only; images made from it are not to be
# handed on.
# usage: base_image.sh TAG...      (as root, with an engine)
set -eu
PATH=$PATH:/usr/sbin:/sbin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/as_this_machine" <<'HOOK'
#!/bin/sh
set -eu
ln -s python3 "$1/usr/bin/python"
rm -f "$1"/usr/lib/python3*/EXTERNALLY-MANAGED
cp -r /usr/local/share/ca-certificates/. "$1/usr/local/share/ca-certificates/"
chroot "$1" update-ca-certificates >/dev/null 2>&1
if [ -e /etc/pip.conf ]; then cp /etc/pip.conf "$1/etc/"; fi
if settings=$(grep -l '^ *Acquire::' /etc/apt/apt.conf.d/*); then cp $settings "$1/etc/apt/apt.conf.d/"; fi
# As in Airbyte's base image.
chroot "$1" useradd --uid 1000 --user-group --no-create-home --home-dir /airbyte airbyte
install -d -o 1000 -g 1000 "$1/airbyte"
HOOK
chmod +x "$work/as_this_machine"
find /etc/apt/sources.list* -name '*.list' -o -name '*.sources' | xargs cat >"$work/sources"

mmdebstrap --quiet --mode=root --variant=minbase --include=ca-certificates,python3,python3-pip,python3-venv \
    --dpkgopt=force-unsafe-io \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' --customize-hook="$work/as_this_machine \"\$1\"" \
    "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$work/base.tar" - <"$work/sources"

image=$(docker import --change 'ENV LANG=C.UTF-8' --change 'ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt' \
    --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' --change 'CMD ["python3"]' \
    "$work/base.tar")
for tag in "$@"; do docker tag "$image" "$tag"; done
