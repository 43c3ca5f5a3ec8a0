"""The whole service for measurements: on MariaDB and beanstalkd, over a sandbox of its own."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestra import Orchestra, orchestra

from benchmarks.results import NotMeasuredError
from sandbox.demo.sandbox_control import SandboxControl, running
from throwaway_servers import running_beanstalkd, running_mariadb

ROLES = ("serve", "worker", "scheduler")


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A running service and the sandbox it speaks with."""

    service: Orchestra
    sandbox: SandboxControl


@contextmanager
def stage(
    folder: Path, *, contacts: int, rate_limits: str, settings: Mapping[str, Any] | None = None
) -> Iterator[Stage]:
    """Everything running: MariaDB as safe as in production, beanstalkd with its binlog, one process a role.

    Raises:
        NotMeasuredError: something did not start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with (
            running("--contacts", str(contacts), "--rate-limits", rate_limits) as control,
            running_mariadb("--innodb-flush-log-at-trx-commit=1") as database,
            running_beanstalkd() as queue,
            orchestra(
                folder,
                control,
                {
                    "database": {"url": database.create("orchestrator")},
                    "queue": {"url": queue.url},
                    "vendors": {"rate_limits": rate_limits != "off"},
                    "workers": {"heartbeat_seconds": 10, "lease_seconds": 25},
                    **(settings or {}),
                },
            ) as service,
        ):
            for role in ROLES:
                service.start(role)
            yield Stage(service=service, sandbox=control)
    except (TimeoutError, AssertionError, FileNotFoundError) as failure:
        raise NotMeasuredError(f"the service did not do as expected: {str(failure)[:500]}") from failure
