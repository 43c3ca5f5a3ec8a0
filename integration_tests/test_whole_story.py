"""The main promises in one story, told on both stages: real servers with a process each, and `orchestrator up`."""

from collections.abc import Callable, Iterator

import pytest
from orchestra import UNISENDER_KEY, Orchestra
from people_at_amocrm import Salesperson, addresses, link
from stages import differences, embedded, on_servers

from sandbox.demo.sandbox_control import running
from throwaway_servers import MariaDB, wait_until

DEMO = 31415926
HOST = "demo.amocrm.ru"


@pytest.fixture(params=["servers", "embedded"])
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orchestra]:
    folder = tmp_path_factory.mktemp("service")
    with running("--contacts", "300", "--rate-limits", "off") as sandbox:
        if request.param == "embedded":
            with embedded(folder, sandbox) as service:
                yield service
        else:
            mariadb: MariaDB = request.getfixturevalue("mariadb_server")
            with on_servers(folder, sandbox, mariadb) as (service, _):
                yield service


def test_linked_filled_followed_and_unlinked_the_list_is_right_at_every_step(service: Orchestra) -> None:
    person = Salesperson(service.sandbox)
    account = link(service, DEMO)
    order = {"api_key": UNISENDER_KEY, "destination": {"list": {"title": "amoCRM contacts"}}}
    added = service.ask("POST", f"/api/v1/accounts/{account}/connections", json=order)
    assert added.status_code == 201, added.text
    service.settle()
    assert differences(service) == []
    assert len(service.members()) > 200

    new = person.add("Новая Образцова", "new.obraztsova@example.com")
    moved = person.add("Переезд Образцов", "before@example.com")
    left = person.add("Ушедшая Образцова", "left@example.com")
    service.settle()
    person.change(new, name="Новое Имя")
    person.change(moved, custom_fields_values=addresses("after@example.com"))
    person.delete(left)
    service.settle()
    members = service.members()
    assert members["new.obraztsova@example.com"]["fields"]["Name"] == "Новое Имя"
    assert members.keys() & {"before@example.com", "after@example.com", "left@example.com"} == {"after@example.com"}
    assert differences(service) == []

    service.sandbox.post(f"unisender/{UNISENDER_KEY}/opt_out", {"email": "after@example.com"})
    wait_until(reason_is(service, account, moved, "unsubscribed"), what="the opt-out")
    person.change(moved, name="Отписался Образцов")
    service.settle()
    assert differences(service, opted_out=frozenset({"after@example.com"})) == []

    service.ask("DELETE", f"/api/v1/accounts/{account}", params={"mode": "exclude"}).raise_for_status()
    wait_until(lambda: status_of(service, account) == "unlinked", what="the unlinking")
    assert {email: one["mailable_in"] for email, one in service.members().items()} == {"after@example.com": []}
    assert service.sandbox.get(f"amocrm/{HOST}")["webhooks"] == []
    assert service.sandbox.get(f"unisender/{UNISENDER_KEY}/deliveries")["hooks"] == {}


def reason_is(service: Orchestra, account: int, contact: int, reason: str) -> Callable[[], bool]:
    def found() -> bool:
        page = service.ask("GET", f"/api/v1/accounts/{account}/contacts", params={"search": str(contact)}).json()
        return [one["reason"] for one in page["contacts"]] == [reason]

    return found


def status_of(service: Orchestra, account: int) -> str:
    return str(service.ask("GET", f"/api/v1/accounts/{account}").json()["account"]["status"])
