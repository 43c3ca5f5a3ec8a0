"""Working on a ring: claim its sync, run it while saying so, store how it ended, acknowledge, ring for the next."""

import logging
import random
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from orchestrator.domain.errors import NotFoundError, OrchestratorError, RetryableError
from orchestrator.domain.failure import Failure, FailureKind
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import OPEN, Counts, Lane, Sync, SyncKind, SyncStatus, Trigger
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database, Transaction
from orchestrator.ports.doorbell import Doorbell, Ring
from orchestrator.ports.meter import Meter
from orchestrator.services.attempt import SyncResult, SyncRun
from orchestrator.services.ending import Ending, ending_of, failure_of
from orchestrator.services.heartbeat import Heartbeat, Pace
from orchestrator.services.repairing import close_disproved, open_repair
from orchestrator.services.repeating import repeated
from orchestrator.services.ringing import HORIZON, ring_for, ring_next

logger = logging.getLogger(__name__)

LATER = 5.0
"""Seconds a ring is put back for while the database is away."""
LOST = "lost"
MOST_RUNS = 2
"""Runs in one attempt: the second with another access token, when amoCRM refused the first."""
TOKENS_KEEP_CHANGING = Failure(
    kind=FailureKind.TRANSIENT, code="unavailable", sentence="amoCRM refused two access tokens in a row.", side="source"
)


class Refreshing(Protocol):
    """What is needed of RefreshToken."""

    def refused(self, account_id: int, token: Secret) -> Secret:
        """Another token than this one, which amoCRM has just refused. Raises OrchestratorError."""
        ...


