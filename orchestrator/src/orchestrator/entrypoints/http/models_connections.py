"""Connections, and a look at both of their sides, over the API."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import Field, SecretStr

from orchestrator.domain.connection import Connection, ConnectionStatus, OnLeaving, RunnerKind
from orchestrator.domain.ledger import Reason
from orchestrator.domain.secret import Secret
from orchestrator.entrypoints.http.models import Answer, Order
from orchestrator.entrypoints.http.models_syncs import SyncAnswer
from orchestrator.services.views import ConnectionView

DESTINATION = {"list": {"title": "amoCRM contacts"}, "emails": "first"}
FILTER = {"tag": "client"}
SHORTEST_SHOWN = 12


def tail(key: Secret) -> str:
    """All that is ever shown of a key; of a short one, nothing."""
    text = key.reveal()
    return f"…{text[-4:] if len(text) >= SHORTEST_SHOWN else ''}"


def opened(given: SecretStr) -> Secret:
    return Secret(given.get_secret_value().strip())


class ConnectionAnswer(Answer):
    """One account's people, one list, and the rules between them."""

    id: int
    account_id: int
    name: str
    status: ConnectionStatus
    managed_by: str = Field(description="`yaml`: it is changed in the configuration file.", examples=["database"])
    api_key: str = Field(description="The last four characters.", examples=["…x7f2"])
    destination: Mapping[str, Any] = Field(examples=[DESTINATION])
    streams: Sequence[str] = Field(examples=[["contacts"]])
    filter: Mapping[str, Any] | None = Field(examples=[FILTER])
    consent_field: str | None
    on_leaving: OnLeaving
    on_delete: OnLeaving
    schedule: str | None = Field(examples=["*/15 * * * *"])
    deep_schedule: str | None
    max_removals: float
    runner: RunnerKind
    airbyte_connection_id: str | None

    @classmethod
    def of(cls, connection: Connection) -> Self:
        shown = {name: getattr(connection, name) for name in cls.model_fields if name != "api_key"}
        return cls(api_key=tail(connection.api_key), **shown)


class PeopleAnswer(Answer):
    """How many contacts stand where."""

    synced: int = Field(description="In the list.")
    unsynced: int
    attention: int = Field(description="Of the unsynced, those a person could mend.")
    opted_out: int = Field(description="Of the unsynced, those who left by their own will.")
    suppressed: int = Field(description="Addresses that must not be subscribed again.")
    by_reason: Mapping[Reason, int]


class FreshnessAnswer(Answer):
    """Webhook to accepted, over the last hour, in seconds."""

    deliveries: int
    p50: float | None
    p95: float | None
    longest: float | None


class ConnectionOverview(Answer):
    """A connection and how it does."""

    connection: ConnectionAnswer
    people: PeopleAnswer
    pending_changes: int
    freshness: FreshnessAnswer
    open_syncs: tuple[SyncAnswer, ...]
    last_done: SyncAnswer | None
    last_failed: SyncAnswer | None = Field(description="The latest sync, if it failed.")

    @classmethod
    def of(cls, view: ConnectionView) -> Self:
        return cls(
            connection=ConnectionAnswer.of(view.connection),
            people=PeopleAnswer.model_validate(view.people),
            pending_changes=view.pending_changes,
            freshness=FreshnessAnswer.model_validate(view.freshness),
            open_syncs=tuple(SyncAnswer.of(one) for one in view.open_syncs),
            last_done=None if view.last_done is None else SyncAnswer.model_validate(view.last_done),
            last_failed=None if view.last_failed is None else SyncAnswer.model_validate(view.last_failed),
        )


class ConnectionList(Answer):
    """Connections with how they do."""

    connections: tuple[ConnectionOverview, ...]


class ConnectionPatch(Order):
    """Settings to change; those left out stay. `destination` is merged key by key."""

    api_key: SecretStr | None = Field(default=None, min_length=1, max_length=500, description="Unisender's.")
    name: str | None = Field(default=None, description="As people call it; the list's title when left out.")
    destination: Mapping[str, Any] | None = Field(
        default=None,
        description="List, mapping, e-mails, phones and tags, as docs/connectors/destination-unisender.md has them.",
        examples=[DESTINATION],
    )
    streams: tuple[Literal["contacts", "companies"], ...] | None = None
    filter: Mapping[str, Any] | None = Field(default=None, examples=[FILTER])
    consent_field: str | None = None
    on_leaving: OnLeaving | None = None
    on_delete: OnLeaving | None = None
    schedule: str | None = Field(default=None, description="Cron expression; null: never.")
    deep_schedule: str | None = Field(default=None, description="Cron expression; null: never.")
    max_removals: float | None = None
    runner: RunnerKind | None = None
    airbyte_connection_id: str | None = None

    def settings(self) -> dict[str, Any]:
        """What was given, by name."""
        return {name: getattr(self, name) for name in self.model_fields_set if name != "api_key"}

    def key(self) -> Secret | None:
        return None if self.api_key is None else opened(self.api_key)


class ConnectionOrder(ConnectionPatch):
    """A new connection; what is left out is as `connection_defaults` has it."""

    api_key: SecretStr = Field(min_length=1, max_length=500, description="Unisender's.")

    def the_key(self) -> Secret:
        return opened(self.api_key)


class ProbeOrder(Order):
    """A Unisender key to try."""

    api_key: SecretStr = Field(min_length=1, max_length=500)


class ListAnswer(Answer):
    """A list at Unisender."""

    id: str
    title: str


class ProbeAnswer(Answer):
    """What a key opens."""

    lists: tuple[ListAnswer, ...]


class ListOrder(ProbeOrder):
    """A list to be there, made unless one of the title is there already."""

    title: str = Field(min_length=1, max_length=255)


class CheckProblem(Answer):
    """What keeps a side from working."""

    side: Literal["source", "destination"]
    code: str
    sentence: str


class CheckAnswer(Answer):
    """Whether both sides work."""

    succeeded: bool
    problems: tuple[CheckProblem, ...]


class FieldsAnswer(Answer):
    """Custom fields, in amoCRM's own shape."""

    fields: Sequence[Mapping[str, Any]]


class SamplesAnswer(Answer):
    """A few records, in amoCRM's own shape."""

    records: Sequence[Mapping[str, Any]]
