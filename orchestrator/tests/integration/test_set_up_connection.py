"""From a key to a running connection, against the emulator and with the real connectors: as the link wizard does it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from linked import Linked, linked
from orchestrator.adapters.runners.process import ProcessRunner
from orchestrator.bootstrap import Application
from orchestrator.domain.account import AccountStatus, OAuthToken, UnlinkMode
from orchestrator.domain.connection import Connection, ConnectionStatus, RunnerKind
from orchestrator.domain.connection_settings import InvalidSettingsError
from orchestrator.domain.errors import ConflictError, MisconfiguredError, NeedsConsentError
from orchestrator.domain.ledger import Reason
from orchestrator.domain.secret import Secret
from orchestrator.domain.suggested_mapping import suggested, telling
from orchestrator.domain.sync import Counts, SyncKind, SyncStatus, Trigger
from sandbox.demo.sandbox_control import SandboxControl
from wired import application_over

KEY, TITLE, ACTOR, HOST = Secret("sandbox-key"), "amoCRM contacts", "anna", "demo.amocrm.ru"


@dataclass(frozen=True, kw_only=True)
class House:
    """An account without connections, and the service as it is wired."""

    here: Linked
    application: Application
    sandbox: SandboxControl

    @property
    def account_id(self) -> int:
        return self.here.account.id

    @property
    def wizard(self) -> Any:
        return self.application.set_up_connection

    def begin(self) -> Connection:
        return self.wizard.begin(self.account_id, KEY, list_title=TITLE, actor=ACTOR)

    def changed_at_unisender(self) -> set[str]:
        """Methods that were called and are no mere questions."""
        recorded = self.sandbox.get("requests", vendor="unisender")["requests"]
        called = {str(one["path"]).rpartition("/")[2] for one in recorded}
        return called - {"getLists", "getFields", "exportContacts", "getTaskResult", "getContact"} - _files(called)

    def run(self, sync_id: int) -> None:
        """As a worker would."""
        lease, now = timedelta(seconds=25), self.application.clock.now()
        with self.here.database.begin() as tx:
            claimed = tx.syncs.claim(sync_id, owner="worker", now=now, lease=lease)
        assert claimed is not None
        result = self.application.run_sync.run(claimed, attempt=_Going(), deadline=None)
        assert result.ending == "done", result


class _Going:
    def report(self, counts: Counts) -> bool:
        return True


def _files(called: set[str]) -> set[str]:
    return {name for name in called if name.endswith(".csv")}


@pytest.fixture(scope="module")
def runner() -> Iterator[ProcessRunner]:
    runner = ProcessRunner(
        modules={"source-amocrm": "source_amocrm.run", "destination-unisender": "destination_unisender.run"}
    )
    yield runner
    runner.close()


@pytest.fixture
def house(tmp_path: Path, sandbox_server: SandboxControl, runner: ProcessRunner) -> Iterator[House]:
    sandbox_server.post("reset", {"contacts": 60, "seed": 3, "rate_limits": "off"})
    here = linked(tmp_path)
    with here.database.begin() as tx:
        tx.connections.save(replace(here.connection, status=ConnectionStatus.REMOVED))
        tx.tokens.save(
            OAuthToken(
                account_id=here.account.id, access_token=Secret("sandbox-token"), refresh_token=None, expires_at=None
            )
        )
    application: Any = application_over(here, tmp_path, vendors=sandbox_server.url)
    application.runners = {RunnerKind.PROCESS: runner}
    sandbox_server.delete("requests")
    yield House(here=here, application=application, sandbox=sandbox_server)
    here.database.close()


@pytest.fixture
def draft(house: House) -> Connection:
    return house.begin()


def suggestion(house: House, draft: Connection, *, samples: int) -> tuple[dict[str, Any], list[int]]:
    """The settings the wizard suggests, and the contacts it shows."""
    looking = house.application.sample_account
    chosen = telling(looking.samples(house.account_id, "contacts", limit=50), most=samples)
    there = house.application.unisender.fields(draft.api_key)
    choices = suggested(looking.fields(house.account_id, "contacts"), there, chosen)
    fields = [one.setting() for one in choices if one.chosen]
    return {"destination": {"mapping": {"fields": fields}, "emails": "all"}}, [int(one["id"]) for one in chosen]


def test_a_draft_does_nothing_and_leaves_no_trace_at_the_vendors(house: House, draft: Connection) -> None:
    assert draft.status is ConnectionStatus.DRAFT
    assert (draft.list_title, draft.list_id) == (TITLE, None)

    with pytest.raises(ConflictError):
        house.application.queue_sync.start(draft.id, kind=SyncKind.BACKFILL, trigger=Trigger.MANUAL, actor=ACTOR)
    for forbidden in (house.application.manage_connections.resume, house.application.manage_connections.pause):
        with pytest.raises(ConflictError, match="not set up"):
            forbidden(draft.id, actor=ACTOR)
    assert house.application.refresh_suppressions.refresh_all() == 0
    house.application.watch_webhooks.check(house.account_id)
    assert house.changed_at_unisender() == set()


def test_an_account_has_one_draft_which_takes_a_new_key(house: House, draft: Connection) -> None:
    house.sandbox.post("unisender/keys", {"api_key": "another-key"})

    again = house.wizard.begin(house.account_id, Secret("another-key"), list_title="x", actor=ACTOR)

    assert (again.id, again.api_key.reveal(), again.list_title) == (draft.id, "another-key", TITLE)
    assert house.wizard.draft_of(house.account_id) == again


def test_a_key_unisender_refuses_makes_no_draft(house: House) -> None:
    with pytest.raises(MisconfiguredError) as refused:
        house.wizard.begin(house.account_id, Secret("wrong"), list_title=TITLE, actor=ACTOR)

    assert refused.value.code == "api_key_invalid"
    assert house.wizard.draft_of(house.account_id) is None


def test_a_draft_beside_a_connection_of_the_same_list_gets_a_title_of_its_own(house: House) -> None:
    house.application.manage_connections.add(
        house.account_id, api_key=KEY, settings={"destination": {"list": {"title": TITLE}}}, actor=ACTOR
    )

    draft = house.begin()
    with pytest.raises(ConflictError) as taken:
        house.wizard.choose(draft.id, {"destination": {"list": {"title": TITLE}}}, actor=ACTOR)

    assert draft.list_title == f"{TITLE} 2"
    assert taken.value.code == "list_taken"


def test_choices_are_kept_and_wrong_ones_named(house: House, draft: Connection) -> None:
    house.wizard.choose(draft.id, {"destination": {"list": {"title": "Клиенты"}}}, actor=ACTOR)
    house.wizard.choose(draft.id, {"filter": {"tag": "клиент"}}, actor=ACTOR)
    with pytest.raises(InvalidSettingsError, match="taag"):
        house.wizard.choose(draft.id, {"filter": {"taag": "x"}}, actor=ACTOR)

    kept = house.wizard.draft(draft.id)
    assert (kept.name, kept.list_title, kept.filter) == ("Клиенты", "Клиенты", {"tag": "клиент"})


def test_the_preview_shows_exactly_what_unisender_then_holds(house: House, draft: Connection) -> None:
    settings, ids = suggestion(house, draft, samples=12)

    preview = house.application.preview_rows.preview(house.wizard.considered(draft, settings), ids)
    assert house.changed_at_unisender() == set()
    house.wizard.choose(draft.id, settings, actor=ACTOR)
    house.run(house.wizard.start(draft.id, actor=ACTOR).id)

    held = {one["email"]: one for one in house.sandbox.pages("unisender/sandbox-key/contacts", "contacts")}
    assert preview.new_list == TITLE
    assert len(preview.new_fields) > 3
    promised = {row["email"]: row for person in preview.people for row in person.rows}
    ours = {one["email"]: one for one in held.values() if one["fields"].get("amo_contact_id") in {str(i) for i in ids}}
    assert promised.keys() >= ours.keys()
    assert len(ours) >= 8
    for email, contact in ours.items():
        row = promised[email]
        told = {name: text for name, text in row.items() if name not in ("email", "phone", "tags") and text}
        assert told == {name: text for name, text in contact["fields"].items() if text}
        assert sorted(filter(None, row.get("tags", "").split(","))) == sorted(contact["tags"])
        assert contact["phone"] in (row.get("phone"), None, "")


def test_the_preview_says_why_somebody_would_not_be_sent(house: House, draft: Connection) -> None:
    _, ids = suggestion(house, draft, samples=3)

    considered = house.wizard.considered(draft, {"filter": {"tag": "nobody has this"}})
    people = house.application.preview_rows.preview(considered, ids).people

    assert [one.record_id for one in people] == ids
    assert {one.reason for one in people} == {Reason.FILTERED}
    assert [one.rows for one in people] == [(), (), ()]


def test_the_preview_names_what_does_not_fit(house: House, draft: Connection) -> None:
    fields = [{"from": "name", "to": f"field_{number}"} for number in range(50)]

    with pytest.raises(MisconfiguredError) as wrong:
        house.application.preview_rows.preview(
            house.wizard.considered(draft, {"destination": {"mapping": {"fields": fields}}}), []
        )

    assert wrong.value.code in {"field_limit", "misconfigured"}


def test_the_plan_knows_who_opted_out_at_unisender_already(house: House, draft: Connection) -> None:
    _, ids = suggestion(house, draft, samples=1)
    address = house.application.preview_rows.preview(draft, ids).people[0].rows[0]["email"]
    house.application.manage_connections.create_list(KEY, "Somebody else's")
    import_by_hand(house, address)
    house.sandbox.post(f"unisender/{KEY.reveal()}/opt_out", {"email": address})

    plan = house.wizard.plan(draft.id)
    house.sandbox.delete("requests")
    again = house.wizard.plan(draft.id)

    assert (plan.read, plan.complete) == (60, True)
    assert plan.created.count > 30
    assert plan.refused[Reason.UNSUBSCRIBED].count == 1
    assert again.refused[Reason.UNSUBSCRIBED].count == 1
    assert house.sandbox.get("requests", vendor="unisender")["requests"] == []


def import_by_hand(house: House, address: str) -> None:
    list_id = next(iter(house.application.unisender.lists(KEY)))
    form = {
        "api_key": KEY.reveal(), "field_names[0]": "email", "data[0][0]": address,
        "field_names[1]": "email_list_ids", "data[0][1]": list_id,
    }  # fmt: skip
    requests.post(f"{house.sandbox.url}/en/api/importContacts", data=form, timeout=10).raise_for_status()


def test_the_button_makes_the_list_and_brings_everybody_over(house: House, draft: Connection) -> None:
    sync = house.wizard.start(draft.id, actor=ACTOR)

    with house.here.database.begin() as tx:
        connection = tx.connections.get(draft.id)
    assert (sync.kind, sync.status) == (SyncKind.BACKFILL, SyncStatus.QUEUED)
    assert (connection.status, connection.list_title) == (ConnectionStatus.ACTIVE, TITLE)
    assert connection.list_id in house.application.unisender.lists(KEY)
    assert "setHook" in house.changed_at_unisender()
    with pytest.raises(ConflictError) as twice:
        house.wizard.choose(draft.id, {"filter": None}, actor=ACTOR)
    assert twice.value.code == "not_a_draft"


def test_a_list_that_is_gone_meanwhile_is_named_and_the_draft_stays(house: House, draft: Connection) -> None:
    house.wizard.choose(draft.id, {"destination": {"list": {"id": 404, "title": "Gone"}}}, actor=ACTOR)

    with pytest.raises(MisconfiguredError) as gone:
        house.wizard.start(draft.id, actor=ACTOR)

    assert gone.value.code == "list_missing"
    assert house.wizard.draft(draft.id).status is ConnectionStatus.DRAFT


def test_an_account_whose_consent_has_ended_starts_nothing(house: House, draft: Connection) -> None:
    with house.here.database.begin() as tx:
        tx.accounts.move(house.account_id, to=AccountStatus.NEEDS_REAUTH, now=house.here.clock.now())

    with pytest.raises((NeedsConsentError, ConflictError)):
        house.wizard.start(draft.id, actor=ACTOR)

    assert house.wizard.draft(draft.id).status is ConnectionStatus.DRAFT


def test_an_abandoned_draft_is_removed_without_a_trace(house: House, draft: Connection) -> None:
    house.application.manage_connections.remove(draft.id, actor=ACTOR)

    assert house.wizard.draft_of(house.account_id) is None
    assert house.changed_at_unisender() <= {"removeHook"}


def test_an_account_with_a_draft_is_unlinked_without_a_word_to_unisender(house: House, draft: Connection) -> None:
    house.wizard.plan(draft.id)  # keeps who opted out

    house.application.unlink_account.start(house.account_id, UnlinkMode.ERASE, actor=ACTOR)
    house.application.unlink_account.resume()

    with house.here.database.begin() as tx:
        assert tx.accounts.get(house.account_id).status is AccountStatus.UNLINKED
    assert house.changed_at_unisender() == set()


def test_users_and_tags_are_there_to_choose_from(house: House) -> None:
    looking = house.application.sample_account

    users, tags = looking.users(house.account_id), looking.tags(house.account_id, "contacts")

    assert users
    assert all(users.values())
    assert tags == sorted(tags, key=str.casefold)
    assert len(tags) > 2
