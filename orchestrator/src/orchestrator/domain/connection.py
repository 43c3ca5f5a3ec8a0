"""A connection: one account's records, one Unisender list, and the rules between them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from orchestrator.domain.secret import Secret

STREAMS = ("contacts", "companies")
"""What can be brought to a list; contacts come first where both hold an address."""


class ConnectionStatus(StrEnum):
    """Whether a connection works."""

    DRAFT = "draft"  # being set up: its key and its list are known, and it does nothing yet
    ACTIVE = "active"
    PAUSED = "paused"  # changes gather, nothing is sent
    REMOVED = "removed"


class OnLeaving(StrEnum):
    """What happens to a person who no longer matches the filter (or was deleted, for `on_delete`)."""

    EXCLUDE = "exclude"  # taken out of the list
    KEEP = "keep"  # stays, without further updates


class RunnerKind(StrEnum):
    """Where the connectors of a connection run."""

    PROCESS = "process"  # warm forked processes on this machine
    CONTAINER = "container"  # images through docker or podman
    AIRBYTE = "airbyte"  # a connection of an Airbyte instance


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """How one account's people come into one list.

    `destination` is the destination's own configuration (list, mapping, emails, phones, tags, …) without the key, as
    docs/connectors/destination-unisender.md has it; `mapping.email`, `mapping.key`, `consent` and `on_delete` are ours.
    Its `list` may have both keys here: then the id counts and the title is what people call it.
    """

    id: int
    account_id: int
    name: str
    status: ConnectionStatus
    api_key: Secret
    destination: Mapping[str, Any]
    streams: tuple[str, ...] = ("contacts",)
    filter: Mapping[str, Any] | None = None
    """A rule as in docs/configuration.md; None lets everybody through."""
    consent_field: str | None = None
    """Only people whose custom field (id, code or name) is set are sent; None: everybody."""
    on_leaving: OnLeaving = OnLeaving.EXCLUDE
    on_delete: OnLeaving = OnLeaving.EXCLUDE
    schedule: str | None = "*/15 * * * *"
    """Cron expression (UTC) of incremental syncs; None: only webhooks and by hand."""
    deep_schedule: str | None = "17 3 * * 0"
    """Cron expression (UTC) of deep syncs."""
    max_removals: float = 0.2
    """A deep sync that would take out more than this share of the synced opens a repair instead."""
    runner: RunnerKind = RunnerKind.PROCESS
    airbyte_connection_id: str | None = None
    hook_secret: Secret = field(default_factory=lambda: Secret(""))
    """The unguessable part of the address Unisender calls."""
    managed_by: str = "database"
    """`yaml` when the configuration file defines it: then the API refuses to change it."""

    @property
    def list_id(self) -> str | None:
        """Id of the list, None while only its title is known."""
        number = self.destination.get("list", {}).get("id")
        return None if number is None else str(number)

    @property
    def list_title(self) -> str:
        """Title of the list, empty when only its id is known."""
        return str(self.destination.get("list", {}).get("title") or "")

    @property
    def list_choice(self) -> Mapping[str, Any]:
        """The list as the destination takes it: by id, or else by title."""
        number = self.destination.get("list", {}).get("id")
        return {"title": self.list_title} if number is None else {"id": number}
