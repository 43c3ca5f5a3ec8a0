"""Integrations: their keys, and who may take them away."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from linked import Linked, linked
from orchestrator.domain.account import Integration
from orchestrator.domain.errors import ConflictError, NotFoundError, RejectedError
from orchestrator.domain.secret import Secret
from orchestrator.services.manage_integrations import ManageIntegrations


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Linked]:
    house = linked(tmp_path)
    yield house
    house.database.close()


def put(house: Linked, **parts: Any) -> Integration:
    plain = {
        "name": "mine", "client_id": "client-1", "client_secret": Secret("secret-1"),
        "redirect_uri": "https://example.com/oauth/callback", "zone": "amocrm.ru", "actor": "anna",
    }  # fmt: skip
    return service(house).put(**{**plain, **parts})


def service(house: Linked) -> ManageIntegrations:
    return ManageIntegrations(database=house.database, clock=house.clock)


def audit(house: Linked) -> list[str]:
    with house.database.begin() as tx:
        return [str(line) for line in tx.audit.page()]


def test_an_integration_is_added_changed_listed_and_removed(house: Linked) -> None:
    put(house)
    changed = put(house, client_secret=None, zone="kommo.com")

    assert (changed.client_secret, changed.zone) == (Secret("secret-1"), "kommo.com")
    assert [one.name for one in service(house).list()] == ["mine", "sandbox"]
    service(house).remove("mine", actor="anna")
    assert [one.name for one in service(house).list()] == ["sandbox"]
    assert len(audit(house)) == 3
    assert "secret-1" not in "".join(audit(house))


def test_putting_the_same_again_is_no_change(house: Linked) -> None:
    put(house)
    put(house)

    assert len(audit(house)) == 1


def test_keys_that_accounts_are_linked_by_stay(house: Linked) -> None:
    with pytest.raises(ConflictError, match="tokens belong to its client id"):
        put(house, name="sandbox", client_id="client-2")
    with pytest.raises(ConflictError, match="unlink them first"):
        service(house).remove("sandbox", actor="anna")
    with pytest.raises(ConflictError, match="has this client id already"):
        put(house, client_id="sandbox-client")

    assert put(house, name="sandbox", client_id="sandbox-client").client_secret == Secret("secret-1")


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"name": " "}, "name"),
        ({"client_id": ""}, "client_id is missing"),
        ({"client_secret": None}, "client_secret is missing"),
        ({"redirect_uri": "example.com"}, "redirect_uri"),
        ({"redirect_uri": "http://["}, "redirect_uri"),
        ({"zone": "evil.example"}, "zone must be one of"),
    ],
)
def test_what_is_missing_or_wrong_is_named(house: Linked, parts: dict[str, Any], sentence: str) -> None:
    with pytest.raises(RejectedError, match=sentence):
        put(house, **parts)


def test_an_unknown_integration_cannot_be_removed(house: Linked) -> None:
    with pytest.raises(NotFoundError):
        service(house).remove("nobody", actor="anna")
