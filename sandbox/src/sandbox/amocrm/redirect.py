"""Where amoCRM sends a browser, or itself, after a grant."""

from collections.abc import Mapping
from urllib.parse import urlencode

from sandbox.amocrm.hosts import platform_of, split_host


def granted(
    redirect_uri: str, *, code: str, host: str, client_id: str, state: str | None = None,
    extra: Mapping[str, str] | None = None,
) -> str:  # fmt: skip
    """The redirect URI with the parameters seen live: code, referer, platform, client_id, state and `extra`."""
    zone = (split_host(host) or ("", "amocrm.ru"))[1]
    query = {"code": code, "referer": host, "platform": platform_of(zone), "client_id": client_id}
    return with_query(redirect_uri, {**query, **({"state": state} if state else {}), **(extra or {})})


def refused(redirect_uri: str, *, state: str | None) -> str:
    """The redirect after the user said no."""
    return with_query(redirect_uri, {"error": "access_denied", **({"state": state} if state else {})})


def with_query(url: str, query: Mapping[str, object]) -> str:
    """`url` with more parameters, whether or not it has some."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"
