"""From settings to what services take: integrations and connections in the words of the domain."""

from collections.abc import Mapping
from typing import Any

from orchestrator.config.connections import ConnectionEntry, ConnectionRules
from orchestrator.config.settings import Settings
from orchestrator.domain.hook_addresses import OAUTH_CALLBACK_PATH
from orchestrator.services.apply_configuration import Declaration, DeclaredIntegration
from orchestrator.services.declare_connections import Declared

_OF_DESTINATION = ("emails", "phones", "default_country", "when_empty")
_OF_CONNECTION = (
    "streams", "filter", "consent_field", "on_leaving", "on_delete", "schedule", "deep_schedule", "max_removals",
    "runner",
)  # fmt: skip


def declaration(settings: Settings) -> Declaration:
    """Everything the file says of integrations and connections."""
    connections: dict[str, list[Declared]] = {}
    for entry in settings.connections:
        one = Declared(api_key=entry.api_key, settings=_settings_of(entry, settings.connection_defaults))
        connections.setdefault(entry.account, []).append(one)
    integrations = [
        DeclaredIntegration(
            name=entry.name,
            client_id=entry.client_id,
            client_secret=entry.client_secret,
            redirect_uri=entry.redirect_uri or f"{settings.address}{OAUTH_CALLBACK_PATH}",
            zone=entry.zone,
        )
        for entry in settings.integrations
    ]
    return Declaration(integrations=integrations, connections=connections)


def connection_settings(rules: ConnectionRules) -> Mapping[str, Any]:
    """Rules as `domain.connection_settings` names them; for the defaults of connections made by hand, too."""
    own = {name: getattr(rules, name) for name in _OF_CONNECTION}
    fields = [field.model_dump(by_alias=True, exclude_none=True) for field in rules.mapping.fields]
    destination = {
        **{name: getattr(rules, name) for name in _OF_DESTINATION},
        "mapping": {**rules.mapping.model_dump(), "fields": fields},
        "tags": {**rules.tags.model_dump(), "static": list(rules.tags.static)},
    }
    return {**own, "destination": destination}


def _settings_of(entry: ConnectionEntry, defaults: ConnectionRules) -> Mapping[str, Any]:
    settings = connection_settings(entry.rules(defaults))
    chosen = entry.list.model_dump(exclude_none=True)
    return {
        **settings,
        "name": entry.name,
        "airbyte_connection_id": entry.airbyte_connection_id,
        "destination": {**settings["destination"], "list": chosen},
    }
