"""What the service is built upon: settings, database, doorbell, vendors, runners; each built when first asked for.

Imports stand inside the properties for that reason: the command line is quick, and a process loads what it needs.
"""
# ruff: noqa: PLC0415

import os
import socket
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.vault import Vault
from orchestrator.config.settings import Settings
from orchestrator.domain.access import ApiToken, Doorkeeper
from orchestrator.domain.connection import RunnerKind

if TYPE_CHECKING:
    from orchestrator.adapters.amocrm import HttpAmocrm
    from orchestrator.adapters.budgets import FileBudgets
    from orchestrator.adapters.spool import FileSpool
    from orchestrator.adapters.unisender import HttpUnisender
    from orchestrator.ports.database import Database
    from orchestrator.ports.doorbell import Doorbell
    from orchestrator.ports.runner import Runner
    from orchestrator.services.sync_orders import VendorEndpoints
    from orchestrator.telemetry.metrics import Metrics

METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def api_tokens(settings: Settings) -> list[ApiToken]:
    """Who may call, as the configuration has it."""
    return [ApiToken(name=one.name, token=one.token, scopes=frozenset(one.scopes)) for one in settings.http.tokens]


class Outside:
    """The adapters, by name. One per process; safe to use from several threads once a part was built."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = SystemClock()
        self.owner = f"{socket.gethostname()[:40]}:{os.getpid()}:{uuid4().hex[:8]}"
        """Who holds leases and syncs."""

    @cached_property
    def public_url(self) -> str:
        http = self.settings.http
        return (self.settings.public_url or f"http://127.0.0.1:{http.port}").rstrip("/")

    @cached_property
    def folder(self) -> Path:
        """The data folder, there and for our eyes only."""
        folder = Path(self.settings.data_folder).resolve()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    @cached_property
    def vault(self) -> Vault:
        """Raises MisconfiguredError without keys."""
        return Vault(self.settings.security.encryption_keys)

    @cached_property
    def doorkeeper(self) -> Doorkeeper:
        """Who may call; told of changes of the configuration while the service runs."""
        return Doorkeeper(api_tokens(self.settings))

    @cached_property
    def database(self) -> "Database":
        from orchestrator.adapters.database import open_database

        wanted = self.settings.database
        url = wanted.url.reveal() if wanted.url else f"sqlite:///{self.folder / 'orchestrator.db'}"
        return open_database(url, vault=self.vault, pool_size=wanted.pool_size)

    @cached_property
    def doorbell(self) -> "Doorbell":
        url = self.settings.queue.url
        if url == "embedded":
            from orchestrator.adapters.embedded_doorbell import EmbeddedDoorbell

            return EmbeddedDoorbell()
        from orchestrator.adapters.beanstalk import BeanstalkDoorbell

        return BeanstalkDoorbell([url])

    @cached_property
    def meter(self) -> "Metrics":
        # prometheus_client looks at the variable when it is first imported.
        folder = self.folder / "metrics"
        folder.mkdir(exist_ok=True)
        os.environ.setdefault(METRICS_FOLDER, str(folder))
        from orchestrator.telemetry.metrics import Metrics

        return Metrics()

    @cached_property
    def spool(self) -> "FileSpool":
        from orchestrator.adapters.spool import FileSpool

        return FileSpool(self.folder / "spool", vault=self.vault)

    @cached_property
    def amocrm(self) -> "HttpAmocrm":
        from orchestrator.adapters.amocrm import HttpAmocrm

        wanted = self.settings.vendors
        return HttpAmocrm(
            base_url=wanted.amocrm_url,
            connect_timeout=wanted.connect_timeout,
            read_timeout=wanted.read_timeout,
            meter=self.meter,
        )

    @cached_property
    def unisender(self) -> "HttpUnisender":
        from orchestrator.adapters.unisender import HttpUnisender

        wanted = self.settings.vendors
        address: dict[str, Any] = {"base_url": wanted.unisender_url} if wanted.unisender_url else {}
        return HttpUnisender(
            **address,
            connect_timeout=wanted.connect_timeout,
            read_timeout=wanted.read_timeout,
            notify_url=self.public_url,
        )

    @cached_property
    def runners(self) -> Mapping[RunnerKind, "Runner"]:
        from orchestrator.adapters.runners.container import ContainerRunner
        from orchestrator.adapters.runners.process import ProcessRunner
        from orchestrator.config.catalogue import catalogue

        known, wanted = catalogue(), self.settings.runners
        found: dict[RunnerKind, Runner] = {
            RunnerKind.PROCESS: ProcessRunner(modules={one.name: one.module for one in known}),
            RunnerKind.CONTAINER: ContainerRunner(
                images={one.name: one.image for one in known} | dict(wanted.container.images),
                command=wanted.container.command.split(),
                network=wanted.container.network,
            ),
        }
        if airbyte := self._airbyte():
            found[RunnerKind.AIRBYTE] = airbyte
        return found

    def _airbyte(self) -> "Runner | None":
        """The runner of connections that an Airbyte instance runs, where one is named."""
        from orchestrator.adapters.runners.airbyte import AirbyteRunner
        from orchestrator.adapters.runners.airbyte_api import AirbyteApi, Application

        wanted = self.settings.runners.airbyte
        if wanted.url is None:
            return None
        if wanted.token is not None:
            return AirbyteRunner(api=AirbyteApi(url=wanted.url, credentials=wanted.token))
        if wanted.client_id is None or wanted.client_secret is None:
            return None
        application = Application(client_id=wanted.client_id, client_secret=wanted.client_secret)
        return AirbyteRunner(api=AirbyteApi(url=wanted.url, credentials=application))

    @cached_property
    def vendors(self) -> "VendorEndpoints":
        from orchestrator.services.sync_orders import VendorEndpoints

        wanted = self.settings.vendors
        return VendorEndpoints(
            amocrm_base_url=wanted.amocrm_url,
            unisender_base_url=wanted.unisender_url,
            rate_limits_off=not wanted.rate_limits,
            requests_per_second=wanted.requests_per_second,
            budget_folder=self.budget_folder,
            extra_source={"connect_timeout": wanted.connect_timeout, "read_timeout": wanted.read_timeout},
            extra_destination={"connect_timeout": wanted.connect_timeout, "read_timeout": wanted.read_timeout},
        )

    @cached_property
    def budget_folder(self) -> Path:
        folder = self.folder / "budgets"
        folder.mkdir(exist_ok=True, mode=0o700)
        return folder

    @cached_property
    def budgets(self) -> "FileBudgets":
        from orchestrator.adapters.budgets import FileBudgets

        return FileBudgets(self.budget_folder)

    def close(self) -> None:
        """End what was opened: connectors first, then the doorbell, then the database."""
        built = vars(self)
        for runner in built.get("runners", {}).values():
            runner.close()
        for name in ("doorbell", "database"):
            if name in built:
                built[name].close()
