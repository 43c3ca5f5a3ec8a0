"""Sends webhooks as fast as they are answered, over many kept connections, and tells how it went as a line of JSON.

Run as a script, so that it has a processor of its own: `python -m benchmarks.hook_sender URL BODIES LINES SECONDS`.
BODIES is a file of one body a line. What it does itself is so little that the server is always what is waited for.
"""

import asyncio
import json
import resource
import sys
import time
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

WARM_SECONDS = 2.0
LONGEST_ANSWER = 30.0


async def send(url: str, bodies: list[bytes], *, lines: int, seconds: float) -> list[float]:
    """Seconds until each answer, of those after the warm-up. Raises ValueError for an answer other than 200."""
    parts = urlsplit(url)
    head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    orders = cycle([f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body for body in bodies])
    began = time.monotonic()
    waits: list[float] = []

    async def line() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        while (asked := time.monotonic()) - began < WARM_SECONDS + seconds:
            writer.write(next(orders))
            answer = await reader.readuntil(b"\r\n\r\nok")
            if not answer.startswith(b"HTTP/1.1 200"):
                raise ValueError(answer[:200])
            if asked - began >= WARM_SECONDS:
                waits.append(time.monotonic() - asked)
        writer.close()
        await writer.wait_closed()

    async with asyncio.timeout(WARM_SECONDS + seconds + LONGEST_ANSWER), asyncio.TaskGroup() as all_lines:
        for _ in range(lines):
            all_lines.create_task(line())
    return waits


def main() -> None:
    url, file, lines, seconds = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    waits = asyncio.run(send(url, file.read_bytes().splitlines(), lines=lines, seconds=seconds))
    used = resource.getrusage(resource.RUSAGE_SELF)
    ordered = sorted(1000 * wait for wait in waits)
    told = {
        "rate": len(ordered) / seconds,
        "p50_ms": ordered[len(ordered) // 2],
        "p99_ms": ordered[int(0.99 * len(ordered))],
        "busy": (used.ru_utime + used.ru_stime) / (WARM_SECONDS + seconds),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
