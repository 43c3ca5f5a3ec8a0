"""Our addresses as others know them. Those vendors call carry an unguessable part, because amoCRM signs nothing."""

from urllib.parse import urlencode, urlsplit

from orchestrator.domain.account import Account, Integration
from orchestrator.domain.connection import Connection

AMOCRM_PATH = "/webhooks/amocrm/"
UNISENDER_PATH = "/webhooks/unisender/"
OAUTH_START_PATH = "/oauth/start"
OAUTH_CALLBACK_PATH = "/oauth/callback"


def amocrm_hook(public_url: str, account: Account) -> str:
    return f"{public_url.rstrip('/')}{AMOCRM_PATH}{account.webhook_secret.reveal()}"


def unisender_hook(public_url: str, connection: Connection) -> str:
    return f"{public_url.rstrip('/')}{UNISENDER_PATH}{connection.hook_secret.reveal()}"


def consent_renewal(public_url: str, account: Account, integration: Integration) -> str:
    """Where an administrator of amoCRM renews the consent of this account."""
    return f"{public_url.rstrip('/')}{consent_path(integration, account)}"


def consent_path(integration: Integration, account: Account | None) -> str:
    """The same below our address; without an account for linking a new one."""
    renewed = {"account_id": account.id} if account else {}
    return f"{OAUTH_START_PATH}?{urlencode({'integration': integration.name, **renewed})}"


def is_amocrm_hook_of(account: Account, address: str) -> bool:
    """Whether an address at amoCRM is, or under another public address was, this account's."""
    try:
        path = urlsplit(address).path
    except ValueError:
        return False
    return path.rstrip("/").endswith(f"{AMOCRM_PATH}{account.webhook_secret.reveal()}")
