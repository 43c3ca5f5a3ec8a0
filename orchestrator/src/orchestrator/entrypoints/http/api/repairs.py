"""What somebody must do."""

from orchestrator.domain.errors import NotFoundError
from orchestrator.entrypoints.http.context import Actor, LanguageHere, ServicesHere
from orchestrator.entrypoints.http.models_system import RepairAnswer, RepairList
from orchestrator.entrypoints.http.parameters import Id, IdFilter


def list_repairs(services: ServicesHere, language: LanguageHere, account_id: IdFilter = None) -> RepairList:
    """Open repairs, each in three sentences."""
    found = services.report.repairs(account_id=account_id)
    return RepairList(repairs=tuple(RepairAnswer.of(one, language) for one in found))


def close_repair(repair_id: Id, services: ServicesHere, actor: Actor) -> None:
    """Say that it is done; what is still wrong opens it again."""
    if not services.close_repair.close(repair_id, actor=actor):
        raise NotFoundError("There is no such open repair.")
