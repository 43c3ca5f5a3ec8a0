"""A whole service in small: a CRM, a list, the real RunSync over a real database; and an oracle for the list."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fake_crm import CONSENT_FIELD, FakeCrm
from fake_runner import FakeRunner
from fake_unisender import BAD_NAME, KEY_FIELD, ROLE, FakeUnisender
from linked import NOON, Linked, linked
from orchestrator.domain.change import Change, ChangeAction
from orchestrator.domain.connection import Connection, RunnerKind
from orchestrator.domain.ledger import Suppression, SuppressionReason
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import Counts, Sync, SyncKind, SyncStatus, Trigger
from orchestrator.services.attempt import SyncResult
from orchestrator.services.depart_people import DepartPeople
from orchestrator.services.run_sync import RunSync
from orchestrator.services.suppress_addresses import suppress
from orchestrator.services.sync_orders import VendorEndpoints

LEASE = timedelta(seconds=25)


class KilledError(BaseException):
    """The worker was killed here; nothing may catch it."""


class TickingClock:
    """A millisecond passes whenever somebody looks."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at

    def advance(self, **time: float) -> None:
        self.at += timedelta(**time)


class _Tokens:
    def access_token(self, account_id: int) -> Secret:
        return Secret("token")


class _Progress:
    def __init__(self, reports: int | None) -> None:
        self.left = reports
        self.reported: list[Counts] = []

    def report(self, counts: Counts) -> bool:
        self.reported.append(counts)
        if self.left is None:
            return True
        self.left -= 1
        return self.left >= 0


