"""One edit as a user makes it in the interface: which method of the records it is."""

from typing import TYPE_CHECKING, Any

from sandbox.amocrm.exceptions import InvalidError, ProblemError

if TYPE_CHECKING:
    from sandbox.amocrm.model import Account


def apply_edit(account: "Account", edit: dict[str, Any], *, user_id: int) -> int:
    """Do one edit and return the record's id.

    Raises:
        ValueError: an unknown action, or data the API would refuse; the text says which.
    """
    entities = account.entities
    entity, action, data = edit.get("entity", "contacts"), edit["action"], edit.get("data", {})
    try:
        match action:
            case "add":
                return entities.add(entity, data, user_id=user_id)
            case "update":
                entities.update(entity, edit["id"], data, user_id=user_id)
            case "delete":
                entities.delete(entity, edit["id"], user_id=user_id)
            case "restore":
                entities.restore(entity, edit["id"], user_id=user_id)
            case "merge":
                entities.merge(entity, edit["id"], into=edit["into"], user_id=user_id)
                return int(edit["into"])
            case _:
                raise ValueError(f"unknown action {action!r}; known: add, update, delete, restore, merge")
    except InvalidError as refused:
        reasons = "; ".join(f"{one.path}: {one.detail}" for one in refused.invalid)
        raise ValueError(f"{action} of {entity} refused: {reasons}") from refused
    except ProblemError as refused:
        raise ValueError(f"{action} of {entity} refused: {refused}") from refused
    return int(edit["id"])
