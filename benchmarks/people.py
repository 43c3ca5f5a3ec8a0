"""Generated record lines for a destination: as many people as wanted, made while they are written."""

from typing import IO

import orjson

from benchmarks.processes import Feed
from benchmarks.workshop import STREAM

BLOCK = 500
ONE_IN_SEVEN = 7
TAGS = ["клиент", "выставка 2025", "опт", "партнёр"]


def people(count: int) -> Feed:
    """Writes `count` contacts with an address of their own each, then one STATE.

    Every seventh has a second address, tags differ. Phones are left out: their own calls would make the million wait
    for the destination's limit of 1,200 calls a minute.
    """

    def feed(pipe: IO[bytes]) -> None:
        for start in range(0, count, BLOCK):
            pipe.write(b"".join(_line(number) for number in range(start, min(count, start + BLOCK))))
        descriptor = {"name": STREAM}
        state = {"type": "STREAM", "stream": {"stream_descriptor": descriptor, "stream_state": {"updated_at": count}}}
        pipe.write(orjson.dumps({"type": "STATE", "state": state}) + b"\n")

    return feed


def _line(number: int) -> bytes:
    emails = [{"value": f"primerov{number}@example.com", "enum_code": "WORK"}]
    if number % ONE_IN_SEVEN == 0:
        emails.append({"value": f"primerov{number}@example.org", "enum_code": "PRIV"})
    tags = [{"id": at, "name": name} for at, name in enumerate(TAGS) if number >> at & 1]
    data = {
        "id": 50_000_001 + number,
        "name": f"Иван Примеров {number}",
        "created_at": 1_500_000_000,
        "updated_at": 1_600_000_000 + number // 4,
        "is_deleted": False,
        "custom_fields_values": None,
        "_embedded": {"tags": tags, "companies": []},
        "emails": emails,
        "phones": [],
    }
    record = {"stream": STREAM, "data": data, "emitted_at": 1_700_000_000_000}
    return orjson.dumps({"type": "RECORD", "record": record}) + b"\n"
