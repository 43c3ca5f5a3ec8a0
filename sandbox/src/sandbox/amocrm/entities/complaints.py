"""Collects what is wrong with one element of a write, each with its dotted path; nothing is stored when any is."""

from typing import Any

from sandbox.amocrm.exceptions import BLANK, CHOICE, MISSING, NOT_EXPECTED, NULL, Invalid, wrong_type

TYPES = {"int": int, "string": str, "array": list, "object": dict, "bool": bool}


class Complaints:
    """Complaints about one element; `row` is its request_id or its index as text."""

    def __init__(self, row: str) -> None:
        self.row = row
        self.found: list[Invalid] = []

    def add(self, path: str, reason: tuple[str, str]) -> None:
        self.found.append(Invalid(row=self.row, path=path, code=reason[0], detail=reason[1]))

    def choice(self, path: str) -> None:
        self.add(path, CHOICE)

    def missing(self, path: str) -> None:
        self.add(path, MISSING)

    def unexpected(self, path: str) -> None:
        self.add(path, NOT_EXPECTED)

    def blank(self, path: str) -> None:
        self.add(path, BLANK)

    def null(self, path: str) -> None:
        self.add(path, NULL)

    def part(self, given: dict[str, Any], key: str) -> dict[str, Any]:
        """The object under `key`; empty when there is none or (with a complaint) something else."""
        value = given.get(key)
        return value if value is not None and self.is_a("object", value, key) else {}

    def objects(self, given: dict[str, Any], key: str, path: str) -> list[dict[str, Any]]:
        """The array of objects under `key`; empty when there is none or (with a complaint) something else."""
        value = given.get(key)
        if value is None or not self.is_a("array", value, path):
            return []
        return [one for place, one in enumerate(value) if self.is_a("object", one, f"{path}.{place}")]

    def is_a(self, kind: str, value: Any, path: str) -> bool:
        """Whether `value` is a JSON `kind`; strict: "1" is no int, and true is none either."""
        right = isinstance(value, TYPES[kind]) and not (kind == "int" and isinstance(value, bool))
        if not right:
            self.add(path, wrong_type(kind))
        return right
