"""The only thing changed in the Python clients: requests to the vendors' hosts travel to the sandbox, Host header kept."""

from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

VENDORS = (".amocrm.ru", ".amocrm.com", ".kommo.com", "api.unisender.com")


class ToSandbox(HTTPAdapter):
    """Sends what was meant for a vendor's host to the sandbox; anything else is refused, so nothing leaves here."""

    def __init__(self, sandbox_url: str) -> None:
        super().__init__()
        self._sandbox_url = sandbox_url

    def send(self, request: requests.PreparedRequest, *args: object, **kwargs: object) -> requests.Response:
        meant = urlsplit(request.url or "")
        if not (meant.hostname or "").endswith(VENDORS):
            raise requests.ConnectionError(f"a request to {meant.hostname} would have left this machine")
        request.headers["Host"] = meant.netloc
        request.url = f"{self._sandbox_url}{meant.path}" + (f"?{meant.query}" if meant.query else "")
        return super().send(request, *args, **kwargs)  # type: ignore[arg-type]


def route_vendors_to(sandbox_url: str) -> None:
    """Every session of this process, those made by `requests.post` included."""
    adapter = ToSandbox(sandbox_url)
    requests.Session.get_adapter = lambda self, url: adapter  # type: ignore[method-assign,assignment]
