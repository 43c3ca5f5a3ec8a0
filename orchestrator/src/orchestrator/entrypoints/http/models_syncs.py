"""Syncs over the API."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field

from orchestrator.domain.sync import Attempt, Lane, SyncKind, SyncStatus, Trigger
from orchestrator.entrypoints.http.models import Answer, Order, Page
from orchestrator.services.views import SyncView


class CountsAnswer(Answer):
    """What became of records."""

    read: int
    sent: int
    delivered: int
    unchanged: int
    unsynced: int
    removed: int
    total: int | None = Field(description="The source's own count, where it is known.")


class SyncAnswer(Answer):
    """One run of a connection."""

    id: int = Field(examples=[81])
    account_id: int
    connection_id: int
    kind: SyncKind
    lane: Lane
    trigger: Trigger
    status: SyncStatus
    due_at: datetime
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    attempts: int = Field(description="Tries spent; a slice that went well spends none.")
    cancel_requested: bool
    counts: CountsAnswer
    failure: str | None = Field(description="Stable code of the last failure.", examples=["unreachable"])
    failure_text: str | None = Field(description="The last failure, a sentence for people.")
    per_second: float | None = Field(default=None, description="Records read in a second, while it runs.")
    seconds_left: float | None = Field(default=None, description="While it runs and the total is known.")

    @classmethod
    def of(cls, view: SyncView) -> Self:
        plain = cls.model_validate(view.sync)
        return plain.model_copy(update={"per_second": view.per_second, "seconds_left": view.seconds_left})


class AttemptAnswer(Answer):
    """One try of a sync."""

    number: int
    started_at: datetime
    finished_at: datetime | None
    outcome: str = Field(examples=["done"])
    counts: CountsAnswer
    failure: str | None
    failure_text: str | None


class SyncDetails(SyncAnswer):
    """A sync with its tries, the oldest first."""

    tries: tuple[AttemptAnswer, ...] = ()

    @classmethod
    def with_tries(cls, view: SyncView, attempts: tuple[Attempt, ...]) -> Self:
        tries = tuple(AttemptAnswer.model_validate(attempt) for attempt in attempts)
        return cls.of(view).model_copy(update={"tries": tries})


class SyncPage(Page):
    """Syncs, the newest first."""

    syncs: tuple[SyncAnswer, ...]


Startable = Annotated[
    Literal[SyncKind.BACKFILL, SyncKind.INCREMENTAL, SyncKind.DEEP],
    Field(description="`backfill` everything, `incremental` what changed, `deep` everything and who is gone."),
]


class SyncOrder(Order):
    """Start a sync."""

    kind: Startable = SyncKind.INCREMENTAL
