"""Every figure is declared once, documented, and comes out as Prometheus reads it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from orchestrator.telemetry.metrics import FIGURES, PREFIX, Metrics

PAGE = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text()


def test_every_metric_is_documented_with_its_kind_and_labels_and_no_other() -> None:
    told = {
        name: (kind, tuple(re.findall(r"`(\w+)`", labels)))
        for name, kind, labels in re.findall(r"^\| `orchestrator_(\w+)` \| (\w+) \| ([^|]*)\|", PAGE, re.MULTILINE)
    }

    assert told == {figure.name: (figure.kind.value, figure.labels) for figure in FIGURES}


def test_what_was_counted_comes_out() -> None:
    metrics = Metrics()
    metrics.count("webhooks_total", source="amocrm", verdict="accepted")
    metrics.count("webhooks_total", 2, source="amocrm", verdict="accepted")
    metrics.gauge("accounts", 3, status="active")
    metrics.observe("webhook_answer_seconds", 0.02)

    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(metrics.exposition().decode())
        for sample in family.samples
    }
    assert samples[PREFIX + "webhooks_total", "accepted", "amocrm"] == 3
    assert samples[PREFIX + "accounts", "active"] == 3
    assert samples[(PREFIX + "webhook_answer_seconds_count",)] == 1


def test_processes_that_share_a_folder_tell_the_sum_of_all(tmp_path: Path) -> None:
    counting = (
        "from orchestrator.telemetry.metrics import Metrics; metrics = Metrics();"
        "metrics.count('webhooks_spooled_total'); print(metrics.exposition().decode())"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", counting],
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for _ in range(2)
    ]

    assert [
        "orchestrator_webhooks_spooled_total 1.0" in told[0],
        "orchestrator_webhooks_spooled_total 2.0" in told[1],
    ] == [
        True,
        True,
    ]


def test_a_figure_nobody_declared_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        Metrics().count("surprises_total")
