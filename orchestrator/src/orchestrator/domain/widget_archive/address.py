"""Which addresses a widget can speak to: amoCRM's pages and amoCRM itself must reach them over HTTPS."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from orchestrator.domain.account import ZONES
from orchestrator.domain.errors import RejectedError

_HERE_ONLY = ("localhost", "local", "internal", "lan", "home", "test", "invalid")


def widget_address(text: str) -> str:
    """The address without a slash at its end. Raises RejectedError, saying what to give instead."""
    try:
        parts = urlsplit(text.strip())
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise _refused(text, "it is no address") from None
    if parts.scheme != "https":
        raise _refused(text, "amoCRM's pages are https and may only call https")
    if parts.username is not None or parts.query or parts.fragment or not host:
        raise _refused(text, "it must be a bare address, without user name, ? and #")
    if not host.isascii() or any(label.startswith("xn--") for label in host.split(".")):
        raise _refused(text, "amoCRM takes no internationalised host")
    if any(host == zone or host.endswith(f".{zone}") for zone in ZONES):
        raise _refused(text, "that is amoCRM's own host; give the one this service answers at")
    if _is_out_of_reach(host):
        raise _refused(text, "amoCRM cannot reach it from the internet")
    return text.strip().rstrip("/")


def _is_out_of_reach(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.rpartition(".")[2] in _HERE_ONLY


def _refused(text: str, why: str) -> RejectedError:
    return RejectedError(
        f"public_url {text!r} does not do for a widget: {why}. Write it like https://sync.example.com."
    )
