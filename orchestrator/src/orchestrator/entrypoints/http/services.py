"""Everything the HTTP entrypoint is given; bootstrap fills it."""

from dataclasses import dataclass

from orchestrator.domain.access import ApiToken
from orchestrator.domain.wording import Language
from orchestrator.ports.clock import Clock
from orchestrator.ports.meter import Meter
from orchestrator.ports.spool import Spool
from orchestrator.services.queue_sync import QueueSync
from orchestrator.services.receive_opt_out import ReceiveOptOut
from orchestrator.services.receive_webhook import DrainSpool, ReceiveWebhook


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What requests are passed on to."""

    clock: Clock
    meter: Meter
    spool: Spool
    receive_webhook: ReceiveWebhook
    drain_spool: DrainSpool
    receive_opt_out: ReceiveOptOut
    queue_sync: QueueSync


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
    open_metrics: bool = False
    """Whether /metrics asks for no token."""
    threads: int = 8
    """Calls worked on at once; each may hold a connection of the database's pool, and webhooks need two more."""
