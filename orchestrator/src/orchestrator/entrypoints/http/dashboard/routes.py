"""Every page and what its forms do, a table for each area."""

from orchestrator.entrypoints.http.dashboard import (
    account,
    accounts,
    assets,
    connections,
    contact,
    contacts,
    repairs,
    sign_in,
    syncs,
    system,
)
from orchestrator.entrypoints.http.dashboard.link import amocrm, fields, people, plan, progress, unisender
from orchestrator.entrypoints.http.routing import Open, Page

DOOR = (
    Open("GET", "/static/{fingerprint}/{name:path}", assets.serve_asset),
    Page("GET", "/", sign_in.show_start),
    Page("GET", "/sign-in", sign_in.show_sign_in, for_everybody=True),
    Page("POST", "/sign-in", sign_in.sign_in, for_everybody=True),
    Page("POST", "/sign-out", sign_in.sign_out),
    Page("POST", "/preferences", sign_in.choose, for_everybody=True),
)

ACCOUNTS = (
    Page("GET", "/accounts", accounts.show_accounts),
    Page("GET", "/accounts/live", accounts.follow_accounts),
    Page("POST", "/accounts/{account_id}/synchronise", accounts.synchronise),
    Page("POST", "/accounts/{account_id}/pause", accounts.pause),
    Page("POST", "/accounts/{account_id}/resume", accounts.resume),
    Page("GET", "/accounts/{account_id}/consent", accounts.renew_consent),
)

ACCOUNT = (
    Page("GET", "/accounts/{account_id}", account.show_account),
    Page("GET", "/accounts/{account_id}/live", account.follow_account),
    Page("POST", "/accounts/{account_id}/rename", account.rename),
    Page("POST", "/accounts/{account_id}/webhook/check", account.check_webhook, slow=True),
    Page("GET", "/accounts/{account_id}/unlink", account.ask_unlinking),
    Page("POST", "/accounts/{account_id}/unlink", account.unlink),
    Page("GET", "/connections/{connection_id}", connections.show_settings),
    Page("POST", "/connections/{connection_id}", connections.change, slow=True),
    Page("POST", "/connections/{connection_id}/pause", connections.pause),
    Page("POST", "/connections/{connection_id}/resume", connections.resume),
    Page("POST", "/connections/{connection_id}/check", connections.check, slow=True),
    Page("GET", "/connections/{connection_id}/remove", connections.ask_removing),
    Page("POST", "/connections/{connection_id}/remove", connections.remove, slow=True),
    Page("GET", "/connections/{connection_id}/removal", connections.ask_removal),
    Page("POST", "/connections/{connection_id}/removal", connections.allow_removal),
    Page("POST", "/connections/{connection_id}/changes", syncs.start_changes),
    Page("POST", "/connections/{connection_id}/everything", syncs.start_everything),
    Page("GET", "/syncs/{sync_id}", syncs.show_sync),
    Page("GET", "/syncs/{sync_id}/live", syncs.follow_sync),
    Page("POST", "/syncs/{sync_id}/cancel", syncs.cancel),
    Page("POST", "/syncs/{sync_id}/replay", syncs.replay),
)

CONTACTS = (
    Page("GET", "/contacts", contacts.show_contacts),
    Page("GET", "/contacts/export", contacts.export),
    Page("POST", "/contacts/retry", contacts.retry),
    Page("GET", "/contacts/{connection_id}/{stream}/{record_id}", contact.show_contact),
    Page("GET", "/contacts/{connection_id}/{stream}/{record_id}/check", contact.check_contact, slow=True),
    Page("GET", "/contacts/{connection_id}/{stream}/{record_id}/unisender", contact.show_unisenders_word, slow=True),
    Page("POST", "/contacts/{connection_id}/{stream}/{record_id}/sync", contact.sync_now),
)

REPAIRS = (
    Page("GET", "/repairs", repairs.show_repairs),
    Page("POST", "/repairs/{repair_id}/close", repairs.close_repair),
)

SYSTEM = (
    Page("GET", "/system", system.show_system),
    Page("GET", "/system/live", system.follow_system),
    Page("GET", "/system/diagnostics", system.download_diagnostics),
)

LINK = (
    Page("GET", "/link", amocrm.begin),
    Page("GET", "/link/amocrm", amocrm.go),
    Page("GET", "/link/refused", amocrm.refuse),
    Page("POST", "/link/integration", amocrm.add_integration),
    Page("GET", "/link/accounts/{account_id}", amocrm.show_account),
    Page("GET", "/link/accounts/{account_id}/renew", amocrm.renew),
    Page("GET", "/link/accounts/{account_id}/key", unisender.show_key),
    Page("POST", "/link/accounts/{account_id}/key", unisender.take_key, slow=True),
    Page("GET", "/link/{connection_id}/list", unisender.show_list, slow=True),
    Page("POST", "/link/{connection_id}/list", unisender.take_list, slow=True),
    Page("GET", "/link/{connection_id}/fields", fields.show_fields, slow=True),
    Page("POST", "/link/{connection_id}/fields", fields.take_fields, slow=True),
    Page("POST", "/link/{connection_id}/preview", fields.show_preview, slow=True),
    Page("GET", "/link/{connection_id}/people", people.show_people, slow=True),
    Page("POST", "/link/{connection_id}/people", people.take_people, slow=True),
    Page("GET", "/link/{connection_id}/plan", plan.show_plan, slow=True),
    Page("GET", "/link/{connection_id}/figures", plan.show_figures, slow=True),
    Page("POST", "/link/{connection_id}/start", plan.start, slow=True),
    Page("POST", "/link/{connection_id}/discard", plan.discard),
    Page("GET", "/link/{connection_id}/progress", progress.show_progress),
    Page("GET", "/link/{connection_id}/live", progress.follow_progress),
    Page("POST", "/link/{connection_id}/progress", progress.act),
)

PAGES = (*DOOR, *ACCOUNTS, *ACCOUNT, *LINK, *CONTACTS, *REPAIRS, *SYSTEM)
