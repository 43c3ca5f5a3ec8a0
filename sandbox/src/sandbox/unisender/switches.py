"""Every point of the Unisender API that no source settles, as a switch with the default this sandbox assumes."""

from sandbox.switches import Switch


def _switch(name: str, *choices: str | int, about: str) -> Switch:
    return Switch(name=f"unisender.{name}", default=choices[0], choices=choices, about=about)


def _yes(name: str, about: str) -> Switch:
    return Switch(name=f"unisender.{name}", default=True, choices=(True, False), about=about)


def _no(name: str, about: str) -> Switch:
    return Switch(name=f"unisender.{name}", default=False, choices=(False, True), about=about)


SWITCHES: tuple[Switch, ...] = (
    # Envelope
    _switch(
        "json_unicode",
        "escaped",
        "plain",
        about="Whether non-ASCII text is written \\uXXXX. One captured body was; not stated (webhook capture 2018).",
    ),
    _switch(
        "empty_result",
        "object",
        "array",
        about="A method with nothing to return answers {} or PHP's empty array []. Mocks show {}, docblocks say array.",
    ),
    _switch(
        "error_result",
        "empty_string",
        "absent",
        about='Whether a refusal carries result:"". The vendor example does, clients do not expect it (docs: exclude).',
    ),
    _no(
        "error_text_html",
        "The oldest help says error texts are HTML-escaped; newer examples are plain (help of 2011-2015).",
    ),
    _switch(
        "limit_status",
        200,
        429,
        about="Limits are documented as error codes; HTTP 429 is never mentioned (docs: common/api-errors).",
    ),
    _no(
        "limit_counts_refused",
        "Whether calls refused by a limit count towards it themselves. Not published (docs: common/api-errors).",
    ),
    # Importing
    _switch(
        "log_index",
        "number",
        "string",
        about="Type of log[].index: a number in the docs, a string in one Go client (docs: contacts/importcontacts).",
    ),
    _switch(
        "empty_log",
        "array",
        "absent",
        about="Whether log is there when nothing went wrong; one old client treats it as optional.",
    ),
    _switch(
        "import_answer",
        "full",
        "legacy",
        about="Old answers had no invalid and no log; old clients do not know them (clients of 2013-2016).",
    ),
    _yes(
        "import_warnings",
        "Whether an import that skipped rows carries warnings beside result. Possible by the envelope's rules.",
    ),
    _switch(
        "import_identity",
        "email_or_phone",
        "email_only",
        about="field_names must hold email or phone; the newest Russian page names email only.",
    ),
    _switch(
        "too_many_rows",
        "invalid_arg",
        "first_500",
        about="What more than 500 rows do: a documented maximum, the outcome is not (docs: contacts/importcontacts).",
    ),
    _switch(
        "empty_cell",
        "keep",
        "clear",
        about="Whether an empty cell leaves the stored field, or the tags under overwrite_tags=1, or clears them.",
    ),
    _switch(
        "unknown_field",
        "invalid_arg",
        "ignored",
        about="A column that is no user field. Docs allow only existing ones; the outcome is not published.",
    ),
    _switch(
        "unknown_list",
        "invalid_arg",
        "row",
        about="A list id that does not exist in an import: the call fails, or only the row. Not published.",
    ),
    _switch(
        "different_owners",
        "row",
        "call",
        about="E-mail and phone of one row held by different contacts: the error text is known, its reach is not.",
    ),
    _switch(
        "taken_phone",
        "phone_ignored",
        "row_refused",
        "phone_moves",
        about="A new e-mail in a row whose phone another contact with an e-mail holds. Not published.",
    ),
    _switch(
        "duplicate_rows",
        "last_wins",
        "counted_each",
        "first_wins",
        about="The same address twice in a call: counted in total, not necessarily in the sums; order not published.",
    ),
    _switch(
        "too_many_tags",
        "invalid_arg",
        "first_10",
        about="More than 10 tags in a row: a documented maximum, the outcome is not (docs: contacts/importcontacts).",
    ),
    _switch(
        "long_values",
        "row",
        "cut",
        about="Field values over 10,000 or tags over 255 characters: no length is published; refused or cut.",
    ),
    _switch(
        "bad_status",
        "ignored",
        "row",
        about="An email_status outside new/active/inactive/unsubscribed in an import. Not published.",
    ),
    _switch(
        "status_of_new",
        "kept",
        "changed",
        about="Import may change a status that is active or inactive; whether new ones follow is not clear.",
    ),
    _switch(
        "overwrite_lists_without_column",
        "clear",
        "keep",
        about="overwrite_lists=1 in a call that names no lists: all that is known is replaced by nothing, or kept.",
    ),
    _yes(
        "role_screening",
        "Role addresses (info@, sales@...) are refused by import; the list of names is not published.",
    ),
    _switch(
        "role_row_with_phone",
        "refused",
        "by_phone",
        about="Whether the row of a role address with a good phone is taken by the phone. Not published.",
    ),
    _switch(
        "idn_domains",
        "refused",
        "punycode",
        about="Addresses with a domain in another alphabet. Syntax rules are not published.",
    ),
    # Opt-outs
    _switch(
        "unsubscribed_from_all_lists",
        "unsubscribed",
        "unchanged",
        about="Address status after the last list was left: not shown in readable text (docs: contacts/unsubscribe).",
    ),
    _switch(
        "exclude_optout",
        "forgets",
        "remembers",
        about="Whether exclude takes a per-list opt-out away with the membership. Docs: may be added again later.",
    ),
    _switch(
        "delete_optout",
        "forgets",
        "remembers",
        about="Whether a deleted contact that is imported again is new or still opted out. Not published.",
    ),
    _yes(
        "unsubscribe_phone",
        "unsubscribe of contact_type=phone: in older pages, no longer in the newest (docs: contacts/unsubscribe).",
    ),
    # Joining
    _switch(
        "double_optin_default",
        "0",
        "3",
        about="subscribe without double_optin: the page's intro sends a letter, one client says 3.",
    ),
    _switch(
        "subscribe_unsubscribed",
        "kept",
        "error",
        about="subscribe with double_optin=3 of an unsubscribed address: kept silently, or an error. Not published.",
    ),
    _switch(
        "confirmation_letter",
        "configured",
        "missing",
        about="Lists without a confirmation letter refuse double_optin 0 and 4 (docs: common/api-errors).",
    ),
    # Reading
    _switch(
        "getcontact_list_id",
        "number",
        "string",
        about="Type of lists[].id in getContact: clients disagree.",
    ),
    _yes(
        "membership_counts_unsubscribed",
        "Whether isContactInLists counts a list the person is in but opted out of. Not published.",
    ),
    _switch("contact_count", "number", "string", about="Type of count in getContactCount: one client types a string."),
    _switch(
        "unknown_contact_code",
        "object_not_found",
        "unspecified",
        about="Code of getContact for an unknown address: seen once in production code.",
    ),
    _switch(
        "update_field_answer",
        "wrapped",
        "bare",
        about="updateField's example omits the result wrapper (docs: contacts/updatefield).",
    ),
    _switch(
        "field_name_case",
        "sensitive",
        "insensitive",
        about="Uniqueness of field names: createField says case-sensitive, updateField case-insensitive.",
    ),
    _no(
        "field_name_dash",
        "Older pages allow '-' in field names, newer ones do not (docs: contacts/createfield).",
    ),
    _switch("duplicate_title_code", "invalid_arg", "unspecified", about="Code for a taken list title: not shown."),
    # Exports
    _switch(
        "export_delimiter", ",", ";", "\t", about="Delimiter of the export file: a working client sniffs all three."
    ),
    _switch("export_time_zone", "UTC", "Europe/Moscow", about="Zone of times in exports: not stated."),
    _switch(
        "export_column_order",
        "as_asked",
        "alphabetical",
        about="Whether the file keeps the order of field_names. Not confirmed; read by header.",
    ),
    _switch("export_seconds", 1, 0, 30, 600, about="How long an export task takes (seconds). Not published."),
    _switch(
        "export_notify_url",
        "optional",
        "required",
        about="notify_url of async/exportContacts: required on the older English page, optional now.",
    ),
    _yes(
        "legacy_export",
        "Whether the synchronous exportContacts still answers; docs describe only the async one.",
    ),
    # Webhooks
    _switch(
        "hook_events_key",
        "events",
        "Events",
        about="Key of the array in a batched webhook: events in a capture, Events in older code from the docs.",
    ),
    _switch(
        "hook_list_ids_key",
        "subscribed_list_ids",
        "just_subscribed_list_ids",
        about="Key of the list ids: subscribed_list_ids captured (unsubscribed_... by symmetry), just_... in old code.",
    ),
    _no(
        "hook_num",
        "Whether batched events carry a running num. Mentioned nowhere for sure.",
    ),
    _switch("hook_time_zone", "UTC", "Europe/Moscow", about="Zone of event_time: not stated."),
    _yes(
        "hooks_for_api_calls",
        "Whether subscribe and unsubscribe over the API fire webhooks as the person's own acts do.",
    ),
)
