"""A meter that remembers."""

from collections import Counter


class RememberingMeter:
    """Implements the Meter port."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.observed: dict[str, list[float]] = {}
        self.gauges: dict[str, float] = {}

    def count(self, name: str, amount: float = 1.0, **labels: str) -> None:
        self.counts[_key(name, labels)] += int(amount)

    def observe(self, name: str, value: float, **labels: str) -> None:
        self.observed.setdefault(_key(name, labels), []).append(value)

    def gauge(self, name: str, value: float, **labels: str) -> None:
        self.gauges[_key(name, labels)] = value


def _key(name: str, labels: dict[str, str]) -> str:
    return " ".join((name, *(f"{label}={labels[label]}" for label in sorted(labels))))
