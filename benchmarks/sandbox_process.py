"""A sandbox of the benchmarks' own on a free port, with its CPU time readable from outside."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import psutil
import requests

from benchmarks.results import NotMeasuredError

ANSWER_SECONDS = 120
NICE = ("nice", "-n", "19")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the sandbox recorded of one vendor's requests."""

    requests: int
    rows: int
    errors_429: int
    max_per_second: int


class Sandbox:
    """Control of a running sandbox; `url` is its base address."""

    def __init__(self, url: str, pid: int) -> None:
        self.url = url
        self._process = psutil.Process(pid)
        self._session = requests.Session()

    def cpu_seconds(self) -> float:
        """CPU time the server has used so far."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def is_running(self) -> bool:
        return bool(self._process.is_running() and self._process.status() != psutil.STATUS_ZOMBIE)

    def reset(self, **settings: Any) -> None:
        """Seed anew, with other settings if given."""
        self._ask("POST", "reset", json=settings)

    def last_request(self) -> int:
        """The running number of the newest recorded request."""
        return int(self._ask("GET", "requests", params={"details": 0})["last"])

    def seen(self, vendor: str, *, since: int) -> Seen:
        """Summary of a vendor's requests after number `since`."""
        summary = self._ask("GET", "requests", params={"details": 0, "since": since})["summary"].get(vendor, {})
        return Seen(**{name: int(summary.get(name, 0)) for name in Seen.__dataclass_fields__})

    def requests_made(self, vendor: str, *, since: int) -> list[dict[str, Any]]:
        """The recorded requests themselves."""
        report = self._ask("GET", "requests", params={"vendor": vendor, "since": since})
        return cast("list[dict[str, Any]]", report["requests"])

    def _ask(self, method: str, path: str, **how: Any) -> dict[str, Any]:
        answer = self._session.request(method, f"{self.url}/_sandbox/{path}", timeout=ANSWER_SECONDS, **how)
        answer.raise_for_status()
        return cast("dict[str, Any]", answer.json())


@contextmanager
def sandbox(*, contacts: int, rate_limits: str = "off", nice: bool = False) -> Iterator[Sandbox]:
    """Serve `contacts` people until the block ends; `nice`: at the lowest priority.

    Raises:
        NotMeasuredError: the sandbox did not start.
    """
    serve = [*(NICE if nice else ()), sys.executable, "-m", "sandbox", "serve", "--port", "0"]
    serve += ["--contacts", str(contacts), "--rate-limits", rate_limits]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            if not line.startswith("sandbox: "):
                raise NotMeasuredError("the sandbox did not start; its own message is above")
            yield Sandbox(line.removeprefix("sandbox: ").strip(), server.pid)
        finally:
            server.terminate()
