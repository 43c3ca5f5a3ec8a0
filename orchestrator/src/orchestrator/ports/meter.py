"""Figures about the running service. Which there are, with which labels: docs/metrics.md."""

from typing import Protocol


class Meter(Protocol):
    """Takes figures. Safe to use from several threads; never waits and never fails for reasons of its own."""

    def count(self, name: str, amount: float = 1.0, **labels: str) -> None:
        """Something happened (`amount` times)."""

    def observe(self, name: str, value: float, **labels: str) -> None:
        """One measurement, in seconds."""

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """How it stands now."""
