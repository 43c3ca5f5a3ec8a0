"""The clock, the switches and the recorder."""

import asyncio

import pytest

from sandbox.clock import Clock
from sandbox.recorder import Recorder
from sandbox.switches import Switch, Switches


def test_the_clock_moves_by_what_it_was_advanced() -> None:
    clock = Clock()
    before = clock.now()
    clock.advance(3600)

    assert 3600 <= clock.now() - before < 3700


def test_the_clock_never_runs_backwards() -> None:
    with pytest.raises(ValueError, match="forward"):
        Clock().advance(-1)


def test_a_sleeper_wakes_when_the_clock_is_advanced_past_its_time() -> None:
    async def sleep_an_hour() -> float:
        clock = Clock()
        sleeper = asyncio.create_task(clock.sleep_until(clock.now() + 3600))
        await asyncio.sleep(0)
        clock.advance(1800)
        clock.advance(1801)
        await asyncio.wait_for(sleeper, timeout=30)
        return clock.now()

    assert asyncio.run(sleep_an_hour()) > 0


SWITCHES = (
    Switch(name="vendor.index", default="number", choices=("number", "string"), about="type of the row number"),
)


def test_a_switch_starts_at_its_default_and_takes_its_choices_only() -> None:
    switches = Switches(SWITCHES)

    assert switches["vendor.index"] == "number"
    switches.set("vendor.index", "string")
    assert switches["vendor.index"] == "string"
    with pytest.raises(ValueError, match="number"):
        switches.set("vendor.index", 1)
    with pytest.raises(ValueError, match=r"vendor\.indx"):
        switches.set("vendor.indx", "string")


def request(**changed: object) -> dict[str, object]:
    plain = {"vendor": "amocrm", "method": "GET", "path": "/api/v4/contacts", "query": "", "caller": "demo.amocrm.ru"}
    return {**plain, "at": 0.0, "status": 200, "ms": 1.0, "rows": 250, **changed}


def test_the_recorder_counts_requests_rows_and_refusals_per_vendor() -> None:
    recorder = Recorder()
    recorder.add(**request())
    recorder.add(**request(status=429, rows=0))
    recorder.add(**request(vendor="unisender", rows=500))

    summary = recorder.report()["summary"]

    assert (summary["amocrm"]["requests"], summary["amocrm"]["rows"], summary["amocrm"]["errors_429"]) == (2, 250, 1)
    assert summary["unisender"]["rows"] == 500


def test_the_recorder_reports_only_what_came_after_a_number() -> None:
    recorder = Recorder()
    recorder.add(**request())
    last = recorder.report()["last"]
    recorder.add(**request(path="/api/v4/leads"))

    assert [seen["path"] for seen in recorder.report(since=last)["requests"]] == ["/api/v4/leads"]


def test_the_busiest_second_is_found_wherever_it_begins() -> None:
    recorder = Recorder()
    for at in (0.0, 0.9, 1.0, 1.1, 1.8, 1.95, 3.0):
        recorder.add(**request(at=at))

    assert recorder.report()["summary"]["amocrm"]["max_per_second"] == 4
