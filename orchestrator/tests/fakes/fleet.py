"""Accounts, a doorbell and workers, for tests of what happens to syncs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from linked import SetClock, connection_of
from meters import RememberingMeter
from orchestrator.adapters.embedded_doorbell import EmbeddedDoorbell
from orchestrator.domain.account import AccountStatus, OAuthToken
from orchestrator.domain.connection import Connection
from orchestrator.domain.repair import RepairCode
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import Lane, Sync, SyncKind, Trigger
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database
from orchestrator.ports.doorbell import Doorbell
from orchestrator.services.attempt import SyncRun
from orchestrator.services.heartbeat import Pace
from orchestrator.services.queue_sync import QueueSync
from orchestrator.services.repeating import repeated
from orchestrator.services.ringing import ring_for
from orchestrator.services.sweep import Sweep
from orchestrator.services.work_sync import WorkSync

QUICK = Pace(beat=0.1, lease=0.5, progress=0.05, slice=60.0, store=2.0)


class OneToken:
    """Stands in for RefreshToken: hands out one more token, then says that consent is needed, as it is told."""

    def __init__(self, *answers: Secret | Exception) -> None:
        self._answers = list(answers)
        self.refusals: list[tuple[int, Secret]] = []

    def refused(self, account_id: int, token: Secret) -> Secret:
        self.refusals.append((account_id, token))
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass(kw_only=True)
class Fleet:
    """Some accounts with a connection each, and whatever works for them."""

    database: Database
    clock: Clock = field(default_factory=SetClock)
    doorbell: Doorbell = field(default_factory=EmbeddedDoorbell)
    meter: RememberingMeter = field(default_factory=RememberingMeter)
    connections: list[Connection] = field(default_factory=list)

    @property
    def connection(self) -> Connection:
        return self.connections[0]

    @property
    def queue(self) -> QueueSync:
        return QueueSync(database=self.database, doorbell=self.doorbell, clock=self.clock)

    def link(self, accounts: int = 1, **parts: object) -> None:
        now = self.clock.now()
        with self.database.begin() as tx:
            integration = tx.integrations.by_name("sandbox") or tx.integrations.add(
                name="sandbox",
                client_id="client",
                client_secret=Secret("secret"),
                redirect_uri="http://x",
                zone="amocrm.ru",
            )
            first = len(tx.accounts.all()) + 1
            for number in range(first, first + accounts):
                account = tx.accounts.add(
                    integration_id=integration.id, amocrm_id=number, host=f"acme{number}.amocrm.ru", name=f"Acme {number}",
                    webhook_secret=Secret(f"hook-{number}"), now=now,
                )  # fmt: skip
                tx.accounts.move(account.id, to=AccountStatus.ACTIVE, now=now)
                tx.tokens.save(
                    OAuthToken(
                        account_id=account.id,
                        access_token=Secret(f"access-{number}"),
                        refresh_token=None,
                        expires_at=None,
                    )
                )
                self.connections.append(
                    tx.connections.add(connection_of(account.id, hook_secret=Secret(f"unisender-{number}"), **parts))
                )

    def connect(self, name: str) -> Connection:
        """One more connection of the first account."""
        account_id = self.connection.account_id
        with self.database.begin() as tx:
            return tx.connections.add(
                connection_of(account_id, name=name, hook_secret=Secret(f"unisender-{account_id}-{name}"))
            )

    def open(
        self, kind: SyncKind = SyncKind.REALTIME, *, connection: Connection | None = None, due_at: datetime | None = None,
        ring: bool = True,
    ) -> Sync:  # fmt: skip
        now, connection = self.clock.now(), connection or self.connection

        def opened() -> Sync:
            with self.database.begin() as tx:
                return tx.syncs.open(
                    account_id=connection.account_id, connection_id=connection.id, kind=kind, trigger=Trigger.WEBHOOK,
                    due_at=due_at or now, now=now,
                )[0]  # fmt: skip

        sync = repeated(opened, seconds=2)  # as who queues a sync must be ready for: workers write beside
        if ring:
            ring_for(self.doorbell, sync, now=now)
        return sync

    def worker(
        self, run: SyncRun, *, owner: str = "worker", tokens: OneToken | None = None, pace: Pace = QUICK,
        jitter: float = 1.0,
    ) -> WorkSync:  # fmt: skip
        return WorkSync(
            database=self.database, doorbell=self.doorbell, run_sync=run, refresh_token=tokens or OneToken(),
            clock=self.clock, meter=self.meter, owner=owner, pace=pace, jitter=lambda: jitter,
        )  # fmt: skip

    def sweep(self, *, silent_seconds: float = 25.0) -> int:
        return Sweep(
            database=self.database, doorbell=self.doorbell, clock=self.clock, silent_seconds=silent_seconds
        ).run()

    def work_off(self, worker: WorkSync, lane: Lane = Lane.REALTIME, *, most: int = 1000) -> int:
        """Work on what is ready now; how many rings there were."""
        ear = self.doorbell.listen([lane])
        rings = 0
        while rings < most and (ring := ear.reserve(0)) is not None:
            worker.work(ring)
            rings += 1
        ear.close()
        return rings

    def get(self, sync: Sync) -> Sync:
        with self.database.begin() as tx:
            return tx.syncs.get(sync.id)

    def syncs(self) -> Sequence[Sync]:
        """Oldest first."""
        with self.database.begin() as tx:
            return tx.syncs.page(limit=10_000)[::-1]

    def outcomes(self, sync: Sync) -> list[str]:
        with self.database.begin() as tx:
            return [attempt.outcome for attempt in tx.syncs.attempts(sync.id)]

    def repairs(self) -> set[RepairCode]:
        with self.database.begin() as tx:
            return {repair.code for repair in tx.repairs.open_ones()}
