"""What the figures were measured on, and how quiet it was meanwhile."""

import os
import platform
import resource
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

PACKAGES = ("airbyte-cdk", "orjson", "requests", "aiohttp")


def facts() -> list[tuple[str, str]]:
    """Name and value of everything that moves the figures."""
    memory = psutil.virtual_memory().total / 2**30
    return [
        ("processor", f"{_processor()}, {os.cpu_count()} cores"),
        ("memory", f"{memory:.0f} GB"),
        ("system", f"{_system()}, Linux {platform.release()}"),
        ("Python", f"{platform.python_implementation()} {platform.python_version()}"),
        *((name, _version(name)) for name in PACKAGES),
    ]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


@dataclass(frozen=True, kw_only=True)
class Quiet:
    """How much others used the machine: load before the start, and their share of all CPU time meanwhile (0..1)."""

    load_before: float
    others: float


class Neighbours:
    """Tells the CPU time of other people's processes from our own."""

    def __init__(self) -> None:
        self._load = os.getloadavg()[0]
        self._busy, self._own, self._at = _busy_seconds(), _own_seconds(), time.monotonic()

    def judge(self) -> Quiet:
        """What others did since this object was made; finished children of ours count as ours."""
        passed = (time.monotonic() - self._at) * (os.cpu_count() or 1)
        others = (_busy_seconds() - self._busy) - (_own_seconds() - self._own)
        return Quiet(load_before=self._load, others=max(0.0, others / passed))


def _busy_seconds() -> float:
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)


def _own_seconds() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)
