"""A service with people in it, for strangers' tools to judge."""

from collections.abc import Iterator

import pytest
from orchestra import UNISENDER_KEY, Orchestra
from people_at_amocrm import link
from stages import embedded

from sandbox.demo.sandbox_control import running
from throwaway_servers import free_port

CONTACTS = 120
ACCOUNTS = {"demo.amocrm.ru": 31415926, "acme.amocrm.ru": 27182818}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orchestra]:
    """`orchestrator up` with gRPC on: two accounts linked, one of them with a filled list."""
    folder = tmp_path_factory.mktemp("judged")
    settings = {"vendors": {"rate_limits": False}, "grpc": {"enabled": True, "port": free_port()}}
    with (
        running("--contacts", str(CONTACTS), "--rate-limits", "off") as sandbox,
        embedded(folder, sandbox, settings) as service,
    ):
        first, _ = (link(service, number) for number in ACCOUNTS.values())
        order = {"api_key": UNISENDER_KEY, "destination": {"list": {"title": "amoCRM contacts"}}}
        service.ask("POST", f"/api/v1/accounts/{first}/connections", json=order).raise_for_status()
        service.settle()
        yield service
