"""The dry run: everything is read and decided as a full sync would, and nothing is sent or stored."""

from collections.abc import Mapping, Sequence

from orchestrator.domain.account import Account
from orchestrator.domain.connection import Connection, RunnerKind
from orchestrator.domain.decision import addresses_of, decide, newest
from orchestrator.domain.plan import Plan, Planner
from orchestrator.domain.reading import Key, Policy, Reading, policy_of, read, removed
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database
from orchestrator.ports.runner import ReadRecord, Runner
from orchestrator.services.ledger_look import look_at
from orchestrator.services.read_source import ReadSource
from orchestrator.services.sync_orders import VendorEndpoints, destination_config
from orchestrator.services.sync_run import AccessTokens

DEFAULT_LIMIT = 10_000
ENTRIES_AT_ONCE = 2_000


class PlanSync:
    """Plans. What only Unisender can say (a shared address, a refused row) is taken to be as it was the last time."""

    def __init__(
        self,
        *,
        database: Database,
        runners: Mapping[RunnerKind, Runner],
        refresh_token: AccessTokens,
        vendors: VendorEndpoints,
        clock: Clock,
    ) -> None:
        self._database = database
        self._read_source = ReadSource(runners=runners, refresh_token=refresh_token, vendors=vendors)
        self._vendors = vendors
        self._clock = clock

    def plan(self, connection_id: int, *, limit: int | None = DEFAULT_LIMIT) -> Plan:
        """What a full read of at most `limit` records (None: of all) would do.

        Raises:
            NotFoundError, NeedsConsentError, MisconfiguredError, RetryableError: it cannot be read now.
        """
        with self._database.begin(reading=True) as tx:
            connection = tx.connections.get(connection_id)
            account = tx.accounts.get(connection.account_id)
        policy = policy_of(connection, destination=destination_config(connection, self._vendors))
        return self._planned(account, connection, policy, limit)

    def _planned(self, account: Account, connection: Connection, policy: Policy, limit: int | None) -> Plan:
        planner = Planner()

        def look(records: Sequence[ReadRecord]) -> bool:
            room = None if limit is None else limit - planner.plan.read
            readings = [read(record.stream, record.data, policy) for record in records[:room]]
            self._decide(planner, policy, [one for one in newest(readings) if one.key not in planner.seen])
            return limit is None or planner.plan.read < limit

        planner.plan.complete = self._read_source.read(account, connection, look)
        if planner.plan.complete:
            self._take_out_unseen(planner, policy, connection)
        return planner.plan

    def _decide(self, planner: Planner, policy: Policy, readings: Sequence[Reading]) -> None:
        with self._database.begin(reading=True) as tx:
            look = look_at(tx, policy.connection_id, readings)
        now = self._clock.now()
        imagined = planner.imagined(look, addresses_of(readings, look.entries))
        planner.add(decide(readings, imagined, policy, began=now, now=now))

    def _take_out_unseen(self, planner: Planner, policy: Policy, connection: Connection) -> None:
        """People in the list whom the source did not show: a deep sync takes them for deleted."""
        after: Key | None = None
        while True:
            with self._database.begin(reading=True) as tx:
                entries = tx.ledger.in_list(connection.id, after, ENTRIES_AT_ONCE)
            if not entries:
                return
            after = (entries[-1].stream, entries[-1].record_id)
            keys = [(one.stream, one.record_id) for one in entries if one.stream in connection.streams]
            self._decide(planner, policy, [removed(key) for key in keys if key not in planner.seen])
