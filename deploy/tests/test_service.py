"""The whole service with its connectors in containers of the built images, beside the same service with processes."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import orjson
import pytest
from orchestra import Orchestra
from people_at_amocrm import Salesperson
from stages import NO_LIMITS, differences, embedded

from built_images import Image
from orchestrator.domain.ledger import LedgerEntry
from sandbox.demo.sandbox_control import SandboxControl, running

IN_CONTAINERS: Mapping[str, Any] = {
    **NO_LIMITS,
    "connection_defaults": {"runner": "container"},
    "runners": {"container": {"network": "host"}},
}
OF_THE_CLOCK = {"decided_at", "delivered_at", "seen_at", "latency_ms", "version"}
"""What differs between two lives in any case."""


def test_ledger_and_list_are_equal_to_the_byte_in_containers_and_in_processes(
    tmp_path_factory: pytest.TempPathFactory, images: dict[str, Image]
) -> None:
    with running("--contacts", "200", "--rate-limits", "off") as sandbox:
        processes = lived(tmp_path_factory.mktemp("processes"), sandbox, NO_LIMITS)
        containers = lived(tmp_path_factory.mktemp("containers"), sandbox, IN_CONTAINERS)

    assert len(processes) > 200
    assert containers == processes


def lived(folder: Path, sandbox: SandboxControl, settings: Mapping[str, Any]) -> list[bytes]:
    """Link, bring everybody over, follow changes; what ledger and list hold then."""
    sandbox.post("reset", {"contacts": 200, "seed": 1, "rate_limits": "off"})
    with embedded(folder, sandbox, settings) as service:
        account = service.link()
        service.connect(account)
        service.settle()
        person = Salesperson(sandbox)
        new = person.add("Новая Образцова", "new.obraztsova@example.com")
        service.settle()
        person.change(new, name="Новое Имя")
        person.delete(min(service.contacts()))
        service.settle()
        assert differences(service) == []
        return [*ledger(service, account.id), *map(orjson.dumps, service.members().values())]


def ledger(service: Orchestra, account_id: int) -> list[bytes]:
    names = [field.name for field in fields(LedgerEntry) if field.name not in OF_THE_CLOCK]
    with service.application.database.begin(reading=True) as tx:
        entries = tx.ledger.page(account_id=account_id, limit=1000)
    return [orjson.dumps({name: getattr(entry, name) for name in names}, default=repr) for entry in entries]
