"""amoCRM's host names: which belong to the vendor, which to an account, which to everybody."""

ZONES = ("amocrm.ru", "amocrm.com", "kommo.com")
SHARED = ("www", "api-a", "api-b", "api-c")


def split_host(host: str) -> tuple[str, str] | None:
    """`("acme", "amocrm.ru")` of a vendor's host name, None for any other."""
    subdomain, _, zone = host.lower().partition(".")
    return (subdomain, zone) if zone in ZONES else None


def is_vendor_host(host: str) -> bool:
    return split_host(host) is not None


def is_shared_host(host: str) -> bool:
    """Hosts `www` and `api-x` serve every account; the token says which."""
    split = split_host(host)
    return split is not None and split[0] in SHARED


def api_domain(zone: str) -> str:
    """The claim `api_domain` of a zone's access tokens."""
    return "api-c.kommo.com" if zone == "kommo.com" else f"api-b.{zone}"


def platform_of(zone: str) -> str:
    """The `platform` of an OAuth redirect: 1 is amocrm.ru, 2 the others."""
    return "1" if zone == "amocrm.ru" else "2"
