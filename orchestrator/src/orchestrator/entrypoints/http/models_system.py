"""Repairs, the audit log and the service itself over the API."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Self

from pydantic import Field

from orchestrator.domain.repair import Repair, RepairCode
from orchestrator.domain.repair_texts import text_of
from orchestrator.domain.sync import Lane
from orchestrator.domain.wording import Language
from orchestrator.entrypoints.http.models import Answer, Page


class RepairAnswer(Answer):
    """Something a person must do, in three sentences."""

    id: int
    code: RepairCode
    account_id: int | None
    connection_id: int | None
    opened_at: datetime
    happened: str = Field(examples=["Unisender does not accept the API key."])
    means: str = Field(examples=["Nobody new reaches the list and changes do not arrive; they wait here."])
    do: str = Field(examples=["Copy the key from Unisender's settings and save it in the connection."])

    @classmethod
    def of(cls, repair: Repair, language: Language) -> Self:
        text = text_of(repair, language)
        return cls(
            id=repair.id,
            code=repair.code,
            account_id=repair.account_id,
            connection_id=repair.connection_id,
            opened_at=repair.opened_at,
            happened=text.happened,
            means=text.means,
            do=text.do,
        )


class RepairList(Answer):
    """Open repairs, the oldest first."""

    repairs: tuple[RepairAnswer, ...]


class AuditEntry(Answer):
    """Who did what to what."""

    id: int
    at: datetime
    actor: str = Field(examples=["api:backoffice"])
    action: str = Field(examples=["account_unlinking"])
    subject: str = Field(examples=["account 7"])
    details: Mapping[str, Any]


class AuditPage(Page):
    """The audit log, the newest first."""

    entries: tuple[AuditEntry, ...]


class LaneFigures(Answer):
    """Rings in a lane."""

    ready: int
    delayed: int
    reserved: int
    buried: int
    oldest_seconds: float = Field(description="Age of the oldest ready ring.")


class SpoolAnswer(Answer):
    """Webhooks that wait on disk."""

    files: int
    bytes: int
    aside: int = Field(description="Files that could not be read to their end, kept for a person.")


class SystemAnswer(Answer):
    """How the service itself does."""

    queue: Mapping[Lane, LaneFigures] | None = Field(description="Null when the queue cannot be reached.")
    spool: SpoolAnswer | None
    working: Mapping[str, Sequence[int]] = Field(description="Running syncs by who runs them.")
    journaled_webhooks: int
    revision: str = Field(description="Of the database's schema.")


class ReadinessAnswer(Answer):
    """Whether the service can work."""

    ready: bool
    database: bool
    migrated: bool
    queue: bool = Field(description="Without it webhooks are still taken and rung for later.")


class Diagnostics(Answer):
    """What one sends to somebody who helps: without secrets and people."""

    system: Mapping[str, Any]
    accounts: Sequence[Mapping[str, Any]]
    syncs: Sequence[Mapping[str, Any]] = Field(description="The latest fifty.")
    repairs: Sequence[Mapping[str, Any]]
