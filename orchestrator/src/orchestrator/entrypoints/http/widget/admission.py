"""Who calls: amoCRM's one-time token, asked for before anything else is read; and what belongs to that account."""

from typing import Annotated

from anyio import to_thread
from fastapi import Depends, Request

from orchestrator.domain.account import Account
from orchestrator.domain.connection import Connection
from orchestrator.domain.errors import ConflictError, ForbiddenError
from orchestrator.domain.widget_token import WidgetCaller
from orchestrator.domain.wording import LANGUAGES, Language
from orchestrator.entrypoints.http.context import language_of, services_of

HEADER = "x-auth-token"


async def admitted(request: Request, *, admins_only: bool) -> WidgetCaller:
    """Raises WidgetTokenError, ForbiddenError."""
    presented, host = request.headers.get(HEADER, ""), request.path_params["host"]
    admit = services_of(request).admit_widget.admit
    caller = await to_thread.run_sync(lambda: admit(presented, host=host))
    if admins_only and not caller.is_admin:
        raise ForbiddenError("Only an administrator of the amoCRM account may do this.", code="admin_needed")
    return caller


async def _caller(request: Request) -> WidgetCaller:
    caller: WidgetCaller = request.state.widget
    return caller


async def _language(request: Request) -> Language:
    """Told in the address: a header of ours could get in the way of the one amoCRM adds."""
    told = request.query_params.get("language")
    return next((one for one in LANGUAGES if one == told), language_of(request))


CallerHere = Annotated[WidgetCaller, Depends(_caller)]
LanguageHere = Annotated[Language, Depends(_language)]


def account_of(caller: WidgetCaller) -> Account:
    """Raises ConflictError before the account was linked."""
    if caller.account is None:
        raise ConflictError(f"{caller.host} is not linked yet: install the widget, or allow access.", code="not_linked")
    return caller.account


def own_connection(caller: WidgetCaller, connection_id: int) -> Connection:
    """Raises ForbiddenError for every other one, whether there is such a connection or not."""
    for one in caller.connections:
        if one.id == connection_id:
            return one
    raise ForbiddenError(f"{caller.host} has no such connection.", code="other_account")
