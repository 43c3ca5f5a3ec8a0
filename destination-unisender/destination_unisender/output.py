"""Airbyte messages to stdout: one line each, flushed at once, the API key masked wherever it might have slipped in."""

import threading
import time
import traceback
from typing import Any, Protocol

import orjson

from destination_unisender.stopping import StopSignal

_MASK = b"****"


class _Stream(Protocol):
    def write(self, line: bytes, /) -> int: ...
    def flush(self) -> None: ...


class Output:
    """Writes messages from any thread. `secrets` are masked in everything but STATE, which passes through unchanged."""

    def __init__(self, stream: _Stream, *, stop: StopSignal | None = None) -> None:
        self._stream = stream
        self._stop = stop or StopSignal()
        self._secrets: tuple[bytes, ...] = ()
        self._lock = threading.Lock()

    def hide(self, secret: str) -> None:
        """Mask this text from now on."""
        if secret:
            self._secrets = (*self._secrets, orjson.dumps(secret)[1:-1])

    def emit(self, message: dict[str, Any]) -> None:
        line = orjson.dumps(message)
        for secret in self._secrets:
            line = line.replace(secret, _MASK)
        self.emit_line(line)

    def emit_line(self, line: bytes) -> None:
        """Write a line that is ready as it is. Being asked to stop does not cut it in two."""
        with self._stop.protected(), self._lock:
            self._stream.write(line + b"\n")
            self._stream.flush()

    def log(self, level: str, text: str) -> None:
        self.emit({"type": "LOG", "log": {"level": level, "message": text}})

    def analytics(self, kind: str, value: str) -> None:
        trace = {"type": "ANALYTICS", "emitted_at": _now_ms(), "analytics": {"type": kind, "value": value}}
        self.emit({"type": "TRACE", "trace": trace})

    def error(self, message: str, *, failure_type: str, code: str, error: BaseException | None = None) -> None:
        """A TRACE ERROR, its `code` before the internal message. The stack trace is given for faults of ours; it quotes
        source code, never values.
        """
        told = {"message": message, "internal_message": f"[{code}] {message}", "failure_type": failure_type}
        if error is not None:
            told["stack_trace"] = "".join(traceback.format_tb(error.__traceback__)) + type(error).__name__
        self.emit({"type": "TRACE", "trace": {"type": "ERROR", "emitted_at": _now_ms(), "error": told}})


def _now_ms() -> float:
    return float(time.time_ns() // 1_000_000)
