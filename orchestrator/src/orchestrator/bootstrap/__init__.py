"""The only place that names concrete classes: settings become adapters, adapters services, services get a door."""

from orchestrator.bootstrap.application import Application, open_application

__all__ = ["Application", "open_application"]
