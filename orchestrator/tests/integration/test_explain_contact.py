"""Why somebody is, or is not, in the list: by the ledger, by a fresh look, by Unisender's own word."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from fake_crm import FakeCrm
from fake_runner import FakeRunner
from fake_unisender import FakeUnisender
from linked import Linked, linked
from orchestrator.adapters.unisender import HttpUnisender
from orchestrator.domain.connection import RunnerKind
from orchestrator.domain.errors import NotFoundError, RejectedError
from orchestrator.domain.explanation import Explanation, StepName
from orchestrator.domain.ledger import Reason, Suppression, SuppressionReason
from orchestrator.domain.secret import Secret
from orchestrator.services.explain_contact import ExplainContact
from orchestrator.services.sync_orders import VendorEndpoints
from sandbox.demo.sandbox_control import SandboxControl

KEY = "sandbox-key"
CAROL = "carol@example.com"
NOW_SECONDS = 1_780_000_000


class Tokens:
    def access_token(self, account_id: int) -> Secret:
        return Secret("token")


@pytest.fixture
def sandbox(sandbox_server: SandboxControl) -> SandboxControl:
    sandbox_server.post("reset", {"contacts": 0})
    return sandbox_server


@pytest.fixture
def crm() -> FakeCrm:
    return FakeCrm(NOW_SECONDS)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Linked]:
    house = linked(tmp_path, filter={"tag": "client"}, consent_field="CONSENT")
    yield house
    house.database.close()


@pytest.fixture
def service(house: Linked, sandbox: SandboxControl, crm: FakeCrm) -> ExplainContact:
    return ExplainContact(
        database=house.database,
        unisender=HttpUnisender(base_url=sandbox.url),
        runners={RunnerKind.PROCESS: FakeRunner(crm, FakeUnisender())},
        refresh_token=Tokens(),
        vendors=VendorEndpoints(),
        clock=house.clock,
    )


def fill(sandbox: SandboxControl, address: str, list_id: int = 1) -> None:
    data = {
        "api_key": KEY, "field_names[0]": "email", "field_names[1]": "email_list_ids", "data[0][0]": address,
        "data[0][1]": str(list_id),
    }  # fmt: skip
    requests.post(f"{sandbox.url}/en/api/importContacts", data=data, timeout=10).raise_for_status()


def way(found: Explanation) -> list[tuple[str, str]]:
    return [(step.name.value, step.outcome) for step in found.steps]


ALL_THE_WAY = [
    ("record", "ok"), ("filter", "ok"), ("consent", "ok"), ("addresses", "ok"), ("suppression", "ok"), ("owner", "ok"),
    ("ledger", "ok"), ("unisender", "ok"),
]  # fmt: skip


def test_a_delivered_person_went_all_the_way(house: Linked, service: ExplainContact, sandbox: SandboxControl) -> None:
    house.deliver(7, CAROL)
    fill(sandbox, CAROL)

    found = service.explain(house.connection.id, record_id=7)

    assert way(found) == ALL_THE_WAY
    assert found.in_list
    assert found.verdict("en") == "Person 7 is in the list “Newsletter”"
    assert [step.text("en") for step in found.steps][1:4] == [
        'matches the rule “tag "client"”', "consent field “CONSENT” is set", f"e-mail {CAROL}"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "parts", "stop", "why"),
    [
        (Reason.REMOVED, {"detail": "2026-11-02"}, "record", "deleted in amoCRM on 2 November 2026"),
        (Reason.FILTERED, {"detail": "tag client"}, "filter", "does not match the rule “tag client”"),
        (Reason.NO_CONSENT, {"detail": "CONSENT"}, "consent", "consent field “CONSENT” is not set"),
        (Reason.INVALID_ADDRESS, {"detail": "carol@"}, "addresses", "the address is not valid: carol@"),
        (Reason.DUPLICATE_ADDRESS, {"other": "contacts/3"}, "owner", "already delivered for contact 3"),
        (Reason.REJECTED, {"detail": "bad row"}, "ledger", "Unisender refused the row: bad row"),
        (Reason.ROLE_ADDRESS, {}, "ledger", "shared addresses"),
        (Reason.BOUNCED, {"detail": "2026-11-02"}, "suppression", "does not accept mail since 2 November 2026"),
    ],
)
def test_the_way_ends_where_the_reason_is(
    house: Linked, service: ExplainContact, reason: Reason, parts: dict[str, Any], stop: str, why: str
) -> None:
    claims = (CAROL,) if reason is Reason.DUPLICATE_ADDRESS else ()
    house.deliver(7, reason=reason, claims=claims, digest=None, **parts)

    found = service.explain(house.connection.id, record_id=7)

    assert (stop, "stop") in way(found)
    assert found.reason is reason
    assert not found.in_list
    assert why in found.verdict("en")


def test_an_opt_out_shows_before_the_ledger_knows_of_it(house: Linked, service: ExplainContact) -> None:
    house.deliver(7, CAROL)
    left = Suppression(
        connection_id=house.connection.id, address=CAROL, reason=SuppressionReason.UNSUBSCRIBED, since=house.clock.now()
    )
    with house.database.begin() as tx:
        tx.suppressions.add([left])

    found = service.explain(house.connection.id, address=f" {CAROL.upper()} ")

    assert found.record_id == 7
    assert found.reason is Reason.UNSUBSCRIBED
    assert "unsubscribed on 21 November 2026" in found.verdict("en")


def test_unisenders_own_word_decides_over_the_ledger(
    house: Linked, service: ExplainContact, sandbox: SandboxControl
) -> None:
    house.deliver(7, CAROL)
    fill(sandbox, CAROL)
    sandbox.post(f"unisender/{KEY}/opt_out", {"email": CAROL})

    found = service.explain(house.connection.id, record_id=7)

    assert not found.in_list
    assert found.verdict("en") == (
        "Person 7 is not in the list “Newsletter”: Unisender does not mail carol@example.com in this list:"
        " status unsubscribed, unsubscribed in the list"
    )


def test_without_unisender_the_ledger_answers_and_says_so(house: Linked, service: ExplainContact) -> None:
    house.deliver(7, CAROL)
    with house.database.begin() as tx:
        tx.connections.save(replace(house.connection, api_key=Secret("wrong-key")))

    found = service.explain(house.connection.id, record_id=7)

    assert found.in_list
    assert found.steps[-1].text("en") == "Unisender was not asked: Unisender does not know the API key"


def test_people_are_found_by_name_and_namesakes_are_told_apart(house: Linked, service: ExplainContact) -> None:
    house.deliver(7, CAROL, name="Анна Образцова")
    house.deliver(8, "anna@example.com", name="Анна Примерова")

    assert service.explain(house.connection.id, name="Образцова").record_id == 7
    with pytest.raises(RejectedError, match=r"contacts/7.*contacts/8"):
        service.explain(house.connection.id, name="Анна")
    with pytest.raises(NotFoundError):
        service.explain(house.connection.id, name="Борис")
    with pytest.raises(RejectedError, match="no e-mail address"):
        service.explain(house.connection.id, address="carol")


def test_an_address_no_record_has_is_explained_by_what_unisender_says(
    house: Linked, service: ExplainContact, sandbox: SandboxControl
) -> None:
    fill(sandbox, CAROL)

    found = service.explain(house.connection.id, address=CAROL)

    assert way(found) == [("record", "unknown"), ("unisender", "ok")]
    assert found.record_id is None
    assert found.in_list


def test_a_record_nobody_has_seen_yet_is_unknown_until_it_is_looked_at(
    house: Linked, service: ExplainContact, crm: FakeCrm
) -> None:
    found = service.explain(house.connection.id, record_id=7)
    assert way(found) == [("record", "unknown")]

    live = service.explain(house.connection.id, record_id=7, live=True)
    assert way(live) == [("record", "stop")]
    assert live.reason is Reason.REMOVED


def test_a_fresh_look_finds_what_the_ledger_does_not_know_yet_and_stores_nothing(
    house: Linked, service: ExplainContact, crm: FakeCrm
) -> None:
    crm.put(7, name="Carol", emails=[CAROL], tag="another")
    house.deliver(7, CAROL)
    before = house.entries()

    found = service.explain(house.connection.id, record_id=7, live=True)

    assert found.reason is Reason.FILTERED
    assert way(found)[1] == ("filter", "stop")
    assert house.entries() == before
    assert StepName.LEDGER not in {step.name for step in found.steps}
