"""PyAirbyte by itself: reads contacts into its cache and writes them on, once for every line on stdin.

One JSON line per sync on stdout. The process lives through all of them because importing PyAirbyte takes longer than a
sync; what one sync learnt reaches the next one through the cache, where PyAirbyte keeps the state.
"""

import json
import sys
from typing import Any

import airbyte as ab

ASKED: dict[str, Any] = json.loads(sys.argv[1])
ANSWERS = sys.stdout
sys.stdout = sys.stderr  # PyAirbyte draws its progress on stdout


cache = ab.caches.DuckDBCache(db_path=ASKED["cache"])
source = ab.get_source(
    "source-amocrm",
    config=ASKED["source"]["config"],
    local_executable=ASKED["source"]["executable"],
    streams=["contacts"],
)
destination = ab.get_destination(
    "destination-unisender",
    config=ASKED["destination"]["config"],
    local_executable=ASKED["destination"]["executable"],
)
source.check()
destination.check()

for _ in iter(sys.stdin.readline, ""):
    read = source.read(cache=cache)
    written = destination.write(source, cache=False, state_cache=cache)
    answer = {
        "read": read.processed_records,
        "written": written.processed_records,
        "cached": {row["id"]: row["name"] for row in read["contacts"]},
    }
    print(json.dumps(answer, ensure_ascii=False), file=ANSWERS, flush=True)
