"""Every figure is declared once, documented, and comes out as Prometheus reads it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from orchestrator.telemetry.metrics import FIGURES, PREFIX

PAGE = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text()


def told_by_a_process(script: str, **environment: str) -> str:
    """What a process of its own prints: prometheus_client keeps what it found when it was first imported."""
    plain = {name: text for name, text in os.environ.items() if name != "PROMETHEUS_MULTIPROC_DIR"}
    done = subprocess.run(
        [sys.executable, "-c", f"from orchestrator.telemetry.metrics import Metrics; metrics = Metrics(); {script}"],
        env={**plain, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_every_metric_is_documented_with_its_kind_and_labels_and_no_other() -> None:
    told = {
        name: (kind, tuple(re.findall(r"`(\w+)`", labels)))
        for name, kind, labels in re.findall(r"^\| `orchestrator_(\w+)` \| (\w+) \| ([^|]*)\|", PAGE, re.MULTILINE)
    }

    assert told == {figure.name: (figure.kind.value, figure.labels) for figure in FIGURES}


def test_what_was_counted_comes_out() -> None:
    told = told_by_a_process(
        "metrics.count('webhooks_total', source='amocrm', verdict='accepted');"
        "metrics.count('webhooks_total', 2, source='amocrm', verdict='accepted');"
        "metrics.gauge('accounts', 3, status='active');"
        "metrics.observe('webhook_answer_seconds', 0.02);"
        "print(metrics.exposition().decode())"
    )

    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(told)
        for sample in family.samples
    }
    assert samples[PREFIX + "webhooks_total", "accepted", "amocrm"] == 3
    assert samples[PREFIX + "accounts", "active"] == 3
    assert samples[(PREFIX + "webhook_answer_seconds_count",)] == 1


def test_processes_that_share_a_folder_tell_the_sum_of_all(tmp_path: Path) -> None:
    counting = "metrics.count('webhooks_spooled_total'); print(metrics.exposition().decode())"

    first, second = (told_by_a_process(counting, PROMETHEUS_MULTIPROC_DIR=str(tmp_path)) for _ in range(2))

    assert "orchestrator_webhooks_spooled_total 1.0" in first
    assert "orchestrator_webhooks_spooled_total 2.0" in second


def test_a_figure_nobody_declared_is_a_mistake() -> None:
    with pytest.raises(subprocess.CalledProcessError) as failed:
        told_by_a_process("metrics.count('surprises_total')")

    assert "KeyError: 'surprises_total'" in failed.value.stderr
