"""The connection check: is this the right account, does the token work, can contacts be read?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from source_amocrm.errors import AmocrmError, ConfigError

if TYPE_CHECKING:
    from source_amocrm.client import ApiClient
    from source_amocrm.config import Settings


def find_problem(client: ApiClient, settings: Settings) -> AmocrmError | None:
    """An error that names what is wrong and says what to do; None when all is well."""
    try:
        account = client.get("/account")
        if not account or "id" not in account:
            return ConfigError(
                f"{settings.host} answered without an account: check that `host` is the address of your amoCRM account."
            )
        subdomain = str(account.get("subdomain") or "")
        if subdomain and subdomain.lower() != settings.host.partition(".")[0]:
            return ConfigError(
                f"The token belongs to the account {subdomain!r}, not to `host` {settings.host}: "
                "correct `host`, or paste a token of that account."
            )
        client.get("/contacts", [("limit", "1"), ("page", "1")])
    except AmocrmError as error:
        return error
    return None
