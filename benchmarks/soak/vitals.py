"""What a process holds, looked at from outside: memory, files, threads, children, connections."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import psutil

MEGABYTE = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """One process at one moment. `files` are open descriptors other than connections to `database` and `queue`."""

    resident_mb: float
    files: int
    threads: int
    children: int
    children_mb: float
    """Resident memory of all descendants; what forks share with their template counts each time."""
    database: int
    queue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """All processes at one moment, `seconds` after the start. `quiet`: nothing was under way."""

    seconds: float
    quiet: bool
    processes: Mapping[str, Vitals]


class Watch:
    """Takes samples of processes by name."""

    def __init__(self, pids: Mapping[str, int], *, database_port: int, queue_port: int) -> None:
        self._processes = {name: psutil.Process(pid) for name, pid in pids.items()}
        self._database_port, self._queue_port = database_port, queue_port
        self._began = time.monotonic()

    def look(self, *, quiet: bool = False) -> Sample:
        """Raises psutil.NoSuchProcess when one of them is gone."""
        found = {name: self._vitals(process) for name, process in self._processes.items()}
        return Sample(seconds=time.monotonic() - self._began, quiet=quiet, processes=found)

    def _vitals(self, process: psutil.Process) -> Vitals:
        ports = [one.raddr.port for one in process.net_connections("tcp") if one.raddr]
        database, queue = ports.count(self._database_port), ports.count(self._queue_port)
        children = process.children(recursive=True)
        return Vitals(
            resident_mb=process.memory_info().rss / MEGABYTE,
            files=process.num_fds() - database - queue,
            threads=process.num_threads(),
            children=len(children),
            children_mb=sum(map(_resident, children)) / MEGABYTE,
            database=database,
            queue=queue,
        )


def _resident(child: psutil.Process) -> int:
    try:
        return int(child.memory_info().rss)
    except psutil.NoSuchProcess:  # ended since it was listed
        return 0
