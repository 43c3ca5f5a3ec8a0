#!/bin/sh
# Writes what Python packages an image holds, in CycloneDX's form.
# usage: sbom.sh IMAGE PYPROJECT FILE
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
docker run --rm --network none --entrypoint sh "$1" -c 'cd /opt/*/lib/python3*/site-packages && tar -c *.dist-info' |
    tar -x -C "$work"

# The tool asks an interpreter where it looks for packages; the image's own need not run on this machine.
printf '#!/bin/sh\necho '\''["%s"]'\''\n' "$work" >"$work/interpreter"
chmod +x "$work/interpreter"
sed '/^\[tool/,$d' "$2" >"$work/pyproject.toml" # what the package is; the tool takes ours for Poetry's older form
# Looking through the document for mistakes of its own takes the tool ten times as long as making it.
.venv-deploy/bin/cyclonedx-py environment --no-validate --output-reproducible --pyproject "$work/pyproject.toml" \
    --output-file "$3" "$work/interpreter"
