"""How accounts, connections and syncs stand, as one of five tones (a shape and a colour) and a text's key. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from orchestrator.domain.account import Account, AccountStatus
from orchestrator.domain.connection import Connection, ConnectionStatus
from orchestrator.domain.ledger import Reason
from orchestrator.domain.sync import SyncStatus
from orchestrator.services.views import ATTENTION, OPTED_OUT, AccountView

Tone = Literal["arrived", "attention", "stopped", "going", "idle"]


@dataclass(frozen=True, slots=True)
class Standing:
    """A shape, a colour and a word."""

    tone: Tone
    word: str
    """Key of the text."""


_ACCOUNTS: Mapping[AccountStatus, Standing] = {
    AccountStatus.PENDING: Standing("going", "standing.account_pending"),
    AccountStatus.ACTIVE: Standing("arrived", "standing.account_active"),
    AccountStatus.NEEDS_REAUTH: Standing("attention", "standing.account_needs_reauth"),
    AccountStatus.DISABLED: Standing("stopped", "standing.account_disabled"),
    AccountStatus.UNLINKING: Standing("going", "standing.account_unlinking"),
    AccountStatus.UNLINKED: Standing("idle", "standing.account_unlinked"),
}
_NOT_SET_UP = Standing("idle", "standing.account_not_set_up")
_POLLED = Standing("arrived", "standing.account_polled")
_PAUSED = Standing("idle", "standing.account_paused")
_SYNCING = Standing("going", "standing.account_syncing")
_TO_REPAIR = Standing("attention", "standing.account_to_repair")

_SYNCS: Mapping[SyncStatus, Tone] = {
    SyncStatus.QUEUED: "idle",
    SyncStatus.RUNNING: "going",
    SyncStatus.WAITING: "attention",
    SyncStatus.DONE: "arrived",
    SyncStatus.FAILED: "stopped",
    SyncStatus.CANCELLED: "idle",
}


def of_account(view: AccountView) -> Standing:
    account = view.account
    if account.status is not AccountStatus.ACTIVE:
        return _ACCOUNTS[account.status]
    if view.repairs:
        return _TO_REPAIR
    if not view.connections:
        return _NOT_SET_UP
    if all(one.connection.status is ConnectionStatus.PAUSED for one in view.connections):
        return _PAUSED
    if any(one.running_bulk for one in view.connections):
        return _SYNCING
    return _ACCOUNTS[AccountStatus.ACTIVE] if account.webhooks else _POLLED


def of_connection(connection: Connection) -> Standing:
    paused = connection.status is ConnectionStatus.PAUSED
    return Standing("idle" if paused else "arrived", f"standing.connection_{connection.status.value}")


def of_sync(status: SyncStatus) -> Standing:
    return Standing(_SYNCS[status], f"standing.sync_{status.value}")


def of_attempt(outcome: str) -> Standing:
    tones: Mapping[str, Tone] = {
        "running": "going", "done": "arrived", "sliced": "arrived", "waiting": "attention", "failed": "stopped",
        "lost": "attention",
    }  # fmt: skip
    return Standing(tones.get(outcome, "idle"), f"standing.attempt_{outcome}")


def of_contact(reason: Reason | None, *, in_list: bool) -> Tone:
    if in_list:
        return "arrived"
    if reason in ATTENTION:
        return "attention"
    if reason in OPTED_OUT:
        return "stopped"
    return "going" if reason is Reason.PENDING else "idle"


def may_work(account: Account) -> bool:
    return account.status is AccountStatus.ACTIVE


def may_renew(account: Account) -> bool:
    """Whether consent can be asked for again."""
    return account.status in {AccountStatus.ACTIVE, AccountStatus.NEEDS_REAUTH, AccountStatus.DISABLED}
