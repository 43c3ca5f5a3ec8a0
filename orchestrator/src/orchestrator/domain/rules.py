"""Filters: rules on records, as written in the configuration. Pure.

    {field: CITY, equals: Казань}          custom field by id, code or name; any of its values counts
    {field: 640103, any_of: [a, b]}        also none_of, contains, at_least, at_most, is_set, not_set
    {tag: client} · {tag: [client, vip]}   one of these tags
    {responsible_user: 504141}             or a list of ids
    {and: [...]} · {or: [...]} · {not: …}

Texts are compared without letter case and blanks around them, or as the value's enum code; numbers as numbers, or as
the value's enum id; `true` and `false` ask whether a field is set.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.domain.custom_fields import Record
from orchestrator.domain.errors import RejectedError
from orchestrator.domain.field_rules import parse_field
from orchestrator.domain.rule import Rule, either, every, folded, negation, shown, unknown_key

_HEADS = ("field", "tag", "responsible_user", "and", "or", "not")
_DEEPEST = 20
_LONGEST_TEXT = 200


def describe(rule: Rule) -> str:
    """The rule in few words, for the reason `filtered`."""
    return rule.text if len(rule.text) <= _LONGEST_TEXT else f"{rule.text[: _LONGEST_TEXT - 1]}…"


def parse(raw: Any, *, where: str = "filter") -> Rule:
    """Read a rule.

    Raises:
        RejectedError: naming the key that is wrong and what to write instead.

    """
    return _parse(raw, where, _DEEPEST)


def _parse(raw: Any, where: str, depth: int) -> Rule:
    head = _head(raw, where)
    if not depth:
        raise RejectedError(f"{where} is nested too deeply: write fewer conditions inside one another")
    inner = raw[head]
    match head:
        case "field":
            return parse_field(raw, where)
        case "tag":
            return _tag(inner, f"{where}.tag")
        case "responsible_user":
            return _responsible_user(inner, f"{where}.responsible_user")
        case "not":
            return negation(_parse(inner, f"{where}.not", depth - 1))
    if not isinstance(inner, list | tuple) or not inner:
        raise RejectedError(f"{where}.{head} must be a list of conditions")
    rules = [_parse(item, f"{where}.{head}[{number}]", depth - 1) for number, item in enumerate(inner)]
    return every(rules) if head == "and" else either(rules)


def _head(raw: Any, where: str) -> str:
    """The key that says what kind of condition this is."""
    if not isinstance(raw, Mapping) or not raw:
        raise RejectedError(f"{where} must be a condition such as {{tag: client}}")
    heads: Sequence[str] = [key for key in raw if key in _HEADS]
    if not heads:
        raise unknown_key(where, next(iter(raw)), _HEADS)
    if len(heads) > 1:
        raise RejectedError(f"{where} has both {heads[0]} and {heads[1]}: put each into its own condition under and")
    if heads[0] != "field" and len(raw) > 1:
        extra = next(key for key in raw if key != heads[0])
        raise RejectedError(f"{where}.{extra} does not go with {heads[0]}: remove it")
    return heads[0]


def _tag(raw: Any, where: str) -> Rule:
    names = raw if isinstance(raw, list | tuple) else [raw]
    if not names or not all(isinstance(name, str) and name.strip() for name in names):
        raise RejectedError(f"{where} must be the name of a tag, or a list of names (in quotes if it is a number)")
    wanted = frozenset(folded(name) for name in names)

    def matches(record: Record) -> bool:
        embedded = record.get("_embedded")
        tags = embedded.get("tags") if isinstance(embedded, Mapping) else None
        return any(folded(tag.get("name", "")) in wanted for tag in tags or () if isinstance(tag, Mapping))

    return Rule(matches=matches, text=f"tag {' or '.join(map(shown, names))}")


def _responsible_user(raw: Any, where: str) -> Rule:
    ids = raw if isinstance(raw, list | tuple) else [raw]
    if not ids or not all(type(one) is int for one in ids):
        raise RejectedError(f"{where} must be the id of a user, or a list of ids")
    wanted = frozenset(ids)
    return Rule(
        matches=lambda record: record.get("responsible_user_id") in wanted,
        text=f"responsible user {' or '.join(map(str, ids))}",
    )
