"""E-mail addresses and phone numbers as Unisender takes them in: what is normalised and what is refused."""

import re

ROLE_NAMES = frozenset(
    [
        "abuse",
        "accounting",
        "admin",
        "administrator",
        "all",
        "billing",
        "compliance",
        "devnull",
        "dns",
        "help",
        "hostmaster",
        "hr",
        "info",
        "ispsupport",
        "list-request",
        "mailer-daemon",
        "maildaemon",
        "marketing",
        "no-reply",
        "noc",
        "noreply",
        "null",
        "office",
        "orders",
        "phishing",
        "postmaster",
        "privacy",
        "root",
        "sales",
        "security",
        "spam",
        "subscribe",
        "support",
        "sysadmin",
        "tech",
        "test",
        "undisclosed-recipients",
        "unsubscribe",
        "usenet",
        "uucp",
        "webmaster",
        "www",
    ]
)
"""Default for the screening; which names the vendor really refuses is not published (docs: contacts/importcontacts)."""

EMAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])"
)
PHONE_NOISE = str.maketrans("", "", " ()-\t\u00a0\u2010\u2011\u2012\u2013\u2014.")
PHONE = re.compile(r"[0-9]{10,15}")
LONGEST_EMAIL = 254
LANDLINE_PREFIXES = ("+73", "+74", "+78")


def normalise_email(text: str, *, idn: bool = False) -> str | None:
    """The stored form of an address, or None when it is not one. `idn` also takes domains of other alphabets."""
    address = text.strip().lower()
    if EMAIL.fullmatch(address) and len(address) <= LONGEST_EMAIL:
        return address
    if idn and not address.isascii():
        local, _, domain = address.partition("@")
        try:
            return normalise_email(f"{local}@{domain.encode('idna').decode('ascii')}")
        except UnicodeError:
            return None
    return None


def normalise_phone(text: str) -> str | None:
    """The stored form `+79000000000`, or None. The Russian trunk form 8XXXXXXXXXX counts as +7."""
    digits = text.translate(PHONE_NOISE)
    plus = digits.startswith("+")
    digits = digits.removeprefix("+")
    if not PHONE.fullmatch(digits):
        return None
    if not plus and len(digits) == 11 and digits[0] == "8":
        digits = "7" + digits[1:]
    return "+" + digits


def looks_like_landline(phone: str) -> bool:
    """Whether a stored number gets the warning that it is probably not a mobile one."""
    return len(phone) == 12 and phone.startswith(LANDLINE_PREFIXES)


def local_part(email: str) -> str:
    return email.partition("@")[0]
