"""What pydantic finds, said as what is wrong and what to do, at the place in the file."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from orchestrator.config.document import Document, Place
from orchestrator.config.kinds import Part
from orchestrator.config.problem import Problem
from orchestrator.config.settings import Settings

_WANTED = {
    "string": "a text: put it in quotes",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "tuple": "a list: write its items as lines that begin with -",
    "list": "a list: write its items as lines that begin with -",
    "dict": "a mapping: write its entries as lines `key: value`",
    "model": "a mapping: write its entries as lines `key: value`",
    "path": "a file name",
}
_BOUNDS = {
    "greater_than": ("more than {gt}", "a larger number"),
    "greater_than_equal": ("at least {ge}", "a larger number"),
    "less_than": ("less than {lt}", "a smaller number"),
    "less_than_equal": ("at most {le}", "a smaller number"),
    "finite_number": ("a plain number", "one"),
    "string_too_short": ("at least {min_length} characters long", "a longer text"),
    "string_too_long": ("at most {max_length} characters long", "a shorter text"),
    "too_short": ("a list of at least {min_length}", "more items"),
    "too_long": ("a list of at most {max_length}", "fewer items"),
    "string_pattern_mismatch": ("of the form {pattern}", "such a text"),
}


def problems_of(error: ValidationError, document: Document) -> list[Problem]:
    """A problem for each thing that is wrong and was not told already by the files' reading."""
    details = error.errors(include_url=False, include_input=False)
    return [
        _problem(detail, document)
        for detail in details
        if not any(detail["loc"][:length] in document.broken for length in range(len(detail["loc"]) + 1))
        and not (detail["type"] == "too_short" and _has_worse_inside(detail["loc"], details))
    ]


def name_of(place: Place) -> str:
    """`connections[2].list.title`"""
    name = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in place)
    return name.removeprefix(".") or "the configuration"


def _has_worse_inside(place: Place, details: list[ErrorDetails]) -> bool:
    # A list whose items are wrong counts as short to pydantic.
    return any(len(other["loc"]) > len(place) and other["loc"][: len(place)] == place for other in details)


def _problem(detail: ErrorDetails, document: Document) -> Problem:
    place, kind, facts = detail["loc"], detail["type"], detail.get("ctx", {})
    name = name_of(place)
    if kind == "extra_forbidden":
        known = _known_keys(place[:-1])
        return Problem(mark=document.mark_of(place, key=True), sentence=_unknown_key(place, known))
    if kind == "missing":
        return Problem(mark=document.mark_of(place[:-1]), sentence=f"{name} is missing: add it")
    return Problem(mark=document.mark_of(place), sentence=f"{name}: {_wish(kind, facts, detail['msg'])}")


def _wish(kind: str, facts: Mapping[str, Any], message: str) -> str:
    if kind in {"literal_error", "enum"}:
        return f"this is not one of the choices: write {facts['expected']}"
    if kind in _BOUNDS:
        bound, advice = _BOUNDS[kind]
        plain = {name: f"{fact:g}" if isinstance(fact, float) else fact for name, fact in facts.items()}
        return f"it must be {bound.format(**plain)}: write {advice}"
    if kind in {"value_error", "assertion_error"}:
        return message.removeprefix("Value error, ")
    wanted = next((words for start, words in _WANTED.items() if kind.startswith(start)), None)
    return f"it must be {wanted}" if wanted else f"{message}: correct it"


def _unknown_key(place: Place, known: list[str]) -> str:
    close = get_close_matches(str(place[-1]), known, n=1)
    advice = f"did you mean {close[0]}?" if close else f"remove it, or use one of {', '.join(known)}"
    return f"{name_of(place)} is no setting: {advice}"


def _known_keys(place: Place) -> list[str]:
    kind: Any = Settings
    for part in place:
        kind = _inner(kind, part)
    return [info.alias or name for name, info in kind.model_fields.items()]


def _inner(kind: Any, part: str | int) -> Any:
    """The model that stands at a key, or in a list."""
    if isinstance(part, int):
        return kind
    fields: Mapping[str, Any] = kind.model_fields
    return model_in(fields[part].annotation)


def model_in(annotation: Any) -> Any:
    """`tuple[TokenEntry, ...]`, `Part | None`: the model inside."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation
    inner = [found for one in get_args(annotation) if (found := model_in(one)) is not None]
    return inner[0] if inner else None
