"""What may leave the house in diagnostics: everything but secrets and people.

Masked are values whose key names a secret, `Secret` objects, whatever in a text looks like a secret (credentials and
parameters of addresses, tokens, webhook paths), and the local parts of e-mail addresses and phones.
"""

import re
from collections.abc import Mapping
from typing import Any

from orchestrator.domain.secret import Secret

MASK = "***"

SECRET_NAMES = frozenset({
    "token", "secret", "password", "passwd", "pwd", "authorization", "cookie", "credential", "signature", "nonce",
    "key", "api_key", "apikey", "oauth_state", "hash", "salt",
})  # fmt: skip
"""A key whose last word or two are one of these, or several of them, holds a secret: `client_secret`, `api-keys`."""

HARMLESS_NAMES = frozenset({"primary_key", "record_key"})
"""Keys that only look like it."""

LISTS_OF_ENTRIES = frozenset({"tokens"})
"""Lists of mappings whose own keys tell what is secret in them (`http.tokens`)."""

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^A-Z\W_]+")
_PATTERNS = (
    # scheme://user:password@host, also when the password was not encoded
    (re.compile(r"([a-z][a-z0-9+.-]*://)(?:[^\s/?#]*|[^\s@/?#]+:\S*)@", re.IGNORECASE), rf"\1{MASK}@"),
    # api_key=…, "client_secret": "…", ?code=…
    (
        re.compile(
            r"((?:token|secret|password|passwd|pwd|api[_-]?key|signature|oauth_state|hash)[\"']?\s*[=:]\s*[\"']?"
            r"|[?&](?:code|state|key)=)[^\s&\"',;}]+",
            re.IGNORECASE,
        ),
        rf"\1{MASK}",
    ),
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{12,}", re.IGNORECASE), rf"\1 {MASK}"),
    (re.compile(r"\beyJ[\w-]+(?:\.[\w-]*){0,2}"), MASK),
    (re.compile(r"(/webhooks/\w+/)[^\s/?#\"']+"), rf"\1{MASK}"),
    # what is long and mixed of letters and digits is no word
    (re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{32,}"), MASK),
    (re.compile(r"[^\s@<>\"',;:/=?&()]+@(?=[^\s@]+\.)"), f"{MASK}@"),
    (re.compile(r"(?<![\w.:/-])(?:\+\d|[78][ (-]{0,2}\d{3})[\d ()-]{5,}\d(?![\w:-])"), MASK),
)


def redacted(value: Any) -> Any:
    """The same structure with everything masked that must not be shown; an object it does not know becomes its type."""
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return redacted_text(value)
        case Mapping():
            return {redacted_text(str(key)): _entry(str(key), inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [redacted(inner) for inner in value]
        case Secret():
            return _masked(value)
    return f"<{type(value).__name__}>"


def redacted_text(text: str) -> str:
    """A text without what looks like a secret or a person in it."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def names_a_secret(key: str) -> bool:
    """Whether a value under this key must not be shown."""
    words = [word.lower() for word in _WORDS.findall(key)]
    if "_".join(words) in HARMLESS_NAMES:
        return False
    endings = {separator.join(words[-length:]) for length in (1, 2) for separator in ("", "_")}
    return bool(SECRET_NAMES & (endings | {ending.removesuffix("s") for ending in endings}))


def _entry(key: str, value: Any) -> Any:
    if not names_a_secret(key):
        return redacted(value)
    if key in LISTS_OF_ENTRIES and isinstance(value, list | tuple) and all(isinstance(one, Mapping) for one in value):
        return redacted(value)
    return _masked(value)


def _masked(value: Any) -> Any:
    """Every value masked, the shape kept. What is empty stays so: that a secret is missing is worth knowing."""
    match value:
        case Mapping():
            return {redacted_text(str(key)): _masked(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_masked(inner) for inner in value]
        case None | bool():
            return value
    return MASK if value or isinstance(value, int | float) else ""
