"""Contacts over the API: who is in the list, who is not, and why."""

from datetime import datetime
from typing import Literal, Self

from pydantic import Field

from orchestrator.domain.ledger import LedgerEntry, Reason, SuppressionReason
from orchestrator.domain.reason_texts import entry_text
from orchestrator.domain.wording import Language
from orchestrator.entrypoints.http.models import Answer, Order, Page


class ContactAnswer(Answer):
    """A record of amoCRM and its place in the list."""

    connection_id: int
    stream: str = Field(examples=["contacts"])
    record_id: int = Field(examples=[50110041])
    name: str
    synced: bool
    reason: Reason
    text: str = Field(
        description="The reason as people are told it.", examples=["the person unsubscribed on 3 May 2026"]
    )
    detail: str
    other: str = Field(description="`stream/record_id` of the record that holds the address.")
    addresses: tuple[str, ...] = Field(description="What is in the list on its behalf.")
    decided_at: datetime
    delivered_at: datetime | None
    latency_ms: int | None = Field(description="Webhook to accepted, when a webhook caused the last delivery.")

    @classmethod
    def of(cls, entry: LedgerEntry, language: Language) -> Self:
        given = {name: getattr(entry, name) for name in cls.model_fields if name != "text"}
        return cls(text=entry_text(entry, language), **given)


class ContactPage(Page):
    """Contacts by connection, stream and id."""

    contacts: tuple[ContactAnswer, ...]


class Chosen(Order):
    """A record."""

    stream: Literal["contacts", "companies"] = "contacts"
    record_id: int = Field(gt=0, lt=2**63)


class RetryOrder(Order):
    """Contacts to read and judge anew."""

    contacts: tuple[Chosen, ...] = Field(min_length=1, max_length=1000)


class SuppressionAnswer(Answer):
    """An address that must not be subscribed again."""

    address: str = Field(description="Of an erased person only a keyed hash is known.")
    reason: SuppressionReason
    since: datetime


class SuppressionPage(Page):
    """Suppressions by address."""

    suppressions: tuple[SuppressionAnswer, ...]
