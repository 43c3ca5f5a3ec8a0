"""Any history of edits, opt-outs, deaths and syncs: nobody who opted out comes back, and the list ends as it must."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from orchestrator.domain.change import ChangeAction
from orchestrator.domain.sync import SyncKind
from small_service import KilledError, SmallService, consents, has_tag

IDS = st.integers(1, 5)
POOL = ["a@x.com", "b@x.com", " C@x.com", "c@x.com", "info@x.com", "broken"]
ADDRESSES = st.sampled_from(["a@x.com", "b@x.com", "c@x.com"])
EMAILS = st.lists(st.sampled_from(POOL), max_size=3)
NAMES = st.sampled_from(["One", "Two", "Two", "REFUSED"])
TAGS = st.sampled_from(["client", "client", "lead"])
BULK = [SyncKind.BACKFILL, SyncKind.INCREMENTAL, SyncKind.DEEP]
STEP = st.one_of(st.none(), st.integers(0, 12))

EXAMPLES = int(os.environ.get("CONSENT_EXAMPLES", "40"))

Edit = Callable[[], None]


class ConsentMachine(RuleBasedStateMachine):
    """Steps of people, of the CRM's users and of a service that may die at any moment."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(self.template, self.folder / "test.db")
        self.service = SmallService(self.folder)
        self.matches: Callable[[dict[str, Any]], bool] = lambda _: True

    def teardown(self) -> None:
        self.rest()
        self.service.database.close()
        shutil.rmtree(self.folder)

    @initialize(emails=st.sampled_from(["first", "all"]))
    def begin(self, emails: str) -> None:
        self.service.configure(destination={"list": {"id": 1}, "emails": emails})

    @rule(
        record_id=IDS,
        emails=EMAILS,
        name=NAMES,
        tag=TAGS,
        consent=st.booleans(),
        hook=st.booleans(),
        tick=st.booleans(),
    )
    def edit(
        self, record_id: int, emails: list[str], name: str, tag: str, consent: bool, hook: bool, tick: bool
    ) -> None:
        if tick:
            self.service.tick()
        self.service.crm.put(record_id, name=name, emails=emails, tag=tag, consent=consent)
        if hook:
            self.service.hook(record_id)

    @rule(one=IDS, other=IDS)
    def swap_addresses(self, one: int, other: int) -> None:
        contacts = self.service.crm.contacts
        if one in contacts and other in contacts:
            self.service.tick()
            mine, theirs = contacts[one], contacts[other]
            for record_id, contact, emails in ((one, mine, theirs["emails"]), (other, theirs, mine["emails"])):
                self.service.crm.put(record_id, name=contact["name"], emails=[item["value"] for item in emails])
            self.service.hook(one, other)

    @rule(record_id=IDS, hook=st.booleans())
    def delete(self, record_id: int, hook: bool) -> None:
        self.service.crm.delete(record_id)
        if hook:
            self.service.hook(record_id, action=ChangeAction.DELETE)

    @rule(record_id=IDS, hook=st.booleans())
    def restore(self, record_id: int, hook: bool) -> None:
        self.service.crm.restore(record_id)
        if hook:
            self.service.hook(record_id)

    @rule(loser=IDS, winner=IDS, hook=st.booleans())
    def merge(self, loser: int, winner: int, hook: bool) -> None:
        self.service.tick()
        self.service.crm.merge(loser, winner)
        if hook:
            self.service.hook(winner)

    @rule(record_id=IDS, action=st.sampled_from(ChangeAction))
    def hook_out_of_order(self, record_id: int, action: ChangeAction) -> None:
        self.service.hook(record_id, action=action)

    @rule(address=ADDRESSES, everything=st.booleans(), told=st.booleans())
    def opt_out(self, address: str, everything: bool, told: bool) -> None:
        if self.service.unisender.leave(address, everything=everything) and told:
            self.service.told_of_opt_out(address)

    @rule()
    def nightly_export(self) -> None:
        self.service.told_of_opt_out(*self.service.unisender.opted_out)

    @rule(kill_at=STEP)
    def work_live(self, kill_at: int | None) -> None:
        self.service.sync(SyncKind.REALTIME, step=killing(kill_at))

    @rule(kind=st.sampled_from(BULK), kill_at=STEP, meanwhile=st.booleans(), at=st.integers(0, 12),
          record_id=IDS, emails=EMAILS, address=ADDRESSES)  # fmt: skip
    def work_bulk(
        self,
        kind: SyncKind,
        kill_at: int | None,
        meanwhile: bool,
        at: int,
        record_id: int,
        emails: list[str],
        address: str,
    ) -> None:
        """While it runs somebody may edit a contact, opt out, and have that worked off live."""

        def meddle() -> None:
            self.service.crm.put(record_id, name="Meanwhile", emails=emails)
            self.service.hook(record_id)
            if self.service.unisender.leave(address, everything=False):
                self.service.told_of_opt_out(address)
            self.service.sync(SyncKind.REALTIME)

        self.service.sync(kind, step=meddling(at, meddle, killing(kill_at)) if meanwhile else killing(kill_at))

    @rule(
        record_id=IDS,
        emails=EMAILS,
        then=EMAILS,
        kind=st.sampled_from(SyncKind),
        at=st.sampled_from(["settle", "commit"]),
    )
    def die_and_be_overtaken(self, record_id: int, emails: list[str], then: list[str], kind: SyncKind, at: str) -> None:
        """An edit is on its way when the worker dies, and is followed by another one before anybody looks again."""
        self.service.take_over()
        self.service.crm.put(record_id, name="First", emails=emails)
        self.service.hook(record_id)

        def kill(step: str) -> None:
            if step == at:
                raise KilledError

        self.service.sync(kind, step=kill)
        self.service.tick()
        self.service.crm.put(record_id, name="One", emails=then)
        self.service.hook(record_id)

    @rule()
    def take_over(self) -> None:
        self.service.take_over()

    @rule(tag=st.booleans(), consent=st.booleans())
    def change_the_rules(self, tag: bool, consent: bool) -> None:
        self.service.configure(filter={"tag": "client"} if tag else None, consent_field="Consent" if consent else None)
        tests = [has_tag("client")] * tag + [consents] * consent
        self.matches = lambda contact: all(test(contact) for test in tests)

    @rule(kill_at=STEP, erase=st.booleans())
    def unlink_and_link_again(self, kill_at: int | None, erase: bool) -> None:
        service, connection_id = self.service, self.service.linked.connection.id
        service.take_over()
        with service.database.begin() as tx:
            for sync in tx.syncs.page(connection_id=connection_id):
                tx.syncs.cancel(sync.id, now=service.clock.now())
        service.runner.step = killing(kill_at)
        try:
            service.depart_people.run(connection_id, lambda: True)
        except KilledError:
            service.runner.step = lambda _: None
            service.depart_people.run(connection_id, lambda: True)
        service.runner.step = lambda _: None
        assert not service.unisender.mailable()
        with service.database.begin() as tx:
            tx.changes.clear(connection_id)
            if erase:
                tx.ledger.forget(connection_id)
                tx.suppressions.erase(connection_id)
                tx.stream_states.clear(connection_id)
        service.sync(SyncKind.BACKFILL)

    @precondition(lambda self: self.service.crm.contacts)
    @rule()
    def rest(self) -> None:
        self.service.come_to_rest()

        assert self.service.problems(matches=self.matches) == []
        assert self.service.lost_track() == set()

    @invariant()
    def nobody_who_opted_out_can_be_mailed_again(self) -> None:
        assert self.service.returned() == set()


def killing(at: int | None) -> Callable[[str], None]:
    left = [at]

    def step(_: str) -> None:
        if left[0] is None:
            return
        if left[0] == 0:
            raise KilledError
        left[0] -= 1

    return step


def meddling(at: int, act: Edit, then: Callable[[str], None]) -> Callable[[str], None]:
    left = [at]

    def step(name: str) -> None:
        left[0] -= 1
        if left[0] == -1:
            act()
        then(name)

    return step


@pytest.mark.timeout(3600 if EXAMPLES > 40 else 300)
def test_whatever_happens_nobody_who_opted_out_comes_back_and_the_list_ends_as_it_must(migrated_sqlite: Path) -> None:
    ConsentMachine.template = migrated_sqlite
    run_state_machine_as_test(
        ConsentMachine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=25,
            deadline=None,
            derandomize=EXAMPLES == 40,
            phases=[Phase.generate] if EXAMPLES != 40 else tuple(Phase),
            suppress_health_check=list(HealthCheck),
        ),
    )
