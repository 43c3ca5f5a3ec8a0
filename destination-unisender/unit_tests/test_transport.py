"""What each failure of a call leads to: how often it is repeated, how long is waited, in which error it ends."""

from types import SimpleNamespace
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from destination_unisender.limits import SlidingWindow
from destination_unisender.retries import RULES, Failure, pause_before_repeat

PASSING: dict[str, Any] = {
    "retry_later": {"error": "Temporary failure", "code": "retry_later", "result": ""},
    "limit of the key": {"error": "limit", "code": "api_call_limit_exceeded_for_api_key"},
    "limit of the address": {"error": "limit", "code": "api_call_limit_exceeded_for_ip"},
    "429": (429, "slow down"),
    "500": (500, ""),
    "503 in JSON": (503, {"message": "down"}),
    "408": (408, ""),
    "connection lost": requests.exceptions.ConnectionError("reset"),
    "chunks lost": requests.exceptions.ChunkedEncodingError("cut"),
    "no connection": requests.exceptions.ConnectTimeout("slow"),
    "no answer": requests.exceptions.ReadTimeout("silent"),
    "TLS": requests.exceptions.SSLError("bad"),
    "empty": "",
    "HTML": "<html><body>Log in</body></html>",
    "half of the JSON": '{"result":{"total":1,"inser',
    "not text": "\x00\x01",
    "a list": "[]",
    "a scalar": "7",
    "neither result nor error": {"ok": True},
    "204": (204, ""),
    "a redirect": (302, ""),
    "teapot": (418, ""),
}


@pytest.mark.parametrize("answer", PASSING.values(), ids=PASSING)
@pytest.mark.parametrize("method", ["getLists", "getFields", "importContacts"])
def test_what_passes_is_repeated_and_leaves_no_trace(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace, answer: Any, method: str
) -> None:
    vendor.queued[method] = [answer]

    said = write(config, make.record(make.contact(1)), make.state(1))

    assert said.error is None
    assert len(said.states) == 1
    assert len(vendor.of(method)) == 2


@pytest.mark.parametrize("answer", PASSING.values(), ids=PASSING)
def test_what_does_not_pass_ends_in_a_transient_error(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace, answer: Any
) -> None:
    vendor.standing["getLists"] = (lambda _call: answer) if isinstance(answer, Exception) else answer

    said = write(config, make.record(make.contact(1)), make.state(1))

    assert said.error.failure_type == "transient_error"
    assert not said.states
    assert 2 <= len(vendor.of("getLists")) <= 7


FINAL: dict[str, tuple[Any, str, str]] = {
    "wrong key": ({"error": "wrong", "code": "invalid_api_key"}, "config_error", "api_key"),
    "API switched off": ({"error": "off", "code": "access_denied"}, "config_error", "switch API access on"),
    "no money": ({"error": "poor", "code": "not_enough_money"}, "config_error", "top it up"),
    "blocked": ((403, "<html>nginx</html>"), "config_error", "HTTP 403"),
    "unauthorised": ((401, ""), "config_error", "HTTP 401"),
    "nothing there": ((404, "<html>"), "config_error", "base_url"),
    "unknown method": ((404, {"error": "Unknown method", "code": "unknown_method"}), "system_error", "base_url"),
}


@pytest.mark.parametrize(("answer", "failure_type", "advice"), FINAL.values(), ids=FINAL)
@pytest.mark.parametrize("method", ["getLists", "importContacts"])
def test_what_only_a_person_can_mend_ends_at_once_and_says_how(
    vendor: Any,
    config: Any,
    write: Any,
    make: SimpleNamespace,
    answer: Any,
    failure_type: str,
    advice: str,
    method: str,
) -> None:
    vendor.standing[method] = answer

    said = write(config, make.record(make.contact(1)), make.state(1))

    assert said.error.failure_type == failure_type
    assert advice in str(said.error)
    assert len(vendor.of(method)) == 1
    assert not said.states


def test_errors_quote_the_vendor_but_neither_key_nor_address(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    vendor.standing["importContacts"] = {
        "error": f"Busy &amp; tired: anna@example.com, {make.key}",
        "code": "retry_later",
    }

    said = write(config, make.record(make.contact(1)))

    assert "Busy & tired" in str(said.error)
    assert "anna@" not in str(said.error) + said.text
    assert make.key not in said.text


def test_each_repeat_is_announced(vendor: Any, config: Any, write: Any) -> None:
    vendor.queued["getLists"] = [(500, ""), (500, "")]

    assert sum("trying again" in log for log in write(config).logs) == 2


def test_a_redirect_is_not_followed_with_the_key(vendor: Any, config: Any, write: Any) -> None:
    def elsewhere(request: Any, context: Any) -> str:
        context.status_code, context.headers["Location"] = 302, "http://elsewhere.example/"
        return ""

    vendor.mocker.post("http://unisender.example/en/api/getLists", text=elsewhere)

    write({**config, "max_retries": 0})

    assert {request.hostname for request in vendor.mocker.request_history} == {"unisender.example"}


@pytest.mark.parametrize(
    ("failure", "pauses"),
    [
        (Failure.BUSY, [5, 10, 20, 40, 60, 60, None]),
        (Failure.LIMIT, [60, 60, 60, 60, 60, 60, None]),
        (Failure.SERVER, [1, 2, 4, 8, 16, 32, None]),
        (Failure.TIMEOUT, [1, 2, None]),
        (Failure.KEY, [None]),
        (Failure.REFUSED, [None]),
    ],
)
def test_the_waits_are_those_of_the_table(failure: Failure, pauses: list[float | None]) -> None:
    assert [pause_before_repeat(failure, repeats=n, max_repeats=6) for n in range(len(pauses))] == pauses


def test_a_wait_the_server_asks_for_is_kept() -> None:
    assert pause_before_repeat(Failure.LIMIT, repeats=0, max_repeats=6, retry_after=90) == 90


@given(st.sampled_from(list(RULES)), st.integers(0, 60), st.integers(0, 50))
def test_waits_are_bounded_in_number_and_length(failure: Failure, repeats: int, most: int) -> None:
    pause = pause_before_repeat(failure, repeats=repeats, max_repeats=most)

    assert pause is None or (repeats < most and 0 < pause <= 60)


def test_no_more_calls_than_allowed_fall_into_any_window() -> None:
    now = 0.0
    made: list[float] = []

    def wait(seconds: float) -> None:
        nonlocal now
        now += seconds

    window = SlidingWindow(calls=5, seconds=60, clock=lambda: now, wait=wait)
    for step in [0.0, 1, 2, 3, 0, 0, 10, 0, 0, 0, 59, 0, 0, 0, 0, 0, 0]:
        now += step
        window.acquire()
        made.append(now)

    assert all(sum(start <= moment < start + 60 for moment in made) <= 5 for start in made)
    assert made[5] == 60
