"""The amoCRM integrations accounts are linked by."""

from orchestrator.domain.errors import NotFoundError
from orchestrator.entrypoints.http.context import Actor, ServicesHere
from orchestrator.entrypoints.http.models_accounts import IntegrationAnswer, IntegrationList, IntegrationOrder
from orchestrator.entrypoints.http.models_connections import opened


def list_integrations(services: ServicesHere) -> IntegrationList:
    """All integrations, without their secrets."""
    return IntegrationList(integrations=tuple(IntegrationAnswer.of(one) for one in services.manage_integrations.list()))


def get_integration(name: str, services: ServicesHere) -> IntegrationAnswer:
    """One integration, without its secret."""
    found = next((one for one in services.manage_integrations.list() if one.name == name), None)
    if found is None:
        raise NotFoundError(f"There is no integration “{name}”.")
    return IntegrationAnswer.of(found)


def put_integration(name: str, order: IntegrationOrder, services: ServicesHere, actor: Actor) -> IntegrationAnswer:
    """Add the integration of this name, or set its keys."""
    integration = services.manage_integrations.put(
        name=name,
        client_id=order.client_id,
        client_secret=None if order.client_secret is None else opened(order.client_secret),
        redirect_uri=order.redirect_uri,
        zone=order.zone,
        actor=actor,
    )
    return IntegrationAnswer.of(integration)


def delete_integration(name: str, services: ServicesHere, actor: Actor) -> None:
    """Forget an integration no account is linked by."""
    services.manage_integrations.remove(name, actor=actor)
