"""Names of the system columns (docs: contacts/importcontacts, contacts/exportcontacts)."""

from sandbox.unisender.contacts import ADDRESS_KINDS

LIST_COLUMNS = tuple(
    f"{kind}_{rest}_ids" for kind in ADDRESS_KINDS for rest in ("list", "unsubscribed_list", "excluded_list")
)
STATUS_COLUMNS = ("email_status", "phone_status")
TIME_COLUMNS = ("email_subscribe_times", "phone_subscribe_times")
AVAILABILITY_COLUMNS = ("email_availability", "phone_availability")
EXPORT_ONLY = (
    "id",
    "email_add_time",
    "email_request_ip",
    "email_confirm_time",
    "email_confirm_ip",
    "email_last_delivered_at",
    "email_last_read_at",
    "email_last_clicked_at",
    "phone_add_time",
    "phone_request_ip",
)
"""Accepted by import and ignored there: an older client still sends some of them."""

SYSTEM_COLUMNS = frozenset(
    (
        "email",
        "phone",
        "delete",
        "tags",
        *LIST_COLUMNS,
        *TIME_COLUMNS,
        *STATUS_COLUMNS,
        *AVAILABILITY_COLUMNS,
        *EXPORT_ONLY,
    )
)
