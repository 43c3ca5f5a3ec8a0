"""Figures for Prometheus. Every one is declared here, with its labels; docs/metrics.md names them all.

With PROMETHEUS_MULTIPROC_DIR set before this module is first imported (prometheus_client looks then), processes share
their figures through that folder and each can tell the sum of all.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector


class Kind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One metric: its name without the prefix, what it tells, its labels."""

    name: str
    kind: Kind
    tells: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


PREFIX = "orchestrator_"
_QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
_FRESH = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)
_LONG = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0)

FIGURES = (
    Figure(
        name="webhooks_total",
        kind=Kind.COUNTER,
        labels=("source", "verdict"),
        tells="webhooks taken, by what they were",
    ),
    Figure(
        name="webhook_answer_seconds",
        kind=Kind.HISTOGRAM,
        tells="time until a webhook was answered",
        buckets=_QUICK,
    ),
    Figure(
        name="webhooks_spooled_total", kind=Kind.COUNTER, tells="webhooks kept in a file while the database was away"
    ),
    Figure(
        name="event_to_delivered_seconds",
        kind=Kind.HISTOGRAM,
        labels=("account",),
        tells="from a webhook's arrival to Unisender's acceptance",
        buckets=_FRESH,
    ),
    Figure(name="queue_jobs", kind=Kind.GAUGE, labels=("lane", "status"), tells="rings in the queue"),
    Figure(
        name="queue_oldest_seconds", kind=Kind.GAUGE, labels=("lane",), tells="age of the oldest ring that is ready"
    ),
    Figure(
        name="syncs_total", kind=Kind.COUNTER, labels=("kind", "outcome"), tells="attempts of syncs, by how they ended"
    ),
    Figure(name="sync_seconds", kind=Kind.HISTOGRAM, labels=("kind",), tells="duration of an attempt", buckets=_LONG),
    Figure(
        name="records_total", kind=Kind.COUNTER, labels=("account", "reason"), tells="records decided, by reason code"
    ),
    Figure(
        name="api_calls_total",
        kind=Kind.COUNTER,
        labels=("vendor", "account", "status"),
        tells="calls the service itself made, by HTTP status",
    ),
    Figure(
        name="api_throttled_total",
        kind=Kind.COUNTER,
        labels=("vendor", "account"),
        tells="answers that said too many requests, connectors' included",
    ),
    Figure(name="repairs_open", kind=Kind.GAUGE, labels=("code",), tells="repairs somebody must see to"),
    Figure(name="accounts", kind=Kind.GAUGE, labels=("status",), tells="linked accounts"),
)


class Metrics:
    """Implements the Meter port; a name that is not declared is a mistake of ours and raises KeyError."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._figures: Mapping[str, Any] = {figure.name: self._made(figure) for figure in FIGURES}

    def count(self, name: str, amount: float = 1.0, **labels: str) -> None:
        self._of(name, labels).inc(amount)

    def observe(self, name: str, value: float, **labels: str) -> None:
        self._of(name, labels).observe(value)

    def gauge(self, name: str, value: float, **labels: str) -> None:
        self._of(name, labels).set(value)

    def exposition(self) -> bytes:
        """The figures in Prometheus' text format."""
        folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        if not folder:
            return generate_latest(self._registry)
        everybody = CollectorRegistry()
        MultiProcessCollector(everybody, path=folder)  # type: ignore[no-untyped-call]
        return generate_latest(everybody)

    def _of(self, name: str, labels: Mapping[str, str]) -> Any:
        figure = self._figures[name]
        return figure.labels(**labels) if labels else figure

    def _made(self, figure: Figure) -> Any:
        name, told = PREFIX + figure.name, figure.tells
        match figure.kind:
            case Kind.COUNTER:
                return Counter(name, told, figure.labels, registry=self._registry)
            case Kind.GAUGE:
                return Gauge(name, told, figure.labels, registry=self._registry, multiprocess_mode="mostrecent")
            case Kind.HISTOGRAM:
                return Histogram(name, told, figure.labels, registry=self._registry, buckets=figure.buckets)
