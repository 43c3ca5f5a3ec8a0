"""Conditions on custom fields: the operators a rule may use. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from orchestrator.domain.custom_fields import FieldName, Record, field_name, find_field, is_field_set
from orchestrator.domain.errors import RejectedError
from orchestrator.domain.rule import Rule, every, folded, negation, shown, unknown_key

_DAY = 86_400


def parse_field(raw: Mapping[str, Any], where: str) -> Rule:
    """A condition `{field: …, operator: …}`; several operators must all hold.

    Raises:
        RejectedError: naming the key that is wrong.

    """
    named = raw["field"]
    if type(named) is str and named.strip():
        wanted = field_name(named.strip())
    elif type(named) is int:
        wanted = named
    else:
        raise RejectedError(f"{where}.field must be the id, code or name of a custom field")
    operators = [key for key in raw if key != "field"]
    if not operators:
        raise RejectedError(f"{where} says nothing about the field {named}: add one of {', '.join(_OPERATORS)}")
    for name in operators:
        if name not in _OPERATORS:
            raise unknown_key(where, name, _OPERATORS)
    return every([_OPERATORS[name](wanted, raw[name], f"{where}.{name}") for name in operators])


def _equals(wanted: FieldName, operand: Any, where: str) -> Rule:
    return _among(wanted, [_plain(operand, where)], f"{wanted} = {shown(operand)}")


def _any_of(wanted: FieldName, operand: Any, where: str) -> Rule:
    operands = _plain_list(operand, where)
    return _among(wanted, operands, f"{wanted} = {' or '.join(map(shown, operands))}")


def _none_of(wanted: FieldName, operand: Any, where: str) -> Rule:
    return negation(_any_of(wanted, operand, where))


def _among(wanted: FieldName, operands: Sequence[Any], text: str) -> Rule:
    texts = frozenset(folded(one) for one in operands if isinstance(one, str))
    numbers = frozenset(_number(one) for one in operands if not isinstance(one, str | bool))
    answers = frozenset(one for one in operands if isinstance(one, bool))

    def same(item: Any) -> bool:
        value, enum_code, enum_id = _parts(item)
        if texts and (folded(value) in texts or (enum_code is not None and folded(enum_code) in texts)):
            return True
        return bool(numbers) and (_number(value) in numbers or enum_id in numbers)

    def matches(record: Record) -> bool:
        # amoCRM leaves out fields that were never filled in, so "false" is also their answer
        if answers and is_field_set(record, wanted) in answers:
            return True
        return any(same(item) for item in _items(record, wanted))

    return Rule(matches=matches, text=text)


def _contains(wanted: FieldName, operand: Any, where: str) -> Rule:
    if not isinstance(operand, str) or not operand.strip():
        raise RejectedError(f"{where} must be a text")
    part = folded(operand)
    return Rule(
        matches=lambda record: any(part in folded(_parts(item)[0]) for item in _items(record, wanted)),
        text=f"{wanted} contains {shown(operand)}",
    )


def _at_least(wanted: FieldName, operand: Any, where: str) -> Rule:
    bound = _bound(operand, where)
    return _compared(wanted, lambda number: number >= bound, f"{wanted} ≥ {operand}", of_days=_is_day(operand))


def _at_most(wanted: FieldName, operand: Any, where: str) -> Rule:
    bound = _bound(operand, where)
    return _compared(wanted, lambda number: number <= bound, f"{wanted} ≤ {operand}", of_days=_is_day(operand))


def _compared(wanted: FieldName, holds: Callable[[float], bool], text: str, *, of_days: bool) -> Rule:
    read = _day if of_days else _number
    return Rule(
        matches=lambda record: any(
            (number := read(_parts(item)[0])) is not None and holds(number) for item in _items(record, wanted)
        ),
        text=text,
    )


def _is_set(wanted: FieldName, operand: Any, where: str) -> Rule:
    return _filled(wanted, wish=_answer(operand, where))


def _not_set(wanted: FieldName, operand: Any, where: str) -> Rule:
    return _filled(wanted, wish=not _answer(operand, where))


def _filled(wanted: FieldName, *, wish: bool) -> Rule:
    return Rule(
        matches=lambda record: is_field_set(record, wanted) is wish, text=f"{wanted} is {'' if wish else 'not '}set"
    )


def _answer(operand: Any, where: str) -> bool:
    if not isinstance(operand, bool):
        raise RejectedError(f"{where} must be true or false")
    return operand


_OPERATORS: dict[str, Callable[[FieldName, Any, str], Rule]] = {
    "equals": _equals,
    "any_of": _any_of,
    "none_of": _none_of,
    "contains": _contains,
    "at_least": _at_least,
    "at_most": _at_most,
    "is_set": _is_set,
    "not_set": _not_set,
}


def _items(record: Record, wanted: FieldName) -> Sequence[Any]:
    block = find_field(record, wanted)
    return (block.get("values") or ()) if block else ()


def _parts(item: Any) -> tuple[Any, str | None, float | None]:
    """Value, enum code and enum id of one of a field's values."""
    if not isinstance(item, Mapping):
        return item, None, None
    value = item.get("value")
    if isinstance(value, Mapping):  # a legal entity, a linked element: known by its name
        value = value.get("name", value.get("value"))
    enum_id = item.get("enum_id")
    return value, item.get("enum_code"), float(enum_id) if isinstance(enum_id, int) else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        return float(str(value).replace(" ", "").replace("\u00a0", "").replace(",", "."))
    except ValueError:
        return None


def _day(value: Any) -> float | None:
    """Days since 1970 of a date: Unix seconds of about midnight somewhere, or ISO."""
    seconds = _number(value)
    if seconds is None:
        try:
            moment = datetime.fromisoformat(str(value).strip())
        except ValueError:
            return None
        return float((moment.date() - date(1970, 1, 1)).days)
    return float((seconds + _DAY / 2) // _DAY) if abs(seconds) < 1e12 else None


def _is_day(operand: Any) -> bool:
    return _number(operand) is None


def _bound(operand: Any, where: str) -> float:
    bound = _number(operand)
    if bound is None and not isinstance(operand, bool):
        bound = _day(operand.astimezone(UTC) if isinstance(operand, datetime) and operand.tzinfo else operand)
    if bound is None:
        raise RejectedError(f"{where} must be a number or a date such as 2026-01-31")
    return bound


def _plain(operand: Any, where: str) -> Any:
    if isinstance(operand, str | int | float):
        return operand
    raise RejectedError(f"{where} must be a text, a number, true or false (several go into any_of)")


def _plain_list(operand: Any, where: str) -> list[Any]:
    if not isinstance(operand, list | tuple) or not operand:
        raise RejectedError(f"{where} must be a list of texts or numbers")
    return [_plain(one, f"{where}[{number}]") for number, one in enumerate(operand)]