class SmallService:
    """`parts` change the connection."""

    def __init__(self, folder: Path | str, **parts: Any) -> None:
        self.clock = TickingClock()
        self.linked: Linked = linked(folder, **parts)
        self.database = self.linked.database
        self.crm = FakeCrm(int(NOON.timestamp()))
        self.unisender = FakeUnisender()
        self.runner = FakeRunner(self.crm, self.unisender)
        self._runners: dict[RunnerKind, Any] = {RunnerKind.PROCESS: self.runner}
        around: dict[str, Any] = {
            "database": self.database,
            "runners": self._runners,
            "vendors": VendorEndpoints(),
        }
        self.before_the_first: Callable[[float], bool] = lambda _: True
        self.run_sync = RunSync(refresh_token=_Tokens(), clock=self.clock, refresh_first=self, **around)
        self.depart_people = DepartPeople(clock=self.clock, **around)
        self._killed: list[tuple[int, str]] = []
        self._workers = 0

    def begin(self, connection_id: int) -> Callable[[float], bool]:
        """Implements KnowingFirst."""
        return self.before_the_first

    @property
    def connection(self) -> Connection:
        with self.database.begin() as tx:
            return tx.connections.get(self.linked.connection.id)

    def configure(self, **parts: Any) -> None:
        with self.database.begin() as tx:
            tx.connections.save(replace(tx.connections.get(self.linked.connection.id), **parts))

    def entries(self) -> dict[int, Any]:
        return self.linked.entries()

    def use(self, kind: RunnerKind, runner: Any) -> None:
        self._runners[kind] = runner

    def tick(self, seconds: int = 1) -> None:
        """Time passes, for everybody."""
        self.clock.advance(seconds=seconds)
        self.crm.second += seconds

    def hook(self, *record_ids: int, action: ChangeAction = ChangeAction.UPSERT, stream: str = "contacts") -> None:
        """A webhook comes: these changed."""
        now, connection = self.clock.now(), self.linked.connection
        with self.database.begin() as tx:
            tx.changes.add(
                [
                    Change(connection_id=connection.id, stream=stream, record_id=one, action=action, seen_at=now)
                    for one in record_ids
                ]
            )

    def told_of_opt_out(self, *addresses: str) -> None:
        """Unisender's own webhook comes."""
        now, connection_id = self.clock.now(), self.linked.connection.id
        with self.database.begin() as tx:
            told = [
                Suppression(connection_id=connection_id, address=one, reason=SuppressionReason.UNSUBSCRIBED, since=now)
                for one in addresses
            ]
            suppress(tx, connection_id, told, now=now)

    def pending(self) -> int:
        with self.database.begin() as tx:
            return tx.changes.count(self.linked.connection.id)

    def sync(
        self,
        kind: SyncKind,
        *,
        step: Callable[[str], None] | None = None,
        slice_after: timedelta | None = None,
        others_wait: bool = True,
        reports: int | None = None,
    ) -> SyncResult | None:
        """Run a sync as a worker does; None when it was killed, or the lane is taken."""
        sync = self._claimed(kind)
        if slice_after is not None and others_wait:
            self._open(SyncKind.DEEP if kind is SyncKind.INCREMENTAL else SyncKind.INCREMENTAL)
        if sync is None:
            return None
        before, self.runner.step = self.runner.step, step or (lambda _: None)
        try:
            deadline = None if slice_after is None else self.clock.now() + slice_after
            result = self.run_sync.run(sync, attempt=_Progress(reports), deadline=deadline)
        except KilledError:
            return None
        finally:
            self.runner.step = before
        self._end(sync, result)
        return result

    def take_over(self) -> None:
        """Whoever was killed has been silent for long."""
        self.clock.advance(seconds=60)
        self.crm.second += 60
        now = self.clock.now()
        with self.database.begin() as tx:
            for lost in tx.syncs.lost(now - LEASE):
                tx.syncs.take_over(lost.id, silent_since=now - LEASE, now=now)

    def work_off(self) -> None:
        """Realtime syncs until nothing is pending."""
        for _ in range(20):
            result = self.sync(SyncKind.REALTIME)
            if result is not None and not self.pending():
                return
        raise AssertionError("changes stay pending for ever")

    def come_to_rest(self, *kinds: SyncKind) -> None:
        """Everybody lives again; what is open is run to its end, then these syncs."""
        self.runner.step = lambda _: None
        self.take_over()
        self.work_off()
        for kind in kinds or (SyncKind.INCREMENTAL, SyncKind.DEEP):
            self.tick(30)
            for _ in range(20):
                result = self.sync(kind)
                if result is not None and result.ending == "done":
                    break
            else:
                raise AssertionError(f"{kind} does not come to its end: {result}")
            self.work_off()

    def problems(self, *, matches: Callable[[dict[str, Any]], bool] = lambda _: True) -> list[str]:
        """Every way in which the list differs from what the CRM's data ask for. Shares no code with the service."""
        take_all = self.connection.destination.get("emails") == "all"
        wanted: dict[str, dict[str, Any]] = {}
        for record_id in sorted(self.crm.contacts):
            contact = self.crm.contacts[record_id]
            if not matches(contact) or contact["name"] == BAD_NAME:
                continue
            valid = [item["value"].strip().lower() for item in contact["emails"] if "@" in item["value"]]
            for address in valid if take_all else valid[:1]:
                if not address.startswith(f"{ROLE}@"):
                    wanted.setdefault(address, contact)
        expected = {address: one for address, one in wanted.items() if address not in self.unisender.opted_out}
        found = self.unisender.mailable()
        said = [f"{address} is missing" for address in sorted(expected.keys() - found.keys())]
        said += [f"{address} must not be mailable" for address in sorted(found.keys() - expected.keys())]
        for address in sorted(expected.keys() & found.keys()):
            told, contact = found[address].fields, expected[address]
            if (told["Name"], told[KEY_FIELD]) != (contact["name"], str(contact["id"])):
                said.append(f"{address} carries {told}, not {contact['name']} of {contact['id']}")
        return said

    def returned(self) -> set[str]:
        """People who opted out and can be mailed again: nobody, ever."""
        return self.unisender.opted_out & self.unisender.mailable().keys()

    def lost_track(self) -> set[str]:
        """Members of the list the ledger does not know of (opted-out ones it may forget)."""
        known = {address for entry in self.entries().values() for address in entry.addresses}
        return self.unisender.mailable().keys() - known

    def _claimed(self, kind: SyncKind) -> Sync | None:
        self._workers += 1
        sync = self._open(kind)
        with self.database.begin() as tx:
            return tx.syncs.claim(sync.id, owner=f"worker {self._workers}", now=self.clock.now(), lease=LEASE)

    def _open(self, kind: SyncKind) -> Sync:
        now, connection = self.clock.now(), self.linked.connection
        with self.database.begin() as tx:
            sync, _ = tx.syncs.open(
                account_id=connection.account_id,
                connection_id=connection.id,
                kind=kind,
                trigger=Trigger.MANUAL,
                due_at=now,
                now=now,
            )
        return sync

    def _end(self, sync: Sync, result: SyncResult) -> None:
        to = {
            "done": SyncStatus.DONE,
            "sliced": SyncStatus.QUEUED,
            "cancelled": SyncStatus.CANCELLED,
            "failed": SyncStatus.WAITING,
        }[result.ending]
        now = self.clock.now()
        with self.database.begin() as tx:
            tx.syncs.end(
                sync.id, owner=str(sync.owner), to=to, now=now, counts=result.counts, outcome=result.ending, due_at=now
            )


def consents(contact: dict[str, Any]) -> bool:
    """Whether the contact's consent field is ticked."""
    return any(
        field["field_id"] == CONSENT_FIELD and bool(field["values"][0]["value"])
        for field in contact["custom_fields_values"]
    )


def has_tag(name: str) -> Callable[[dict[str, Any]], bool]:
    return lambda contact: any(tag["name"] == name for tag in contact["_embedded"]["tags"])


def put(service: SmallService, record_id: int, *emails: str, hook: bool = True, **more: Any) -> None:
    """Somebody is added or edited in the CRM, and its webhook comes."""
    service.crm.put(record_id, name=more.pop("name", f"Person {record_id}"), emails=emails, **more)
    if hook:
        service.hook(record_id)


def reasons(service: SmallService) -> dict[int, str]:
    """Reason codes of the ledger, by contact."""
    return {record_id: entry.reason.value for record_id, entry in service.entries().items()}


@pytest.fixture
def small(tmp_path: Path, migrated_sqlite: Path) -> Callable[..., SmallService]:
    """Makes the service of a test; keyword arguments change its connection."""
    shutil.copy(migrated_sqlite, tmp_path / "test.db")
    return lambda **parts: SmallService(tmp_path, **parts)
