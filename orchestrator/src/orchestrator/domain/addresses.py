"""One spelling per e-mail address, the destination's own, and which of a record's addresses count.

The destination normalises by the same rule; a property test holds both to one another.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

EmailChoice = Literal["first", "all"]

_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})")
_MOST_SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The addresses of a record that count, normalised, in its order, each once.

    `refused` is the first text that is no address, when nothing else was there; empty when there was no text at all.
    """

    addresses: tuple[str, ...]
    refused: str = ""


def normalise_email(text: str) -> str | None:
    """The address as Unisender is to know it, or None when it is not one address.

    Blanks around it go, letters become small, a domain in another script becomes punycode.
    """
    local, at, domain = text.strip().lower().rpartition("@")
    if not at or not local or len(local) > 64 or not _LOCAL.fullmatch(local):
        return None
    if not domain.isascii():
        domain = _punycode(domain)
    if len(domain) + len(local) > 253 or not _DOMAIN.fullmatch(domain):
        return None
    return f"{local}@{domain}"


@lru_cache(maxsize=1024)
def _punycode(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def chosen(record: Mapping[str, Any], *, emails: EmailChoice) -> Chosen:
    """The addresses of a record as source-amocrm gives it (`emails`: objects with `value`): the first valid, or all."""
    valid: list[str] = []
    refused = ""
    for item in record.get("emails") or ():
        text = item.get("value") if isinstance(item, Mapping) else item
        if not isinstance(text, str) or not text or text.isspace():
            continue
        address = normalise_email(text)
        if address is None:
            refused = refused or text.strip()[:_MOST_SHOWN]
        elif emails == "first":
            return Chosen(addresses=(address,))
        elif address not in valid:
            valid.append(address)
    return Chosen(addresses=tuple(valid), refused="" if valid else refused)
