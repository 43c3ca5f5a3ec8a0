"""The services over a test's database, wired as bootstrap does it, with the embedded doorbell."""

from datetime import timedelta
from pathlib import Path

from linked import VAULT_KEY, Linked
from meters import RememberingMeter
from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.embedded_doorbell import EmbeddedDoorbell
from orchestrator.adapters.spool import FileSpool
from orchestrator.adapters.vault import Vault
from orchestrator.entrypoints.http.services import Services
from orchestrator.services.queue_sync import QueueSync
from orchestrator.services.receive_opt_out import ReceiveOptOut
from orchestrator.services.receive_webhook import DrainSpool, ReceiveWebhook


def wired(here: Linked, folder: Path) -> Services:
    """`folder` is the data folder."""
    clock, meter, doorbell = SystemClock(), RememberingMeter(), EmbeddedDoorbell()
    spool = FileSpool(folder / "spool", vault=Vault([VAULT_KEY]))
    receive_webhook = ReceiveWebhook(
        database=here.database, doorbell=doorbell, clock=clock, meter=meter, debounce=timedelta(seconds=0.25)
    )
    return Services(
        clock=clock,
        meter=meter,
        spool=spool,
        receive_webhook=receive_webhook,
        drain_spool=DrainSpool(spool=spool, receive_webhook=receive_webhook),
        receive_opt_out=ReceiveOptOut(database=here.database, clock=clock),
        queue_sync=QueueSync(database=here.database, doorbell=doorbell, clock=clock),
    )
