"""Lists of the account: a key tried, a list chosen or made, everybody brought over, how far that is."""

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from orchestrator.domain.errors import RejectedError
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import SyncKind, Trigger
from orchestrator.entrypoints.http.context import ServicesHere
from orchestrator.entrypoints.http.models_connections import opened
from orchestrator.entrypoints.http.parameters import Id
from orchestrator.entrypoints.http.services import Services
from orchestrator.entrypoints.http.widget.admission import CallerHere, account_of, own_connection
from orchestrator.entrypoints.http.widget.models import ConnectionOrder, KeyOrder, ListsAnswer, WidgetConnection


def try_key(order: KeyOrder, caller: CallerHere, services: ServicesHere) -> ListsAnswer:
    """The lists a key opens, asked of Unisender now. Nothing is stored."""
    key = _given(order.api_key)
    if key is None:
        if order.connection_id is None:
            raise RejectedError("api_key is missing: paste the key of Unisender's settings.")
        key = own_connection(caller, order.connection_id).api_key
    return ListsAnswer.of(services.manage_connections.probe_key(key))


def add_connection(order: ConnectionOrder, caller: CallerHere, services: ServicesHere) -> WidgetConnection:
    """A key and a list; everybody is brought over at once."""
    account, key, settings = account_of(caller), _given(order.api_key), _list_of(order)
    if key is None or settings is None:
        raise RejectedError("api_key and list_id or list_title are needed.")
    added = services.manage_connections.add(account.id, api_key=key, settings=settings, actor=caller.actor)
    return _shown(services, added.id)


def change_connection(
    connection_id: Id, order: ConnectionOrder, caller: CallerHere, services: ServicesHere
) -> WidgetConnection:
    """Another key, another list, or both; who is in the former list stays there."""
    own = own_connection(caller, connection_id)
    services.manage_connections.change(
        own.id, settings=_list_of(order) or {}, api_key=_given(order.api_key), actor=caller.actor
    )
    return _shown(services, own.id)


def get_connection(connection_id: Id, caller: CallerHere, services: ServicesHere) -> WidgetConnection:
    """How far it is. Asked again every few seconds: a one-time token opens no stream of events."""
    return _shown(services, own_connection(caller, connection_id).id)


def start_sync(connection_id: Id, caller: CallerHere, services: ServicesHere) -> WidgetConnection:
    """Bring everybody over, for the first time or anew; joins what is under way."""
    own = own_connection(caller, connection_id)
    view = services.report.connection(own.id)
    if WidgetConnection.of(view).sync is None:
        kind = SyncKind.BACKFILL if view.last_done is None else SyncKind.DEEP
        services.queue_sync.start(own.id, kind=kind, trigger=Trigger.MANUAL, actor=caller.actor)
    return _shown(services, own.id)


def _shown(services: Services, connection_id: int) -> WidgetConnection:
    return WidgetConnection.of(services.report.connection(connection_id))


def _given(key: SecretStr | None) -> Secret | None:
    return None if key is None else opened(key)


def _list_of(order: ConnectionOrder) -> Mapping[str, Any] | None:
    """The choice as a connection's settings have it."""
    if order.list_id is not None and order.list_title is not None:
        raise RejectedError("Give list_id or list_title, one of them.")
    if order.list_id is None and order.list_title is None:
        return None
    chosen = {"title": order.list_title} if order.list_id is None else {"id": order.list_id}
    return {"destination": {"list": chosen}}
