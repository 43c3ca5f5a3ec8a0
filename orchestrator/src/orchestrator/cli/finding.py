"""Accounts and connections as people name them."""

from typing import TYPE_CHECKING

from orchestrator.domain.account import Account
from orchestrator.domain.connection import Connection, ConnectionStatus
from orchestrator.domain.errors import NotFoundError, RejectedError

if TYPE_CHECKING:
    from orchestrator.ports.database import Database, Transaction


def find_account(database: "Database", name: str) -> Account:
    """By number or host. Raises NotFoundError, and RejectedError when several integrations link this host."""
    with database.begin(reading=True) as tx:
        return _account(tx, name)


def find_connection(database: "Database", name: str) -> Connection:
    """By number, name or host/name. Raises NotFoundError, and RejectedError when several have the name."""
    with database.begin(reading=True) as tx:
        if _is_number(name):
            return tx.connections.get(int(name))
        host, _, own = name.rpartition("/")
        accounts = {_account(tx, host).id} if host else None
        found = [
            one
            for one in tx.connections.all(status={ConnectionStatus.ACTIVE, ConnectionStatus.PAUSED})
            if one.name == own and (accounts is None or one.account_id in accounts)
        ]
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(f"{tx.accounts.get(one.account_id).host}/{own}" for one in found)
            raise RejectedError(f"Several connections are called {own}: say {names}.")
    raise NotFoundError(f"There is no connection {name}: orchestrator connection list shows them.")


def only_connection(database: "Database") -> Connection:
    """The one there is. Raises RejectedError when there are several or none."""
    with database.begin(reading=True) as tx:
        found = tx.connections.all(status={ConnectionStatus.ACTIVE, ConnectionStatus.PAUSED})
    if len(found) != 1:
        raise RejectedError("Say which connection, by --connection: orchestrator connection list shows them.")
    return found[0]


def _account(tx: "Transaction", name: str) -> Account:
    if _is_number(name):
        return tx.accounts.get(int(name))
    found = tx.accounts.by_host(name.lower())
    if not found:
        raise NotFoundError(f"There is no account {name}: orchestrator account list shows them.")
    if len(found) > 1:
        numbers = ", ".join(str(one.id) for one in found)
        raise RejectedError(f"{name} is linked by several integrations: say which one by its number ({numbers}).")
    return found[0]


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdecimal()
