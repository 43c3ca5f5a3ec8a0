#!/bin/sh
# Writes the Python code of the proto file. usage: generate.sh PYTHON [TARGET FOLDER]
# The virtual path keeps the generated imports inside our package: `orchestrator.v1` would collide with it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=$1 target=${2:-$here/../src}
"$python" -m grpc_tools.protoc \
    -I "orchestrator/entrypoints/grpc/_generated=$here/orchestrator/v1" \
    -I "$("$python" -c 'import grpc_tools, os; print(os.path.join(os.path.dirname(grpc_tools.__file__), "_proto"))')" \
    --python_out="$target" --pyi_out="$target" --grpc_python_out="$target" \
    orchestrator/entrypoints/grpc/_generated/orchestrator.proto
