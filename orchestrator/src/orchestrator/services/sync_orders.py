"""What connectors are told: configurations and catalogs of one connection's source and destination."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.domain.account import Account
from orchestrator.domain.connection import Connection
from orchestrator.domain.secret import Secret
from orchestrator.ports.runner import DestinationOrder, SourceOrder

SOURCE = "source-amocrm"
DESTINATION = "destination-unisender"

DEPARTURES = "_departures"
"""Ends the names of the streams that carry addresses which leave the list."""
DELETIONS = {"contacts": "contact_deletions", "companies": "company_deletions"}
"""The source's streams of deletion events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorEndpoints:
    """Where the vendors answer and how patient connectors are; the defaults are the vendors' own."""

    amocrm_base_url: str | None = None
    unisender_base_url: str | None = None
    rate_limits_off: bool = False
    """Only against a sandbox that does not limit either."""
    requests_per_second: float = 7.0
    budget_folder: Path | None = None
    """Where both lanes of an account on this machine share its requests."""
    extra_source: Mapping[str, Any] = field(default_factory=dict)
    """Timeouts and the like, as the source's configuration has them."""
    extra_destination: Mapping[str, Any] = field(default_factory=dict)


def destination_config(connection: Connection, vendors: VendorEndpoints) -> dict[str, Any]:
    """What the destination gets: the connection's own settings, and what the service decides itself.

    Addresses, consent and departures are the service's business, so the destination is to write all it is given.
    """
    own = {key: value for key, value in connection.destination.items() if key not in ("api_key", "consent")}
    mapping = {**own.get("mapping", {}), "email": "emails", "key": "id"}
    config: dict[str, Any] = {
        **vendors.extra_destination,
        "when_empty": "clear",
        **own,
        "list": connection.list_choice,
        "api_key": connection.api_key.reveal(),
        "mapping": mapping,
        "tags": {"mode": "replace", **own.get("tags", {})},
        "emails": "all",
        "on_delete": "exclude",
        "report_outcomes": True,
    }
    if vendors.unisender_base_url:
        config["base_url"] = vendors.unisender_base_url
    return config


def destination_order(
    connection: Connection, vendors: VendorEndpoints, *, streams: Iterable[str] = ()
) -> DestinationOrder:
    """The streams' rows and departures into the connection's list."""
    names = [name for stream in (streams or connection.streams) for name in (stream, stream + DEPARTURES)]
    return DestinationOrder(
        connector=DESTINATION, config=destination_config(connection, vendors), catalog=_catalog(names)
    )


def source_order(
    account: Account,
    vendors: VendorEndpoints,
    *,
    access_token: Secret,
    streams: Sequence[str],
    stream_states: Sequence[Mapping[str, Any]] = (),
    record_ids: Mapping[str, Sequence[int]] | None = None,
) -> SourceOrder:
    """These streams from where their states say, or exactly these records."""
    config: dict[str, Any] = {
        **vendors.extra_source,
        "host": account.host,
        "credentials": {"auth_type": "long_lived_token", "access_token": access_token.reveal()},
        "requests_per_second": vendors.requests_per_second,
    }
    if vendors.amocrm_base_url:
        config["base_url"] = vendors.amocrm_base_url
        if vendors.rate_limits_off:
            config["rate_limits"] = "off"
    if vendors.budget_folder:
        config["budget_file"] = str(vendors.budget_folder / f"amocrm-{account.id}.budget")
    if record_ids:
        config["record_ids"] = {stream: list(ids) for stream, ids in record_ids.items()}
    return SourceOrder(connector=SOURCE, config=config, catalog=_catalog(streams), stream_states=stream_states)


def _catalog(streams: Iterable[str]) -> dict[str, Any]:
    return {
        "streams": [
            {
                "stream": {"name": name, "json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]},
                "sync_mode": "incremental",
                "destination_sync_mode": "append_dedup",
                "cursor_field": [cursor_of(name)],
                "primary_key": [["id"]],
            }
            for name in streams
        ]
    }


def cursor_of(stream: str) -> str:
    """The field by which a stream goes on where it ended; Unix seconds."""
    return "created_at" if stream in DELETIONS.values() else "updated_at"
