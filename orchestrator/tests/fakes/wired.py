"""The service as bootstrap wires it, over a test's database, without a network: what HTTP is given."""

from dataclasses import fields
from pathlib import Path
from typing import Any, cast

from linked import VAULT_KEY, Linked
from meters import RememberingMeter
from orchestrator.bootstrap import Application
from orchestrator.config.settings import Settings
from orchestrator.entrypoints.http.services import Services

NOWHERE = "http://127.0.0.1:9"


class ExposingMeter(RememberingMeter):
    """One that can tell what it was told."""

    def exposition(self) -> bytes:
        return "".join(f"{name} {count}\n" for name, count in sorted(self.counts.items())).encode()


def application_over(
    here: Linked, folder: Path, *, vendors: str = NOWHERE, public_url: str = "http://127.0.0.1:8901"
) -> Application:
    """`folder` is the data folder, `vendors` the address of a sandbox. Close it when its runners were used."""
    settings = Settings.model_validate(
        {
            "data_folder": folder,
            "public_url": public_url,
            "security": {"encryption_keys": [VAULT_KEY.reveal()]},
            "vendors": {"amocrm_url": vendors, "unisender_url": vendors, "connect_timeout": 2},
        }
    )
    application: Any = Application(settings)
    application.database, application.meter = here.database, ExposingMeter()
    return cast("Application", application)


def services_of(application: Application) -> Services:
    return Services(**{field.name: getattr(application, field.name) for field in fields(Services)})


def wired(here: Linked, folder: Path) -> Services:
    return services_of(application_over(here, folder))
