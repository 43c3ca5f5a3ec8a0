"""The service on two stages: real servers and a process for each role, or everything embedded in one process."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from orchestra import LIST, UNISENDER_KEY, Orchestra, merged, orchestra

from sandbox.demo import expectation
from sandbox.demo.sandbox_control import SandboxControl
from throwaway_servers import Beanstalkd, MariaDB, running_beanstalkd

INTEGRATION, CLIENT, CLIENT_SECRET = "own", "client-of-the-tests", "client-secret-of-the-tests-only"
NO_LIMITS: Mapping[str, Any] = {"vendors": {"rate_limits": False}}


@contextmanager
def on_servers(
    folder: Path, sandbox: SandboxControl, mariadb: MariaDB, settings: Mapping[str, Any] = NO_LIMITS
) -> Iterator[tuple[Orchestra, Beanstalkd]]:
    """MariaDB, beanstalkd, and serve, worker and scheduler as processes of their own."""
    with running_beanstalkd(binlog=False) as queue:
        servers = {"database": {"url": mariadb.create(f"stage_{uuid4().hex[:12]}")}, "queue": {"url": queue.url}}
        with orchestra(folder, sandbox, merged(settings, servers)) as service:
            for role in ("worker", "scheduler", "serve"):
                service.start(role)
            introduce(service)
            yield service, queue


@contextmanager
def up_on_servers(
    folder: Path, sandbox: SandboxControl, mariadb: MariaDB, settings: Mapping[str, Any] = NO_LIMITS
) -> Iterator[Orchestra]:
    """MariaDB, beanstalkd, and every role in one process: as real as `on_servers`, at a third of its start."""
    with running_beanstalkd(binlog=False) as queue:
        servers = {"database": {"url": mariadb.create(f"stage_{uuid4().hex[:12]}")}, "queue": {"url": queue.url}}
        with orchestra(folder, sandbox, merged(settings, servers)) as service:
            service.start("up")
            introduce(service)
            yield service


@contextmanager
def embedded(folder: Path, sandbox: SandboxControl, settings: Mapping[str, Any] = NO_LIMITS) -> Iterator[Orchestra]:
    """`orchestrator up`: SQLite, and a doorbell inside the process."""
    with orchestra(folder, sandbox, settings) as service:
        service.start("up")
        introduce(service)
        yield service


def introduce(service: Orchestra) -> None:
    """Make the service's integration known on both sides, with addresses that lead to its process."""
    card = {"client_id": CLIENT, "client_secret": CLIENT_SECRET, "redirect_uri": f"{service.url}/oauth/callback"}
    uninstall = {"uninstall_url": f"{service.url}/hooks/amocrm/uninstall", "name": "amoCRM to Unisender"}
    service.sandbox.post("amocrm/integrations", {**card, **uninstall})
    service.ask("PUT", f"/api/v1/integrations/{INTEGRATION}", json=card).raise_for_status()


def differences(
    service: Orchestra,
    *,
    host: str = "demo.amocrm.ru",
    key: str = UNISENDER_KEY,
    title: str = LIST,
    opted_out: frozenset[str] = frozenset(),
    unreachable: frozenset[str] = frozenset(),
) -> list[str]:
    """In what the list differs from what amoCRM's contacts say it must be; who opted out must not be mailable.

    Whether `unreachable` people (letters came back) are in it is not looked at.
    """
    account = service.sandbox.get(f"unisender/{key}")
    refused = frozenset(account["role_names"])
    expected = expectation.people(service.contacts(host).values(), refused=refused, winner="oldest")
    members = service.members(key=key, title=title)
    list_id = next(number for number, name in account["lists"].items() if name == title)
    left_alone = opted_out | unreachable
    found = expectation.differences(
        {email: person for email, person in expected.items() if email not in left_alone},
        [member for email, member in members.items() if email not in left_alone],
        list_id=list_id,
    )
    mailable = [email for email in opted_out if int(list_id) in members.get(email, {"mailable_in": []})["mailable_in"]]
    return found + [f"{email} can be mailed after opting out" for email in mailable]
