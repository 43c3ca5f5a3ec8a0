"""Which host names are amoCRM's. A client secret or a token is only ever sent to one of these."""

import re

from orchestrator.domain.account import ZONES

_ZONES = "|".join(re.escape(zone) for zone in ZONES)
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ACCOUNT = re.compile(rf"(?!www\.|api-|xn--){_LABEL}\.(?:{_ZONES})")
_API = re.compile(rf"api-[a-z0-9]{{1,16}}\.(?:{_ZONES})")
LONGEST = 63 + len(".amocrm.com")


def account_host(text: str) -> str | None:
    """The account host that `text` names, in lower case; None for everything else.

    Exactly `label.zone`: no scheme, port, user, path, trailing dot or blank, no shared host (`www`, `api-b`), no
    internationalised label (amoCRM hands out none), nothing outside ASCII (whose lower case may be ASCII).
    """
    if len(text) > LONGEST or not text.isascii():
        return None
    host = text.lower()
    return host if _ACCOUNT.fullmatch(host) else None


def api_host(text: str) -> str | None:
    """The shared host that knows where accounts live (`api-b.amocrm.ru`), as access tokens name it; None otherwise."""
    return text if text.isascii() and _API.fullmatch(text) else None


def zone_of(host: str) -> str:
    """`amocrm.ru` of an account host."""
    return host.partition(".")[2]
