"""amoCRM's webhooks: many into the database at once, or, when that is slow or away, onto the disk; in bounded time."""

import asyncio
from contextlib import suppress
from logging import getLogger

from orchestrator.domain.amocrm_hook import Arrival
from orchestrator.domain.errors import RetryableError
from orchestrator.entrypoints.http.together import Together
from orchestrator.ports.meter import Meter
from orchestrator.ports.spool import Spool
from orchestrator.services.receive_webhook import DrainSpool, ReceiveWebhook

LOG = getLogger(__name__)

GATHER_SECONDS = 0.003
DRAIN_EVERY_SECONDS = 1.0


class HookIntake:
    """Takes webhooks. Belongs to one event loop; `close` it there."""

    def __init__(
        self,
        *,
        receive_webhook: ReceiveWebhook,
        drain_spool: DrainSpool,
        spool: Spool,
        meter: Meter,
        database_wait_seconds: float,
    ) -> None:
        self._commits = Together(receive_webhook.receive, name="hooks", gather_seconds=GATHER_SECONDS)
        self._spool = spool
        self._spooled = Together(spool.keep, name="spool")
        self._drain_spool, self._meter, self._wait_seconds = drain_spool, meter, database_wait_seconds
        self._drainer = asyncio.create_task(self._drain())

    async def take(self, arrival: Arrival) -> None:
        """Returns once the webhook is safe. Raises RetryableError when neither database nor disk takes it."""
        if not await self._committed(arrival):
            await self._spooled.put(arrival)
            self._meter.count("webhooks_spooled_total")

    async def close(self) -> None:
        self._drainer.cancel()
        with suppress(asyncio.CancelledError):
            await self._drainer
        await self._commits.close()
        await self._spooled.close()
        self._spool.close()

    async def _committed(self, arrival: Arrival) -> bool:
        if self._commits.busy_seconds > self._wait_seconds:
            return False  # the database is stuck: nobody else needs to find that out by waiting
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._commits.put(arrival)
        except TimeoutError:
            return False  # it may still be committed: then it is taken twice, which does no harm
        except RetryableError:
            return False
        except Exception as error:  # noqa: BLE001 - a mistake of ours must not cost a webhook
            LOG.error("webhooks_not_taken", extra={"error": type(error).__name__})  # noqa: TRY400 - may quote people
            return False
        return True

    async def _drain(self) -> None:
        while True:
            await asyncio.sleep(DRAIN_EVERY_SECONDS)
            try:
                if taken := await asyncio.to_thread(self._drain_spool.run):
                    LOG.info("spool_drained", extra={"webhooks": taken})
            except RetryableError:
                continue
            except Exception as error:  # noqa: BLE001 - the next round may fare better
                LOG.error("spool_not_drained", extra={"error": type(error).__name__})  # noqa: TRY400
