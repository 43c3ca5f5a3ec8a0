"""Filters as a form can show them: all or any of some conditions, each of which may be turned round. Pure.

The rules themselves, and what is wrong with one, are of domain/rules; this only puts simple ones together and takes
them apart again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from orchestrator.domain.errors import RejectedError

Joint = Literal["all", "any"]
KINDS = ("tag", "field", "responsible_user")
OPERATORS = ("equals", "contains", "at_least", "at_most", "is_set", "not_set")
WITHOUT_VALUE = frozenset({"is_set", "not_set"})

_JOINTS: Mapping[str, Joint] = {"and": "all", "or": "any"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One line of the form. `field` and `operator` count for the kind `field` only; `value` is as typed: several
    values stand between commas.
    """

    kind: str = "tag"
    field: str = ""
    operator: str = "equals"
    value: str = ""
    negated: bool = False

    @property
    def is_blank(self) -> bool:
        """Nothing was filled in yet."""
        return not self.value.strip() and not (self.kind == "field" and self.field and self.operator in WITHOUT_VALUE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterForm:
    """The conditions and how they are joined."""

    joint: Joint = "all"
    conditions: tuple[Condition, ...] = ()


def rule_of(form: FilterForm) -> dict[str, Any] | None:
    """The rule as the configuration has it; None (everybody) when every line is blank.

    Raises:
        RejectedError: naming the line that is wrong.
    """
    rules = [_rule(one, number) for number, one in enumerate(form.conditions, 1) if not one.is_blank]
    if not rules:
        return None
    return rules[0] if len(rules) == 1 else {"and" if form.joint == "all" else "or": rules}


def form_of(rule: Mapping[str, Any] | None) -> FilterForm | None:
    """The form that makes this rule; None for a rule that needs more than a form has."""
    if rule is None:
        return FilterForm()
    joint: Joint = "all"
    parts: Sequence[Any] = [rule]
    for key, named in _JOINTS.items():
        if key in rule:
            joint, parts = named, rule[key]
    conditions = [_condition(part) for part in parts if isinstance(part, Mapping)]
    form = FilterForm(joint=joint, conditions=tuple(one for one in conditions if one is not None))
    return form if len(form.conditions) == len(parts) else None


def _rule(one: Condition, number: int) -> dict[str, Any]:
    match one.kind:
        case "tag":
            rule: dict[str, Any] = {"tag": _one_or_several(_values(one.value))}
        case "responsible_user":
            ids = _values(one.value)
            if not all(value.isascii() and value.isdigit() for value in ids):
                raise RejectedError(f"Condition {number}: choose a user.", code="condition_incomplete")
            rule = {"responsible_user": _one_or_several([int(value) for value in ids])}
        case "field" if one.field.strip():
            rule = {"field": _field(one.field.strip()), **_operation(one)}
        case _:
            raise RejectedError(f"Condition {number}: choose a field.", code="condition_incomplete")
    return {"not": rule} if one.negated else rule


def _operation(one: Condition) -> dict[str, Any]:
    if one.operator in WITHOUT_VALUE:
        return {one.operator: True}
    values = _values(one.value)
    if one.operator == "equals" and len(values) > 1:
        return {"any_of": values}
    return {one.operator: values[0] if one.operator == "equals" else one.value.strip()}


def _condition(rule: Mapping[str, Any]) -> Condition | None:
    inner = rule.get("not")
    if len(rule) == 1 and isinstance(inner, Mapping):
        plain = _plain(inner)
        return None if plain is None else replace(plain, negated=True)
    return _plain(rule)


def _plain(rule: Mapping[str, Any]) -> Condition | None:
    for kind in ("tag", "responsible_user"):
        if set(rule) == {kind}:
            return Condition(kind=kind, value=_joined(rule[kind]))
    operators = [key for key in rule if key != "field"]
    if "field" not in rule or len(operators) != 1:
        return None
    name, operand = operators[0], rule[operators[0]]
    operator = "equals" if name == "any_of" else name
    if operator not in OPERATORS or (operand is True) is not (operator in WITHOUT_VALUE) or operand is False:
        return None
    value = "" if operand is True else _joined(operand)
    # as one text it would be read as several
    torn = name == "equals" and "," in value
    return None if torn else Condition(kind="field", field=str(rule["field"]), operator=operator, value=value)


def _values(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _one_or_several(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _field(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() else text


def _joined(value: Any) -> str:
    return ", ".join(str(one) for one in value) if isinstance(value, list | tuple) else str(value)
