"""Connections: make, change, pause, check, remove; and what a Unisender key opens."""

from anyio import to_thread

from orchestrator.entrypoints.http.context import Actor, ConnectorsHere, ServicesHere
from orchestrator.entrypoints.http.models_connections import (
    CheckAnswer,
    CheckProblem,
    ConnectionAnswer,
    ConnectionList,
    ConnectionOrder,
    ConnectionOverview,
    ConnectionPatch,
    ListAnswer,
    ListOrder,
    ProbeAnswer,
    ProbeOrder,
    opened,
)
from orchestrator.entrypoints.http.parameters import Id, IdFilter

MOST_CONNECTORS = 2
"""Checks and plans at once: they take seconds or minutes, and other calls must not wait with them."""


def list_connections(services: ServicesHere, account_id: IdFilter = None) -> ConnectionList:
    """Connections and how they do."""
    views = services.report.connections(account_id=account_id)
    return ConnectionList(connections=tuple(ConnectionOverview.of(one) for one in views))


def get_connection(connection_id: Id, services: ServicesHere) -> ConnectionOverview:
    """A connection and how it does."""
    return ConnectionOverview.of(services.report.connection(connection_id))


def add_connection(account_id: Id, order: ConnectionOrder, services: ServicesHere, actor: Actor) -> ConnectionAnswer:
    """A new connection; everybody is brought over at once."""
    connection = services.manage_connections.add(
        account_id, api_key=order.the_key(), settings=order.settings(), actor=actor
    )
    return ConnectionAnswer.of(connection)


def change_connection(
    connection_id: Id, patch: ConnectionPatch, services: ServicesHere, actor: Actor
) -> ConnectionAnswer:
    """Change some settings; where it matters to people already read, everything is read again."""
    connection = services.manage_connections.change(
        connection_id, settings=patch.settings(), api_key=patch.key(), actor=actor
    )
    return ConnectionAnswer.of(connection)


def remove_connection(connection_id: Id, services: ServicesHere, actor: Actor) -> None:
    """Remove it; people stay in the list."""
    services.manage_connections.remove(connection_id, actor=actor)


def pause_connection(connection_id: Id, services: ServicesHere, actor: Actor) -> ConnectionAnswer:
    """Send nothing more; changes gather."""
    return ConnectionAnswer.of(services.manage_connections.pause(connection_id, actor=actor))


def resume_connection(connection_id: Id, services: ServicesHere, actor: Actor) -> ConnectionAnswer:
    """Go on, and read at once what changed meanwhile."""
    return ConnectionAnswer.of(services.manage_connections.resume(connection_id, actor=actor))


async def check_connection(connection_id: Id, services: ServicesHere, connectors: ConnectorsHere) -> CheckAnswer:
    """Let both connectors look whether they would work."""
    problems = await to_thread.run_sync(services.manage_connections.check, connection_id, limiter=connectors)
    return CheckAnswer(succeeded=not problems, problems=tuple(CheckProblem.model_validate(one) for one in problems))


def probe_key(order: ProbeOrder, services: ServicesHere) -> ProbeAnswer:
    """Try a Unisender key: the lists it opens."""
    lists = services.manage_connections.probe_key(opened(order.api_key))
    return ProbeAnswer(lists=tuple(ListAnswer(id=number, title=title) for number, title in lists.items()))


def create_list(order: ListOrder, services: ServicesHere) -> ListAnswer:
    """The list of this title, made at Unisender if there is none."""
    number = services.manage_connections.create_list(opened(order.api_key), order.title)
    return ListAnswer(id=number, title=order.title)
