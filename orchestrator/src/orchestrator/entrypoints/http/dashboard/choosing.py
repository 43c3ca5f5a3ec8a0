"""Which contacts a page or an export shows: an account, a connection, who of them, a search. Read from the address."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from orchestrator.domain.account import Account, AccountStatus
from orchestrator.domain.connection import Connection
from orchestrator.domain.errors import NotFoundError, RejectedError
from orchestrator.domain.ledger import SYNCED, Reason
from orchestrator.entrypoints.http.dashboard.visit import Form, Visit
from orchestrator.services.views import ATTENTION, OPTED_OUT

SHOWN: Mapping[str, Collection[Reason] | None] = {
    "all": None,
    "synced": SYNCED,
    "unsynced": frozenset(Reason) - SYNCED,
    "attention": ATTENTION,
    "opted_out": OPTED_OUT,
}
"""Who can be asked for, as reasons."""
LONGEST_SEARCH = 200

Names = Sequence[tuple[Account, Sequence[Connection]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was asked for."""

    account: Account
    connections: Sequence[Connection]
    """All of the account."""
    connection: Connection | None
    """None: all of them."""
    show: str
    reason: Reason | None
    search: str

    @property
    def connection_ids(self) -> Sequence[int]:
        return [one.id for one in self.connections] if self.connection is None else [self.connection.id]

    @property
    def reasons(self) -> Collection[Reason] | None:
        return SHOWN[self.show] if self.reason is None else [self.reason]

    def address(self, **others: str | None) -> str:
        """The query of the same choice with some parts changed; None leaves a part out."""
        parts: dict[str, str | None] = {
            "account": str(self.account.id) if self.connection is None else None,
            "connection": None if self.connection is None else str(self.connection.id),
            "status": None if self.show == "all" else self.show,
            "reason": None if self.reason is None else self.reason.value,
            "search": self.search or None,
            **others,
        }
        return urlencode({name: value for name, value in parts.items() if value is not None})


def chosen(visit: Visit) -> Choice | None:
    """None while no account is linked. Raises NotFoundError, RejectedError."""
    names, query = visit.services.report.names(), visit.query
    if not names:
        return None
    account, connections, connection = _of(names, query)
    return Choice(
        account=account,
        connections=connections,
        connection=connection,
        show=_one_of(query, "status", list(SHOWN)) or "all",
        reason=None if (code := _one_of(query, "reason", [one.value for one in Reason])) is None else Reason(code),
        search=query.text("search")[:LONGEST_SEARCH],
    )


def _of(names: Names, query: Form) -> tuple[Account, Sequence[Connection], Connection | None]:
    wanted, account_id = query.number("connection"), query.number("account")
    if wanted is not None:
        for account, connections in names:
            for connection in connections:
                if connection.id == wanted and account_id in {None, account.id}:
                    return account, connections, connection
        if account_id is None:
            raise NotFoundError("There is no such connection.")
    if account_id is not None:
        for account, connections in names:
            if account.id == account_id:
                return account, connections, None
        raise NotFoundError("There is no such account.")
    # The one most likely meant: an account that works and has a connection.
    account, connections = max(names, key=lambda one: (one[0].status is AccountStatus.ACTIVE, bool(one[1]), -one[0].id))
    return account, connections, None


def _one_of(query: Form, name: str, known: Sequence[str]) -> str | None:
    text = query.text(name)
    if text and text not in known:
        raise RejectedError(f"{name} must be one of {', '.join(known)}.")
    return text or None