class WorkSync:
    """Works on rings, one at a time: each worker thread has its own, under its own `owner`."""

    def __init__(
        self, *, database: Database, doorbell: Doorbell, run_sync: SyncRun, refresh_token: Refreshing, clock: Clock,
        meter: Meter, owner: str, pace: Pace | None = None, jitter: Callable[[], float] = random.random,
    ) -> None:  # fmt: skip
        self._database, self._doorbell, self._clock, self._meter = database, doorbell, clock, meter
        self._run_sync, self._refresh_token = run_sync, refresh_token
        self._owner, self._pace, self._jitter = owner, pace or Pace(), jitter
        self._handing_back = threading.Event()

    def hand_back(self) -> None:
        """The worker goes down: what runs stops at its next commit and is queued again. May be called by any thread."""
        self._handing_back.set()

    def work(self, ring: Ring) -> None:
        """Work on the ring's sync, if it is to be worked on, and end the ring."""
        try:
            sync = self._claimed(ring)
        except NotFoundError:
            logger.warning("ring_for_nothing", extra={"sync_id": ring.sync_id})
            ring.done()
        except OrchestratorError as error:
            logger.warning("claim_failed", extra={"sync_id": ring.sync_id, "code": error.code})
            ring.back(LATER)
        else:
            if sync is not None:
                self._work_on(sync, ring)

    def _claimed(self, ring: Ring) -> Sync | None:
        """The sync, ours to run. None when it is not to be run now; then the ring is dealt with."""
        while not self._handing_back.is_set():
            now = self._clock.now()
            with self._database.begin() as tx:
                sync = tx.syncs.claim(
                    ring.sync_id, owner=self._owner, now=now, lease=timedelta(seconds=self._pace.lease)
                )
                if sync is not None:
                    return sync
                present = tx.syncs.get(ring.sync_id)
            if present.status not in OPEN or present.due_at <= now:
                # Done, running, or its lane is busy: whoever runs there rings for what is due when it ends.
                ring.done()
                return None
            if present.due_at > now + HORIZON:
                ring.back((present.due_at - now).total_seconds())
                return None
            self._handing_back.wait((present.due_at - now).total_seconds())
        ring.back()
        return None

    def _work_on(self, sync: Sync, ring: Ring) -> None:
        started = time.monotonic()
        logger.info("sync_started", extra=_told(sync))
        heartbeat = Heartbeat(
            database=self._database, clock=self._clock, ring=ring, sync=sync, owner=self._owner, pace=self._pace,
            handing_back=self._handing_back,
        )  # fmt: skip
        with heartbeat:  # beats on while the end is being stored, should the database keep us waiting
            result = self._run(sync, heartbeat)
            result = replace(result, counts=heartbeat.counts)
            ending = ending_of(
                result, heartbeat.halt, tries=sync.attempts + 1, now=self._clock.now(), jitter=self._jitter
            )
            outcome = self._stored(sync, ending, result)
        # Only now: a worker that dies before leaves the ring to be heard again.
        if outcome is None:
            ring.back(LATER)
        else:
            ring.done()
        if outcome == ending.outcome:
            self._ring_what_follows(sync, ending)
        self._tell(sync, ending, outcome or LOST, result.counts, time.monotonic() - started)

    def _run(self, sync: Sync, heartbeat: Heartbeat) -> SyncResult:
        """Run it; once more, with another access token, when amoCRM refused the one we had."""
        try:
            token = self._token(sync)
            for _ in range(MOST_RUNS):
                result = self._run_once(sync, heartbeat)
                if result.failure is None or result.failure.kind is not FailureKind.CONSENT or heartbeat.halt:
                    return result
                token = self._refresh_token.refused(sync.account_id, token)
        except OrchestratorError as error:  # whoever found out that only a person can help has opened the repair
            return SyncResult(ending="failed", failure=failure_of(error))
        return SyncResult(ending="failed", failure=TOKENS_KEEP_CHANGING)

    def _run_once(self, sync: Sync, heartbeat: Heartbeat) -> SyncResult:
        deadline = self._clock.now() + timedelta(seconds=self._pace.slice) if sync.lane is Lane.BULK else None
        try:
            result = self._run_sync.run(sync, attempt=heartbeat, deadline=deadline)
        except Exception as error:  # noqa: BLE001 - whatever it is, it becomes a failure of this sync
            result = SyncResult(ending="failed", failure=failure_of(error))
            if not isinstance(error, OrchestratorError):
                told = {**_told(sync), "error": type(error).__name__, "at": _place(error)}
                logger.error("sync_fault", extra=told)  # noqa: TRY400 - its words may quote a person or a secret
            heartbeat.run_ended(None)
        else:
            heartbeat.run_ended(result.counts)
        return result

    def _token(self, sync: Sync) -> Secret:
        """Read before the run: what is refused must be told by name, another process may have a newer one by then."""
        with self._database.begin(reading=True) as tx:
            token = tx.tokens.get(sync.account_id)
        return Secret("") if token is None else token.access_token

    def _stored(self, sync: Sync, ending: Ending, result: SyncResult) -> str | None:
        """The attempt's outcome; `lost` when the sync is somebody else's by now, None while the database is away."""
        try:
            return repeated(lambda: self._store(sync, ending, result), seconds=self._pace.store)
        except RetryableError as error:
            logger.warning("sync_end_not_stored", extra={"sync_id": sync.id, "code": error.code})
            return None

    def _store(self, sync: Sync, ending: Ending, result: SyncResult) -> str:
        now, failure = self._clock.now(), ending.failure
        with self._database.begin() as tx:
            ours = tx.syncs.end(
                sync.id, owner=self._owner, to=ending.to, now=now, counts=result.counts, outcome=ending.outcome,
                due_at=ending.due_at, spends_try=ending.spends_try,
                failure=None if failure is None else failure.code,
                failure_text=None if failure is None else failure.sentence,
            )  # fmt: skip
            if not ours:
                return LOST
            if failure is not None and ending.repair is not None:
                open_repair(tx, sync, ending.repair, failure, now=now)
            if ending.to is SyncStatus.DONE:
                close_disproved(tx, sync, result.counts, now=now)
                if _more_to_do(tx, sync, result):
                    tx.syncs.open(
                        account_id=sync.account_id, connection_id=sync.connection_id, kind=SyncKind.REALTIME,
                        trigger=Trigger.WEBHOOK, due_at=now, now=now,
                    )  # fmt: skip
        return ending.outcome

    def _ring_what_follows(self, sync: Sync, ending: Ending) -> None:
        """For its own next try, and for what else became due in the lane: those rings were dropped while it ran.

        Live work may have waited for the end of bulk work too.
        """
        now = self._clock.now()
        if ending.to is SyncStatus.WAITING and ending.due_at is not None:
            ring_for(self._doorbell, replace(sync, due_at=ending.due_at), now=now)
        try:
            # Not in the transaction that frees the lane: it may not see what was opened while it ran.
            for lane in {sync.lane, Lane.REALTIME}:
                ring_next(self._database, self._doorbell, sync.account_id, lane, now=now)
        except RetryableError as error:
            logger.info("next_not_rung", extra={"account_id": sync.account_id, "code": error.code})

    def _tell(self, sync: Sync, ending: Ending, outcome: str, counts: Counts, seconds: float) -> None:
        """The one closing line of an attempt."""
        self._meter.count("syncs_total", kind=sync.kind.value, outcome=outcome)
        self._meter.observe("sync_seconds", seconds, kind=sync.kind.value)
        failure = {} if ending.failure is None else {"failure": ending.failure.code, "side": ending.failure.side}
        told = {**_told(sync), "outcome": outcome, "seconds": round(seconds, 3), **asdict(counts), **failure}
        logger.info("sync_finished", extra=told)


def _more_to_do(tx: Transaction, sync: Sync, result: SyncResult) -> bool:
    """Whether another realtime sync is to follow at once.

    What came while it ran has a sync of its own. Changes that stay though nothing was done about them would follow
    one another for ever. Where bulk work succeeds, changes may wait of a realtime sync that failed for good.
    """
    if sync.kind is not SyncKind.REALTIME:
        return tx.changes.count(sync.connection_id) > 0
    return result.more or (result.counts != Counts() and tx.changes.count(sync.connection_id) > 0)


def _told(sync: Sync) -> dict[str, object]:
    return {
        "sync_id": sync.id,
        "account_id": sync.account_id,
        "connection_id": sync.connection_id,
        "kind": sync.kind.value,
        "trigger": sync.trigger.value,
    }


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    return " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
