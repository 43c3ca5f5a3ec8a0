"""Faults on demand: which request is to go wrong, and how. Deciding is here; breaking the answer is in `app`."""

from dataclasses import asdict, dataclass, fields
from fnmatch import fnmatchcase
from itertools import count
from typing import Any

KINDS = frozenset(
    {
        "status",
        "slow",
        "silent",
        "cut_before",
        "cut_after",
        "truncated",
        "html",
        "blocked",
        "garbled",
        "empty",
        "no_content",
        "wrong_shape",
        "code",
    }
)
VENDORS = ("amocrm", "unisender")


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One order to fail.

    `path` is a glob on the request path; `times` how often to strike (None: for ever); `skip` how many matching
    requests pass first; `every` strikes each n-th match only; `seconds` belongs to `slow`, `status` and
    `retry_after` (seconds) to `status`, `code` to `code` (Unisender's error envelope).
    """

    id: int
    vendor: str
    kind: str
    path: str = "*"
    method: str = "*"
    times: int | None = 1
    skip: int = 0
    every: int = 1
    seconds: float = 1.0
    status: int = 500
    retry_after: int | None = None
    code: str = "retry_later"

    def matches(self, *, vendor: str, method: str, path: str) -> bool:
        return vendor == self.vendor and self.method in ("*", method) and fnmatchcase(path, self.path)


class Faults:
    """The queue of ordered faults, oldest first."""

    def __init__(self) -> None:
        self._ordered: dict[int, Fault] = {}
        self._seen: dict[int, int] = {}
        self._struck: dict[int, int] = {}
        self._ids = count(1)

    def add(self, **order: Any) -> Fault:
        """Queue a fault.

        Raises:
            ValueError: an unknown key, kind or vendor, or a number that makes no sense; the text names it.
        """
        known = {field.name for field in fields(Fault)} - {"id"}
        for key in order:
            if key not in known:
                raise ValueError(f"unknown key {key!r} in a fault; known: {sorted(known)}")
        if order.get("kind") not in KINDS:
            raise ValueError(f"fault kind {order.get('kind')!r} is unknown; known: {sorted(KINDS)}")
        if order.get("vendor") not in VENDORS:
            raise ValueError(f"fault vendor {order.get('vendor')!r} is unknown; known: {list(VENDORS)}")
        if order["kind"] == "code" and order["vendor"] != "unisender":
            raise ValueError("fault kind 'code' is Unisender's error envelope; amoCRM has 'status'")
        if order.get("skip", 0) < 0 or order.get("every", 1) < 1:
            raise ValueError("a fault's skip must be 0 or more and every 1 or more")
        fault = Fault(id=next(self._ids), **order)
        self._ordered[fault.id] = fault
        self._seen[fault.id] = self._struck[fault.id] = 0
        return fault

    def remove(self, fault_id: int | None = None) -> None:
        """Forget one fault, or all of them."""
        for known in [fault_id] if fault_id is not None else list(self._ordered):
            for table in (self._ordered, self._seen, self._struck):
                table.pop(known, None)

    def describe(self) -> list[dict[str, Any]]:
        return [{**asdict(fault), "struck": self._struck[fault.id]} for fault in self._ordered.values()]

    def strike(self, *, vendor: str, method: str, path: str) -> Fault | None:
        """The fault this request runs into, if any. The first queued match that still has strikes left wins."""
        for fault in self._ordered.values():
            if not fault.matches(vendor=vendor, method=method, path=path):
                continue
            if fault.times is not None and self._struck[fault.id] >= fault.times:
                continue
            self._seen[fault.id] += 1
            turn = self._seen[fault.id] - fault.skip
            if turn < 1 or turn % fault.every:
                continue
            self._struck[fault.id] += 1
            return fault
        return None
