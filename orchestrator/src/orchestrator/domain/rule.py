"""A rule on records, ready to be asked, and how rules combine. Pure."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from orchestrator.domain.custom_fields import Record
from orchestrator.domain.errors import RejectedError

Test = Callable[[Record], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`text` says it in few words."""

    matches: Test
    text: str


def every(rules: Sequence[Rule]) -> Rule:
    tests = [rule.matches for rule in rules]
    return Rule(matches=lambda record: all(test(record) for test in tests), text=_joined(rules, " and "))


def either(rules: Sequence[Rule]) -> Rule:
    tests = [rule.matches for rule in rules]
    return Rule(matches=lambda record: any(test(record) for test in tests), text=_joined(rules, " or "))


def negation(rule: Rule) -> Rule:
    test = rule.matches
    return Rule(matches=lambda record: not test(record), text=f"not ({rule.text})")


def _joined(rules: Sequence[Rule], word: str) -> str:
    return rules[0].text if len(rules) == 1 else word.join(f"({rule.text})" for rule in rules)


def folded(value: Any) -> str:
    """A text as it is compared: without blanks around it and letter case."""
    return "" if value is None else str(value).strip().casefold()


def shown(value: Any) -> str:
    """A value as a rule's text has it."""
    return f'"{value.strip()}"' if isinstance(value, str) else str(value).lower()


def unknown_key(where: str, key: Any, known: Collection[str]) -> RejectedError:
    near = get_close_matches(str(key), known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
    return RejectedError(f"{where}.{key} is not known: {hint}")
