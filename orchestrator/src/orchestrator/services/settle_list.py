"""Which list a connection's people join: found by id or title, made when there is none of the title."""

from collections.abc import Mapping
from typing import Any

from orchestrator.domain.errors import MisconfiguredError
from orchestrator.domain.secret import Secret
from orchestrator.ports.vendors import Unisender


def settled_list(unisender: Unisender, key: Secret, choice: Mapping[str, Any]) -> dict[str, Any]:
    """The list with its `id` and present `title`.

    Raises:
        MisconfiguredError: the key is not accepted, or there is no list of this id (code `list_missing`).
        RetryableError: Unisender cannot be asked for now.
    """
    lists, title = unisender.lists(key), str(choice.get("title") or "").strip()
    found = str(choice.get("id") or "")
    if found and found not in lists:
        raise MisconfiguredError(f"Unisender has no list {found}{_known(lists)}.", code="list_missing")
    if not found:
        found = next((one for one, its_title in lists.items() if its_title == title), "")
    if not found:
        found = unisender.create_list(key, title)
    return {"id": int(found), "title": lists.get(found, title)}


def _known(lists: Mapping[str, str]) -> str:
    if not lists:
        return "; it has none yet, give a title and it is made"
    return "; it has " + ", ".join(f"{one} “{title}”" for one, title in list(lists.items())[:10])
