"""Linked accounts: look, link, rename, unlink; and each one's Unisender side."""

from typing import Annotated

from fastapi import Query

from orchestrator.domain.account import UnlinkMode
from orchestrator.domain.connection import Connection
from orchestrator.domain.errors import NotFoundError, RejectedError
from orchestrator.entrypoints.http.context import Actor, LanguageHere, ServicesHere
from orchestrator.entrypoints.http.models_accounts import (
    AccountAnswer,
    AccountList,
    AccountOverview,
    AccountPatch,
    LinkAnswer,
    LinkOrder,
    TokenOrder,
    UnisenderSide,
    UnisenderSideOrder,
    UnisenderSides,
    WebhookAnswer,
)
from orchestrator.entrypoints.http.models_connections import FieldsAnswer, SamplesAnswer, opened, tail
from orchestrator.entrypoints.http.parameters import Id, Stream


def list_accounts(services: ServicesHere, language: LanguageHere) -> AccountList:
    """All accounts with their connections, how these do, and what somebody must do."""
    return AccountList(accounts=tuple(AccountOverview.of(one, language) for one in services.report.accounts()))


def get_account(account_id: Id, services: ServicesHere, language: LanguageHere) -> AccountOverview:
    """One account, its connections, how these do, and what somebody must do."""
    return AccountOverview.of(services.report.account(account_id), language)


def start_linking(order: LinkOrder, services: ServicesHere, actor: Actor) -> LinkAnswer:
    """Where to send an administrator of amoCRM; the address is good once and for a while."""
    url = services.link_account.start(
        order.integration, actor=actor, account_id=order.account_id, return_to=order.return_to
    )
    return LinkAnswer(url=url)


def link_by_token(order: TokenOrder, services: ServicesHere, actor: Actor) -> AccountAnswer:
    """Link by a long-lived token of amoCRM, which cannot be renewed."""
    account = services.link_account.with_token(order.integration, order.host, opened(order.access_token), actor=actor)
    return AccountAnswer.model_validate(account)


def rename_account(account_id: Id, patch: AccountPatch, services: ServicesHere, actor: Actor) -> AccountAnswer:
    """Call it by another name."""
    return AccountAnswer.model_validate(services.rename_account.rename(account_id, patch.name, actor=actor))


def unlink_account(
    account_id: Id,
    mode: Annotated[UnlinkMode, Query(description="What becomes of the people in the list, and of what we know.")],
    services: ServicesHere,
    actor: Actor,
) -> AccountAnswer:
    """Stop at once; webhook, tokens and, by mode, people and data are removed in the background."""
    return AccountAnswer.model_validate(services.unlink_account.start(account_id, mode, actor=actor))


def check_webhook(account_id: Id, services: ServicesHere) -> WebhookAnswer:
    """Look at our webhook at amoCRM now, and mend it."""
    return WebhookAnswer(verdict=services.watch_webhooks.check(account_id))


def list_fields(account_id: Id, services: ServicesHere, stream: Stream = "contacts") -> FieldsAnswer:
    """The account's custom fields, for a mapping."""
    return FieldsAnswer(fields=services.sample_account.fields(account_id, stream))


def list_samples(
    account_id: Id,
    services: ServicesHere,
    stream: Stream = "contacts",
    limit: Annotated[int, Query(ge=1, le=50)] = 3,
) -> SamplesAnswer:
    """A few of the account's records, the newest first, for a mapping."""
    return SamplesAnswer(records=services.sample_account.samples(account_id, stream, limit=limit))


def list_account_integrations(account_id: Id, services: ServicesHere) -> UnisenderSides:
    """Which keys fill which lists."""
    views = services.report.connections(account_id=account_id)
    return UnisenderSides(integrations=tuple(_side(one.connection) for one in views))


def put_account_integration(
    account_id: Id, name: str, order: UnisenderSideOrder, services: ServicesHere, actor: Actor
) -> UnisenderSide:
    """Let this key fill this list: of the connection of this name, which is made if there is none."""
    if (order.list_id is None) == (order.list_title is None):
        raise RejectedError("Give list_id or list_title, one of them.")
    chosen = {"title": order.list_title} if order.list_id is None else {"id": order.list_id}
    key, known = opened(order.api_key), _named(services, account_id, name)
    settings = {"destination": {"list": chosen}}
    if known is None:
        added = services.manage_connections.add(
            account_id, api_key=key, settings={"name": name, **settings}, actor=actor
        )
        return _side(added)
    return _side(services.manage_connections.change(known.id, settings=settings, api_key=key, actor=actor))


def delete_account_integration(account_id: Id, name: str, services: ServicesHere, actor: Actor) -> None:
    """Remove the connection of this name; people stay in the list."""
    known = _named(services, account_id, name)
    if known is None:
        raise NotFoundError(f"The account has no connection named {name}.")
    services.manage_connections.remove(known.id, actor=actor)


def _named(services: ServicesHere, account_id: int, name: str) -> Connection | None:
    views = services.report.connections(account_id=account_id)
    return next((one.connection for one in views if one.connection.name == name), None)


def _side(connection: Connection) -> UnisenderSide:
    return UnisenderSide(
        name=connection.name,
        connection_id=connection.id,
        api_key=tail(connection.api_key),
        list_id=connection.list_id,
        list_title=connection.list_title,
    )
