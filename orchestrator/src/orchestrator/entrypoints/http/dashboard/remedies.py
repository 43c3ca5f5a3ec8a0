"""Which buttons mend a repair. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.domain.account import Account
from orchestrator.domain.connection import Connection
from orchestrator.domain.repair import Repair, RepairCode
from orchestrator.services.views import AccountView


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom a repair is about."""

    account: Account
    connections: Sequence[Connection]


def owner_of(view: AccountView) -> Owner:
    return Owner(view.account, [one.connection for one in view.connections])


@dataclass(frozen=True, slots=True)
class Remedy:
    """A button. `leads`: it opens a page instead of doing something."""

    label: str
    path: str
    leads: bool = False


_RENEWS = {RepairCode.CONSENT_NEEDED, RepairCode.RIGHTS_MISSING}
_CHECKS_HOOK = {RepairCode.WEBHOOK_DISABLED, RepairCode.WEBHOOKS_NOT_IN_TARIFF}
_SYNCS_AGAIN = {
    RepairCode.API_BLOCKED, RepairCode.SUBSCRIPTION_LAPSED, RepairCode.QUOTA_EXHAUSTED, RepairCode.FIELD_MISSING,
    RepairCode.FIELD_LIMIT, RepairCode.MISCONFIGURED,
}  # fmt: skip
_SETTINGS = {
    RepairCode.API_KEY_INVALID: "repairs.new_key",
    RepairCode.LIST_MISSING: "repairs.choose_list",
    RepairCode.FIELD_MISSING: "repairs.settings",
    RepairCode.FIELD_LIMIT: "repairs.settings",
    RepairCode.MISCONFIGURED: "repairs.settings",
}


def remedies(repair: Repair, owner: Owner | None) -> Sequence[Remedy]:
    """The most helpful first. `owner`: None for what is about the service itself."""
    if owner is None:
        return [Remedy("repairs.check_queue", "/system", leads=True)]
    account, code = owner.account, repair.code
    connections = [one for one in owner.connections if repair.connection_id in {None, one.id}]
    found: list[Remedy] = []
    if code in _RENEWS:
        found.append(Remedy("repairs.renew", f"/accounts/{account.id}/consent", leads=True))
    if code in _CHECKS_HOOK:
        found.append(Remedy("repairs.check_webhook", f"/accounts/{account.id}/webhook/check"))
    for connection in connections:
        if code in _SETTINGS and connection.managed_by != "yaml":
            found.append(Remedy(_SETTINGS[code], f"/connections/{connection.id}", leads=True))
        if code in _SYNCS_AGAIN:
            found.append(Remedy("repairs.synchronise", f"/connections/{connection.id}/changes"))
        if code is RepairCode.WOULD_EMPTY_LIST:
            found.append(Remedy("repairs.confirm_removal", f"/connections/{connection.id}/removal", leads=True))
    return found
