"""Everything the HTTP entrypoint is given; bootstrap fills it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from orchestrator.domain.access import ApiToken
from orchestrator.domain.wording import Language
from orchestrator.ports.budgets import Budgets
from orchestrator.ports.clock import Clock
from orchestrator.ports.meter import Meter
from orchestrator.ports.spool import Spool
from orchestrator.services.admit_widget import AdmitWidget
from orchestrator.services.allow_removal import AllowRemoval
from orchestrator.services.close_repair import CloseRepair
from orchestrator.services.explain_contact import ExplainContact
from orchestrator.services.link_account import LinkAccount
from orchestrator.services.manage_connections import ManageConnections
from orchestrator.services.manage_integrations import ManageIntegrations
from orchestrator.services.note_export import NoteExport
from orchestrator.services.plan_sync import PlanSync
from orchestrator.services.preview_rows import PreviewRows
from orchestrator.services.queue_sync import QueueSync
from orchestrator.services.receive_opt_out import ReceiveOptOut
from orchestrator.services.receive_webhook import DrainSpool, ReceiveWebhook
from orchestrator.services.rename_account import RenameAccount
from orchestrator.services.report import Report
from orchestrator.services.retry_contacts import RetryContacts
from orchestrator.services.sample_account import SampleAccount
from orchestrator.services.set_up_connection import SetUpConnection
from orchestrator.services.sign_in import SignIn
from orchestrator.services.unlink_account import UnlinkAccount
from orchestrator.services.watch_webhooks import WatchWebhooks


class FiguresMeter(Meter, Protocol):
    """A meter that can tell what it was told."""

    def exposition(self) -> bytes:
        """In Prometheus' text format."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What requests are passed on to."""

    clock: Clock
    meter: FiguresMeter
    spool: Spool
    receive_webhook: ReceiveWebhook
    drain_spool: DrainSpool
    receive_opt_out: ReceiveOptOut
    queue_sync: QueueSync
    report: Report
    link_account: LinkAccount
    unlink_account: UnlinkAccount
    rename_account: RenameAccount
    sample_account: SampleAccount
    manage_integrations: ManageIntegrations
    manage_connections: ManageConnections
    watch_webhooks: WatchWebhooks
    retry_contacts: RetryContacts
    explain_contact: ExplainContact
    plan_sync: PlanSync
    set_up_connection: SetUpConnection
    preview_rows: PreviewRows
    close_repair: CloseRepair
    admit_widget: AdmitWidget
    sign_in: SignIn
    allow_removal: AllowRemoval
    note_export: NoteExport
    budgets: Budgets


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """How requests are answered."""

    tokens: tuple[ApiToken, ...] = ()
    language: Language = "en"
    """Of texts, unless the caller asks for another by Accept-Language."""
    body_limit_bytes: int = 10_000_000
    """Of webhooks."""
    database_wait_seconds: float = 1.2
    """How long a webhook waits for the database before it is kept in a file."""
    public_url: str = "http://127.0.0.1"
    """Where browsers reach us; https keeps cookies to encrypted connections."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """What is installed, for the System page."""
    open_metrics: bool = False
    """Whether /metrics asks for no token."""
    threads: int = 8
    """Calls worked on at once; each may hold a connection of the database's pool, and webhooks need two more."""
