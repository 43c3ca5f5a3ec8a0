"""Contacts: who is in the list and who is not, why, and what to try again."""

from functools import partial
from typing import Annotated, Literal

from anyio import to_thread
from fastapi import Query

from orchestrator.domain.errors import RejectedError
from orchestrator.domain.ledger import Reason
from orchestrator.entrypoints.http.context import Actor, ConnectorsHere, LanguageHere, ServicesHere
from orchestrator.entrypoints.http.cursors import USUAL_LIMIT, Cursor, Limit, read_record, read_text, written
from orchestrator.entrypoints.http.models_answers import ExplanationAnswer, PlanAnswer, PlanOrder
from orchestrator.entrypoints.http.models_contacts import (
    ContactAnswer,
    ContactPage,
    RetryOrder,
    SuppressionAnswer,
    SuppressionPage,
)
from orchestrator.entrypoints.http.models_syncs import SyncAnswer
from orchestrator.entrypoints.http.parameters import Id, IdFilter, Stream


def list_contacts(
    account_id: Id,
    services: ServicesHere,
    language: LanguageHere,
    connection_id: IdFilter = None,
    status: Annotated[Literal["synced", "unsynced"] | None, Query(description="Both when left out.")] = None,
    reason: Annotated[list[Reason] | None, Query(description="One or several reason codes.")] = None,
    search: Annotated[
        str | None, Query(min_length=1, max_length=200, description="Part of a name, a whole address or an id.")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = USUAL_LIMIT,
) -> ContactPage:
    """An account's contacts, synced or not, with the reason in words."""
    page, after = services.report.contacts(
        account_id=account_id,
        connection_id=connection_id,
        synced=None if status is None else status == "synced",
        reasons=reason,
        search=search,
        after=read_record(cursor),
        limit=limit,
    )
    return ContactPage(contacts=tuple(ContactAnswer.of(one, language) for one in page), next_cursor=written(after))


def retry_contacts(connection_id: Id, order: RetryOrder, services: ServicesHere, actor: Actor) -> SyncAnswer:
    """Read and judge these anew, now."""
    chosen = [(one.stream, one.record_id) for one in order.contacts]
    return SyncAnswer.model_validate(services.retry_contacts.retry(connection_id, chosen, actor=actor))


def explain_contact(
    connection_id: Id,
    services: ServicesHere,
    language: LanguageHere,
    stream: Stream = "contacts",
    record_id: Annotated[int | None, Query(ge=1, lt=2**63, description="One of these three.")] = None,
    address: Annotated[str | None, Query(max_length=320)] = None,
    name: Annotated[str | None, Query(max_length=200, description="A part is enough where it fits one person.")] = None,
    live: Annotated[bool, Query(description="Read the record from amoCRM now.")] = False,  # noqa: FBT002
) -> ExplanationAnswer:
    """Why this person is, or is not, in the list, station by station; Unisender is asked."""
    if [record_id, address, name].count(None) != 2:
        raise RejectedError("Give record_id, address or name, one of them.")
    told = services.explain_contact.explain(
        connection_id, stream=stream, record_id=record_id, address=address, name=name, live=live
    )
    return ExplanationAnswer.of(told, language)


async def plan_sync(
    connection_id: Id, services: ServicesHere, connectors: ConnectorsHere, order: PlanOrder | None = None
) -> PlanAnswer:
    """What a full sync would do; everything is read and decided, nothing sent or stored."""
    plan = partial(services.plan_sync.plan, connection_id, limit=(order or PlanOrder()).limit)
    return PlanAnswer.of(await to_thread.run_sync(plan, limiter=connectors))


def list_suppressions(
    connection_id: Id, services: ServicesHere, cursor: Cursor = None, limit: Limit = USUAL_LIMIT
) -> SuppressionPage:
    """Addresses that must not be subscribed again."""
    page, after = services.report.suppressions(connection_id, after=read_text(cursor), limit=limit)
    return SuppressionPage(
        suppressions=tuple(SuppressionAnswer.model_validate(one) for one in page), next_cursor=written(after)
    )
