"""An answer's body in bounded memory and bounded time, whatever the other side does."""

import time
from collections.abc import Iterator

import requests

CHUNK = 65_536
LARGEST_BODY = 32 << 20
LONGEST_LINE = 1 << 20


def whole_body(response: requests.Response, *, deadline: float) -> bytes:
    """The body of a response that was asked for with `stream=True`. `deadline` is a moment of time.monotonic().

    Raises requests.Timeout when it drips on for longer, or does not end.
    """
    chunks, size = [], 0
    for chunk in response.iter_content(CHUNK):
        chunks.append(chunk)
        size += len(chunk)
        if time.monotonic() > deadline or size > LARGEST_BODY:
            raise requests.Timeout
    return b"".join(chunks)


def lines_of(response: requests.Response, *, deadline: float) -> Iterator[bytes]:
    """The body's lines as they come in. Raises requests.Timeout for a line without end, and after the deadline."""
    rest = b""
    for chunk in response.iter_content(CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > LONGEST_LINE or time.monotonic() > deadline:
            raise requests.Timeout
        yield from (line.removesuffix(b"\r") for line in lines)
    if rest:
        yield rest.removesuffix(b"\r")
