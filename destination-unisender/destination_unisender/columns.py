"""Names in Unisender's tables: which are its own, which may be a user field. Pure."""

import re

# Columns Unisender keeps for itself: as the name of a user field they make importContacts misbehave.
# Unisender docs: contacts/importcontacts (system columns), contacts/exportcontacts (export-only), contacts/createfield.
SYSTEM_COLUMNS = frozenset(
    {"id", "delete", "tags", "email", "phone"}
    | {
        f"{kind}_{name}"
        for kind in ("email", "phone")
        for name in (
            "status",
            "availability",
            "list_ids",
            "subscribe_times",
            "unsubscribed_list_ids",
            "excluded_list_ids",
            "add_time",
            "confirm_time",
            "request_ip",
            "confirm_ip",
            "last_delivered_at",
            "last_read_at",
            "last_clicked_at",
        )
    }
)
_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def valid_field_name(name: str) -> str:
    """The name, if it may be a user field's; ValueError says why not."""
    if not _FIELD_NAME.fullmatch(name):
        message = f"{name!r} cannot name a Unisender field: use Latin letters, digits and _, beginning with a letter"
        raise ValueError(message)
    if name.lower() in SYSTEM_COLUMNS:
        raise ValueError(f"{name!r} is one of Unisender's own columns: choose another name")
    return name
