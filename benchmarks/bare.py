"""The bare loops that the connectors are measured against: `requests` and `orjson`, and nothing that is not needed.

Run as a script, so that a loop pays for its own process as a connector does. No retries, no limits, no checks: a floor.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import requests

ANSWER_SECONDS = 60


def pages(orders: Path) -> Iterator[list[dict[str, Any]]]:
    """The records of every page listed in a file of `{"url", "headers"}` lines."""
    session = requests.Session()
    for line in orders.open("rb"):
        order = orjson.loads(line)
        answer = session.get(order["url"], headers=order["headers"], timeout=ANSWER_SECONDS)
        answer.raise_for_status()
        if answer.content:
            yield orjson.loads(answer.content)["_embedded"]["contacts"]


def parse(orders: Path) -> None:
    """Read and parse every page; one short line per page says how many records it had."""
    out = sys.stdout.buffer
    for records in pages(orders):
        # As many markers as records, so that whoever counts lines counts records.
        out.write(b'{"type":"RECORD"}\n' * len(records))


def emit(orders: Path) -> None:
    """Read every page and write each record as a line of JSON."""
    out = sys.stdout.buffer
    for records in pages(orders):
        for record in records:
            message = {"type": "RECORD", "record": {"stream": "contacts", "data": record, "emitted_at": 0}}
            out.write(orjson.dumps(message) + b"\n")


def send(orders: Path) -> None:
    """Post every call of a file of `{"url", "values", "rows"}` lines, building and encoding the form of each."""
    session = requests.Session()
    for line in orders.open("rb"):
        order = orjson.loads(line)
        values = order["values"]
        for y, row in enumerate(order["rows"]):
            for x, cell in enumerate(row):
                values[f"data[{y}][{x}]"] = cell
        answer = session.post(order["url"], data=values, timeout=ANSWER_SECONDS)
        answer.raise_for_status()
        if "result" not in orjson.loads(answer.content):
            sys.exit(f"a call was refused: {answer.text[:300]}")


if __name__ == "__main__":
    {"parse": parse, "emit": emit, "send": send}[sys.argv[1]](Path(sys.argv[2]))
