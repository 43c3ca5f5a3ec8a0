"""One spelling per address: e-mail (lower case, punycode domain) and phone (E.164). Pure.

What is not an address is None.
"""

import re
from functools import lru_cache

import phonenumbers

_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})")
_PHONE_FILLING = str.maketrans("", "", " ().-\t\u00a0\u2010\u2011\u2012\u2013\u2014")
# The bulk of amoCRM's phones, spelled without the library's 60 µs.
_FAST_COUNTRY = "RU"
_PLUS_SEVEN_DIGITS = 11
_NATIONAL_DIGITS = 10


def normalise_email(text: str) -> str | None:
    """The address as Unisender is to know it, or None when it is not one address.

    Blanks around it go, letters become small, a domain in another script becomes punycode. More than one `@`, blanks
    inside, and letters outside ASCII before the `@` are refused, because Unisender publishes no rule that takes them.
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


def normalise_phone(text: str, *, country: str) -> str | None:
    """The number as `+` and digits, or None when it cannot be a phone number.

    `country` (ISO 3166-1 alpha-2) reads numbers written without a country code: in RU `8 (900) …` is `+7900…`.
    """
    digits = text.translate(_PHONE_FILLING)
    if country == _FAST_COUNTRY:
        fast = _plus_seven(digits)
        if fast:
            return fast
    return _by_library(text.strip(), country=country)


def _plus_seven(digits: str) -> str | None:
    """The common Russian spellings: +7…, 8…, 7… and the bare ten digits of a mobile or a city number."""
    if not digits.isascii():
        return None
    if digits[:2] == "+7" and len(digits) == _PLUS_SEVEN_DIGITS + 1 and digits[1:].isdigit() and digits[2] in "34789":
        return digits
    if not digits.isdigit():
        return None
    if len(digits) == _PLUS_SEVEN_DIGITS and digits[0] in "78" and digits[1] in "3479":
        return f"+7{digits[1:]}"
    if len(digits) == _NATIONAL_DIGITS and digits[0] in "349":
        return f"+7{digits}"
    return None


def _by_library(text: str, *, country: str) -> str | None:
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    # "Possible" alone would let numbers through that can only be dialled inside one town.
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def mask_email(address: str) -> str:
    """`i***@example.com`: enough to recognise one's own contact by, not enough to write to a stranger."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}" if at else "***"


def mask_phone(number: str) -> str:
    return f"{number[:2]}***{number[-2:]}" if len(number) > 6 else "***"


_EMAIL_IN_TEXT = re.compile(r"[^\s\"'<>,;:()]+@[^\s\"'<>,;:()]+")
_PHONE_IN_TEXT = re.compile(r"\+?\d[\d\s().\-]{5,}\d")
_QUOTED_IN_TEXT = re.compile(r"(\"|«|&quot;)(?:(?!\1|»).)*(\"|»|&quot;)")


def mask_text(text: str) -> str:
    """A vendor's sentence with everything in it that could be a person's masked: addresses, numbers, quoted values."""
    text = _EMAIL_IN_TEXT.sub(lambda found: mask_email(found.group()), text)
    text = _QUOTED_IN_TEXT.sub(lambda found: found.group() if "***@" in found.group() else '"***"', text)
    return _PHONE_IN_TEXT.sub(lambda found: mask_phone(found.group()), text)
