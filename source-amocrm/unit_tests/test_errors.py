"""One table from an answer to the next action."""

from __future__ import annotations

import orjson
import pytest
from airbyte_cdk.models import FailureType

from source_amocrm.errors import Action, Decision, StopReadingError, coded, judge

PROBLEM = {"title": "Problem", "type": "https://httpstatus.es/400", "detail": "Because", "status": 0}
NGINX = b"<html>\r\n<head><title>403 Forbidden</title></head>\r\n<center>nginx</center></html>"


def judged(status: int, body: bytes = b"", **headers: str) -> Decision:
    return judge(status=status, headers=headers, body=body, host="acme.amocrm.ru", path="/contacts")


def problem(status: int, **more: object) -> bytes:
    return orjson.dumps({**PROBLEM, "status": status, **more})


@pytest.mark.parametrize(
    ("status", "body", "action", "failure"),
    [
        (200, b'{"_embedded":{}}', Action.USE, None),
        (204, b"", Action.EMPTY, None),
        (200, b"", Action.RETRY, FailureType.transient_error),
        (200, b"  \n", Action.RETRY, FailureType.transient_error),
        (200, b'{"_embedded":{"contacts":[{"id":', Action.RETRY, FailureType.transient_error),
        (200, b"\xff\xfe\x00garbled", Action.RETRY, FailureType.transient_error),
        (200, b"[]", Action.RETRY, FailureType.transient_error),
        (200, b"null", Action.RETRY, FailureType.transient_error),
        (200, b"<!DOCTYPE html><html>login</html>", Action.RETRY, FailureType.transient_error),
        (401, problem(401), Action.REFRESH, FailureType.config_error),
        (402, problem(402), Action.FAIL, FailureType.config_error),
        (403, problem(403), Action.FAIL, FailureType.config_error),
        (403, NGINX, Action.FAIL, FailureType.config_error),
        (404, problem(404), Action.FAIL, FailureType.config_error),
        (404, b"<html>", Action.FAIL, FailureType.config_error),
        (302, b"", Action.FAIL, FailureType.config_error),
        (400, problem(400), Action.FAIL, FailureType.system_error),
        (405, problem(405), Action.FAIL, FailureType.system_error),
        (422, problem(422), Action.FAIL, FailureType.system_error),
        (429, problem(429), Action.RATE_LIMITED, FailureType.transient_error),
        (500, problem(500), Action.RETRY, FailureType.transient_error),
        (502, NGINX, Action.RETRY, FailureType.transient_error),
        (504, b"", Action.RETRY, FailureType.transient_error),
    ],
)
def test_each_answer_has_its_action_and_failure_type(
    status: int, body: bytes, action: Action, failure: FailureType | None
) -> None:
    decision = judged(status, body)

    assert decision.action is action
    assert (decision.error.failure_type if decision.error else None) == failure


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, b"", "unreachable"),
        (401, problem(401), "consent_needed"),
        (402, problem(402), "subscription_lapsed"),
        (403, problem(403), "rights_missing"),
        (403, NGINX, "api_blocked"),
        (404, problem(404), "misconfigured"),
        (302, b"", "misconfigured"),
        (400, problem(400), "connector_fault"),
        (429, problem(429), "rate_limited"),
        (502, NGINX, "unreachable"),
    ],
)
def test_each_failure_begins_with_its_code_for_programs_and_without_it_for_people(
    status: int, body: bytes, code: str
) -> None:
    error = judged(status, body).error

    assert error is not None
    assert str(error.internal_message).startswith(f"[{code}] ")
    assert code not in str(error)


def test_a_failure_of_the_cdks_own_gets_the_code_of_its_type() -> None:
    assert coded("KeyError", FailureType.system_error) == "[connector_fault] KeyError"
    assert coded(None, None) == "[connector_fault] "
    assert coded("[rights_missing] no", FailureType.config_error) == "[rights_missing] no"


@pytest.mark.parametrize(
    ("status", "body"), [(401, problem(401)), (402, b""), (403, problem(403)), (403, NGINX), (404, b""), (429, b""), (500, b""), (200, b""), (418, b"")]
)  # fmt: skip
def test_every_error_is_one_sentence_that_names_the_account(status: int, body: bytes) -> None:
    error = judged(status, body).error

    assert error is not None
    assert "acme.amocrm.ru" in str(error)
    assert str(error).endswith(".")


def test_a_block_ends_the_read_but_a_missing_right_only_the_stream() -> None:
    assert isinstance(judged(403, NGINX).error, StopReadingError)
    missing_right = judged(403, problem(403, detail="Forbidden for non-admin users")).error
    assert not isinstance(missing_right, StopReadingError)
    assert "Forbidden for non-admin users" in str(missing_right)


def test_the_vendor_says_how_long_to_wait() -> None:
    assert judged(429, problem(429, retry_after=30)).wait_seconds == 30
    assert judged(429, b"", **{"Retry-After": "2"}).wait_seconds == 2
    assert judged(429, b"", **{"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}).wait_seconds is None
    assert judged(429, b"not json").wait_seconds is None


def test_the_vendors_clock_is_read_from_the_answer() -> None:
    assert judged(200, b"{}", Date="Tue, 14 Nov 2023 22:13:20 GMT").server_time == 1700000000
    assert judged(204, b"", Date="yesterday").server_time is None
