"""The calls of orchestrator.v1, each one service call."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from threading import BoundedSemaphore

import grpc

from orchestrator.domain.access import Scope
from orchestrator.domain.errors import RetryableError
from orchestrator.domain.sync import ENDED, Sync, Trigger
from orchestrator.entrypoints.grpc._generated import orchestrator_pb2 as pb
from orchestrator.entrypoints.grpc._generated import orchestrator_pb2_grpc as pb_grpc
from orchestrator.entrypoints.grpc.calls import Gate, answered, streamed
from orchestrator.entrypoints.grpc.messages import account_message, sync_kind, sync_message, unlink_mode
from orchestrator.ports.database import Database
from orchestrator.services.queue_sync import QueueSync
from orchestrator.services.unlink_account import UnlinkAccount

LOOK_AGAIN_SECONDS = 0.25
MOST_WATCHERS = 8
"""Each watcher holds a thread of the server."""


@dataclass(frozen=True, kw_only=True)
class Accounts(pb_grpc.AccountsServicer):
    gate: Gate
    database: Database
    unlink_account: UnlinkAccount

    @answered
    def ListAccounts(self, request: pb.ListAccountsRequest, context: grpc.ServicerContext) -> pb.ListAccountsResponse:  # noqa: ARG002, N802
        self.gate.admit(context, Scope.READ)
        with self.database.begin() as tx:
            return pb.ListAccountsResponse(accounts=[account_message(one) for one in tx.accounts.all()])

    @answered
    def GetAccount(self, request: pb.GetAccountRequest, context: grpc.ServicerContext) -> pb.Account:  # noqa: N802
        self.gate.admit(context, Scope.READ)
        with self.database.begin() as tx:
            return account_message(tx.accounts.get(request.account_id))

    @answered
    def UnlinkAccount(self, request: pb.UnlinkAccountRequest, context: grpc.ServicerContext) -> pb.Account:  # noqa: N802
        caller = self.gate.admit(context, Scope.WRITE)
        mode = unlink_mode(request.mode)
        return account_message(self.unlink_account.start(request.account_id, mode, actor=caller.name))


class Syncs(pb_grpc.SyncsServicer):
    def __init__(self, *, gate: Gate, database: Database, queue_sync: QueueSync) -> None:
        self._gate, self._database, self._queue_sync = gate, database, queue_sync
        self._watchers = BoundedSemaphore(MOST_WATCHERS)

    @answered
    def StartSync(self, request: pb.StartSyncRequest, context: grpc.ServicerContext) -> pb.Sync:  # noqa: N802
        caller = self._gate.admit(context, Scope.WRITE)
        kind = sync_kind(request.kind)
        return sync_message(
            self._queue_sync.start(request.connection_id, kind=kind, trigger=Trigger.MANUAL, actor=caller.name)
        )

    @answered
    def GetSync(self, request: pb.GetSyncRequest, context: grpc.ServicerContext) -> pb.Sync:  # noqa: N802
        self._gate.admit(context, Scope.READ)
        return sync_message(self._read(request.sync_id))

    @streamed
    def WatchSync(self, request: pb.WatchSyncRequest, context: grpc.ServicerContext) -> Iterator[pb.Sync]:  # noqa: N802
        self._gate.admit(context, Scope.READ)
        if not self._watchers.acquire(blocking=False):
            raise RetryableError(f"{MOST_WATCHERS} syncs are watched already: try again later, or ask GetSync.")
        try:
            yield from self._changes(request.sync_id, context)
        finally:
            self._watchers.release()

    def _changes(self, sync_id: int, context: grpc.ServicerContext) -> Iterator[pb.Sync]:
        told: pb.Sync | None = None
        while context.is_active():
            sync = self._read(sync_id)
            message = sync_message(sync)
            if message != told:
                yield message
                told = message
            if sync.status in ENDED:
                return
            time.sleep(LOOK_AGAIN_SECONDS)

    def _read(self, sync_id: int) -> Sync:
        with self._database.begin() as tx:
            return tx.syncs.get(sync_id)
