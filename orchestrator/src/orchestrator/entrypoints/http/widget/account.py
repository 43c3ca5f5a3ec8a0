"""The account the widget lives in: how it does, and leaving."""

from orchestrator.domain.account import AccountStatus
from orchestrator.domain.errors import RejectedError
from orchestrator.domain.hook_addresses import consent_path
from orchestrator.entrypoints.http.context import ServicesHere
from orchestrator.entrypoints.http.models_system import RepairAnswer
from orchestrator.entrypoints.http.widget.admission import CallerHere, LanguageHere, account_of
from orchestrator.entrypoints.http.widget.models import StatusAnswer, UnlinkAnswer, UnlinkOrder, WidgetConnection


def get_status(caller: CallerHere, services: ServicesHere, language: LanguageHere) -> StatusAnswer:
    """Whether the account is linked, how many people are in its lists, what somebody must do."""
    answer = StatusAnswer(
        host=caller.host,
        status=None,
        is_admin=caller.is_admin,
        consent_path=consent_path(caller.integration, caller.account),
    )
    if caller.account is None:
        return answer
    view, own = services.report.account(caller.account.id), {one.id for one in caller.connections}
    return answer.model_copy(
        update={
            "status": view.account.status,
            "connections": tuple(WidgetConnection.of(one) for one in view.connections if one.connection.id in own),
            "repairs": tuple(RepairAnswer.of(one, language) for one in view.repairs),
        }
    )


def unlink(order: UnlinkOrder, caller: CallerHere, services: ServicesHere) -> UnlinkAnswer:
    """Stop at once; webhook, tokens and, by mode, people and data are removed in the background."""
    account = account_of(caller)
    if order.host.strip().lower() != account.host:
        raise RejectedError(f"host: type {account.host} to confirm.")
    status = services.unlink_account.start(account.id, order.mode, actor=caller.actor).status
    return UnlinkAnswer(status=AccountStatus.UNLINKED if status is AccountStatus.UNLINKED else AccountStatus.UNLINKING)
