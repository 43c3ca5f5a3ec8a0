"""Whether both sides of a connection work: each connector's own check, with the problems in words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from orchestrator.domain.account import Account
from orchestrator.domain.connection import Connection, RunnerKind
from orchestrator.domain.errors import MisconfiguredError, OrchestratorError
from orchestrator.ports.database import Database
from orchestrator.ports.runner import CheckEnd, Runner
from orchestrator.services.sync_orders import VendorEndpoints, destination_order, source_order
from orchestrator.services.sync_run import AccessTokens

Side = Literal["source", "destination"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What keeps a side from working. `code` is stable, `sentence` is for people and holds no secret."""

    side: Side
    code: str
    sentence: str


class CheckConnection:
    """Checks without changing anything."""

    def __init__(
        self,
        *,
        database: Database,
        runners: Mapping[RunnerKind, Runner],
        refresh_token: AccessTokens,
        vendors: VendorEndpoints,
    ) -> None:
        self._database = database
        self._runners = runners
        self._refresh_token = refresh_token
        self._vendors = vendors

    def check(self, connection_id: int) -> Sequence[Problem]:
        """What is wrong; nothing when both sides work. Raises NotFoundError."""
        with self._database.begin(reading=True) as tx:
            connection = tx.connections.get(connection_id)
            account = tx.accounts.get(connection.account_id)
        found = [
            _problem("source", lambda: self._source(account, connection)),
            _problem("destination", lambda: self._destination(connection)),
        ]
        return [one for one in found if one is not None]

    def _source(self, account: Account, connection: Connection) -> CheckEnd:
        token = self._refresh_token.access_token(account.id)
        order = source_order(account, self._vendors, access_token=token, streams=connection.streams)
        return self._runner(connection).check(order.connector, order.config)

    def _destination(self, connection: Connection) -> CheckEnd:
        order = destination_order(connection, self._vendors)
        return self._runner(connection).check(order.connector, order.config)

    def _runner(self, connection: Connection) -> Runner:
        runner = self._runners.get(connection.runner)
        if runner is None:
            raise MisconfiguredError(f"The runner {connection.runner} is not set up on this server (see runners).")
        return runner


def _problem(side: Side, check: Callable[[], CheckEnd]) -> Problem | None:
    try:
        end = check()
    except OrchestratorError as error:
        return Problem(side=side, code=error.code, sentence=str(error))
    return None if end.succeeded else Problem(side=side, code=end.code or "misconfigured", sentence=end.message)
