"""Integrations (OAuth clients): their keys, redirect rule, and where they are installed."""

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def is_loopback(url: str) -> bool:
    """Whether it leads to this machine only, names such as `service.localhost` included."""
    host = urlsplit(url).hostname or ""
    return host in LOOPBACK or host.endswith(".localhost")


@dataclass(kw_only=True, slots=True)
class Integration:
    """One integration card. `any_loopback` accepts each redirect URI on this machine (the sandbox's own client)."""

    client_id: str
    client_secret: str
    redirect_uri: str
    name: str = "Integration"
    kind: Literal["private", "public", "external"] = "public"
    uninstall_url: str | None = None
    any_loopback: bool = False
    installed: set[int] = field(default_factory=set)

    def accepts(self, redirect_uri: str) -> bool:
        """Whether the vendor would send a code there: byte for byte the configured URI."""
        if redirect_uri == self.redirect_uri:
            return True
        return self.any_loopback and is_loopback(redirect_uri)


def sandbox_client(redirect_uri: str) -> Integration:
    """The client every sandbox starts with."""
    return Integration(
        client_id="sandbox-client",
        client_secret="sandbox-secret",  # noqa: S106 - a published example
        redirect_uri=redirect_uri,
        name="Sandbox integration",
        any_loopback=True,
    )
