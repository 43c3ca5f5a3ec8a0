"""Every text of the pages: `area.key`. Reasons and repairs have texts of their own in the domain."""

from orchestrator.entrypoints.http.dashboard.texts.account import ACCOUNT
from orchestrator.entrypoints.http.dashboard.texts.accounts import ACCOUNTS
from orchestrator.entrypoints.http.dashboard.texts.contacts import CONTACTS
from orchestrator.entrypoints.http.dashboard.texts.errors import ERRORS
from orchestrator.entrypoints.http.dashboard.texts.layout import LAYOUT
from orchestrator.entrypoints.http.dashboard.texts.link import LINK
from orchestrator.entrypoints.http.dashboard.texts.repairs import REPAIRS
from orchestrator.entrypoints.http.dashboard.texts.settings import SETTINGS
from orchestrator.entrypoints.http.dashboard.texts.standing import STANDING
from orchestrator.entrypoints.http.dashboard.texts.system import SYSTEM
from orchestrator.entrypoints.http.dashboard.texts.trouble import TROUBLE
from orchestrator.entrypoints.http.dashboard.wording import Texts

AREAS: dict[str, Texts] = {
    "account": ACCOUNT,
    "accounts": ACCOUNTS,
    "contacts": CONTACTS,
    "errors": ERRORS,
    "layout": LAYOUT,
    "link": LINK,
    "repairs": REPAIRS,
    "settings": SETTINGS,
    "standing": STANDING,
    "system": SYSTEM,
    "trouble": TROUBLE,
}
TEXTS: Texts = {f"{area}.{key}": text for area, texts in AREAS.items() for key, text in texts.items()}
