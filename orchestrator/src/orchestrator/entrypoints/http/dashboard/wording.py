"""Texts of the pages in both languages, filled with facts; numbers come grouped and words in the right number."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.domain.wording import Language

NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"

_PLACE = re.compile(r"\{(\w+)((?:\|[^{}|]*)*)\}")


@dataclass(frozen=True, slots=True)
class Text:
    """A text of the pages.

    `{name}` is a fact. `{count|person|people}` is the word that goes with a number: in English one of two, in Russian
    one of three (1 контакт, 2 контакта, 5 контактов).
    """

    en: str
    ru: str

    def said(self, language: Language, facts: Mapping[str, object]) -> str:
        def place(found: re.Match[str]) -> str:
            fact = facts[found[1]]
            words = found[2].split("|")[1:]
            return _word(fact, words, language) if words else shown(fact)

        return _PLACE.sub(place, self.ru if language == "ru" else self.en)

    @property
    def facts(self) -> tuple[frozenset[str], frozenset[str]]:
        """Which facts it takes, in English and in Russian."""
        return _facts(self.en), _facts(self.ru)


Texts = Mapping[str, Text]
"""The texts of an area, by key."""


def number(value: int) -> str:
    return f"{value:,}".replace(",", NARROW_SPACE)


def shown(fact: object) -> str:
    return number(fact) if isinstance(fact, int) else str(fact)


def _facts(template: str) -> frozenset[str]:
    return frozenset(found[1] for found in _PLACE.finditer(template))


def _word(fact: object, words: list[str], language: Language) -> str:
    count = fact if isinstance(fact, int) else 0
    return words[_russian(count) if language == "ru" else count != 1]


def _russian(count: int) -> int:
    """Which of one, few, many (the rules of Unicode's CLDR for whole numbers)."""
    if count % 10 == 1 and count % 100 != 11:
        return 0
    return 1 if 2 <= count % 10 <= 4 and not 12 <= count % 100 <= 14 else 2
