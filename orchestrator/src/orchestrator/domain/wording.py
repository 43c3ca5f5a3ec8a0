"""How sentences for people are made: templates in two languages, filled with facts, without holes. Pure.

A part in square brackets is left out when a fact it names is missing: `unsubscribed[ on {date}]`.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Literal, get_args

Language = Literal["en", "ru"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

_PART = re.compile(r"\[([^\]]*)\]")
_FACT = re.compile(r"\{(\w+)\}")
_MONTHS: Mapping[Language, tuple[str, ...]] = {
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December"),
    "ru": ("января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября",
           "декабря"),
}  # fmt: skip


def filled(template: str, facts: Mapping[str, str]) -> str:
    """The template with its facts; a fact outside brackets that is missing leaves `…`.

    A full stop at the end of a fact goes: the sentence has its own.
    """
    known = {name: fact.strip().rstrip(".") for name, fact in facts.items()}
    kept = _PART.sub(lambda part: part[1] if all(known.get(name) for name in _FACT.findall(part[1])) else "", template)
    return _FACT.sub(lambda fact: known.get(fact[1]) or "…", kept)


def facts_of(template: str) -> frozenset[str]:
    """Which facts a template can take."""
    return frozenset(_FACT.findall(template))


def needs_of(template: str) -> frozenset[str]:
    """Which facts it cannot do without."""
    return facts_of(_PART.sub("", template))


def day(moment: datetime, language: Language) -> str:
    """`3 May 2026`, `3 мая 2026`; of UTC."""
    return f"{moment.day} {_MONTHS[language][moment.month - 1]} {moment.year}"
